import type { Case, CaseClass } from "./caseClass.ts";
import { CHANGED_CALLDATA } from "./classes/changedCalldata.ts";
import { CHANGED_FILES } from "./classes/changedFiles.ts";
import { CHANGED_POINTS } from "./classes/changedPoints.ts";
import { CHANGED_STATEMENTS } from "./classes/changedStatements.ts";
import { VALID_PROOFS } from "./classes/validProofs.ts";
import { drawOf } from "./draw.ts";
import type { FuzzKey } from "./keys.ts";

export const CLASSES: readonly CaseClass[] = [
  ...VALID_PROOFS,
  ...CHANGED_POINTS,
  ...CHANGED_STATEMENTS,
  ...CHANGED_CALLDATA,
  ...CHANGED_FILES,
];

/** One place for each hundredth of a class. */
const PLACES = CLASSES.flatMap((caseClass) => Array<CaseClass>(caseClass.share).fill(caseClass));

/** Every hundred cases in a row hold each class as often as its share says. */
export const classOf = (number: number): CaseClass => PLACES[number % PLACES.length];

/** The case that seed and number decide. */
export function caseOf(keys: readonly FuzzKey[], seed: number, number: number): Case {
  const draw = drawOf("case", seed, number);
  const key = draw.pick(keys);
  const others = keys.filter((other) => other !== key);
  return classOf(number).make({ key, others, draw });
}
