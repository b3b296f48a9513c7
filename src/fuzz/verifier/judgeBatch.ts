import type { Case } from "./caseClass.ts";
import { caseOf, classOf } from "./cases.ts";
import type { Forms } from "./forms.ts";
import type { Judged } from "./judges.ts";
import type { FuzzKey } from "./keys.ts";
import { type Tallies, type Tally, mergeTallies, tallyOf } from "./tally.ts";
import { JUDGES, type Verdicts } from "./verdicts.ts";
import type { VerifierCode } from "./verifierCode.ts";

/** What decides every case, and what judges it. */
export interface VerifierSetting {
  readonly keys: readonly FuzzKey[];
  /** The keys' stand-alone verifiers. */
  readonly codes: readonly VerifierCode[];
  readonly seed: number;
  /** For files to read; no other process may write there. */
  readonly folder: string;
}

/** Cases to judge, by number. */
export interface VerifierBatch {
  readonly from: number;
  readonly to: number;
}

/** A case of which a judge did not say what it must. */
export interface Disagreement {
  readonly number: number;
  readonly className: string;
  readonly key: string;
  readonly wanted: Verdicts;
  readonly verdicts: Verdicts;
  readonly forms: Forms;
}

export interface VerifierResult {
  readonly tallies: Tallies;
  readonly disagreements: readonly Disagreement[];
}

export async function judgeBatch(
  judge: (made: Case) => Promise<Judged>,
  { keys, seed }: Pick<VerifierSetting, "keys" | "seed">,
  { from, to }: VerifierBatch,
): Promise<VerifierResult> {
  let tallies: Tallies = new Map<string, Tally>();
  const disagreements: Disagreement[] = [];
  for (let number = from; number < to; number++) {
    const made = caseOf(keys, seed, number);
    const className = classOf(number).name;
    const { forms, verdicts, sound } = await judge(made);
    tallies = mergeTallies(tallies, new Map([[className, tallyOf(verdicts, sound)]]));
    const { wanted } = made;
    if (JUDGES.every((name) => verdicts[name] === wanted[name])) continue;
    disagreements.push({ number, className, key: made.facts.key.name, wanted, verdicts, forms });
  }
  return { tallies, disagreements };
}
