import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { SCALAR_ORDER, mod } from "../../src/field.ts";
import type { Inputs } from "../../src/groth16/witness.ts";
import { projectPath } from "../../src/paths.ts";
import {
  type CircuitUnderTest,
  type Constraint,
  broken,
  compileText,
  forge,
  guardDefining,
  guardOver,
} from "../fixtures/circuits/circuitUnderTest.ts";

/** Inputs of test/fixtures/circuits/KernelAttacks.circom that all templates take. */
const BASE: Inputs = {
  context: 9n,
  salt: 1n,
  rangeIn: -5n,
  wideIn: 5n,
  gate: 1n,
  gatedIn: 200n,
  linearIn: [1n, 2n, 3n],
  shiftIn: -20n,
  reluIn: 60n,
  underIn: 20n,
  aboveIn: 60n,
  deepIn: 20n,
  argMaxIn: [3n, -5n, 8n, 8n],
  element: [3n, 4n],
  outputIn: [5n, 6n],
};

interface Attack {
  /** Honest inputs that differ from BASE. */
  readonly inputs?: Inputs;
  /** What the cheating prover writes into the witness instead; everything else stays. */
  readonly edits: Readonly<Record<string, bigint>>;
  /** The one constraint that stands in the way. */
  readonly guard: (circuit: CircuitUnderTest) => Constraint;
}

const names = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}[${index}]`);

/** Edits that set signals `prefix[0]` to `prefix[count - 1]` to the lowest bits of `value`. */
const bits = (prefix: string, count: number, value: bigint): Record<string, bigint> =>
  Object.fromEntries(names(prefix, count).map((name, index) => [name, (value >> BigInt(index)) & 1n]));

/** Edits that set the elements of a signal array. */
const elements = (prefix: string, values: readonly bigint[]): Record<string, bigint> =>
  Object.fromEntries(values.map((value, index) => [`${prefix}[${index}]`, value]));

const over =
  (first: readonly string[], second?: readonly string[]) =>
  (circuit: CircuitUnderTest): Constraint =>
    guardOver(circuit, first, second);
const defining =
  (signal: string) =>
  (circuit: CircuitUnderTest): Constraint =>
    guardDefining(circuit, signal);

const RANGE_TOP = over(["rangeIn", ...names("range.lower", 7)]);
const GATED_TOP = over(["gatedIn", ...names("gated.lower", 7)]);
const RELU_TOP = over(["reluIn", "relu.saturatedHint", "relu.underHint", ...names("relu.z.lower", 8)]);
const REMAINDER_TOP = over(["shiftIn", "shiftOut", ...names("shift.remainder.lower", 2)]);
const PASSED = names("argMax.passedHint", 2);
const LAST_GAP_TOP = over([
  ...names("argMaxIn", 4),
  ...names("argMax.loser", 2),
  ...PASSED,
  "argMax.greatest",
  "label",
  ...names("argMax.gaps[2].lower", 5),
]);
const gapTop = (gap: number) =>
  over(["argMax.greatest", `argMax.loser[${gap}]`, PASSED[gap], ...names(`argMax.gaps[${gap}].lower`, 5)]);

/** A whole ArgMax transcript: what the prover claims of the links, the losers and the greatest, and the gaps' bits. */
function argMaxClaim(claim: {
  input: readonly bigint[];
  passed: readonly bigint[];
  losers: readonly bigint[];
  greatest: bigint;
  gaps: readonly bigint[];
}): Record<string, bigint> {
  return {
    ...elements("argMaxIn", claim.input),
    ...elements("argMax.passedHint", claim.passed.slice(0, 2)),
    ...elements("argMax.loser", claim.losers),
    "argMax.greatest": claim.greatest,
    label: claim.passed.reduce((sum, link) => sum + link, 0n),
    ...Object.assign({}, ...claim.gaps.map((gap, index) => bits(`argMax.gaps[${index}].lower`, 5, gap))),
  };
}

const ATTACKS: Readonly<Record<string, Attack>> = {
  "RangeCheck: a value one above the range": {
    edits: { rangeIn: 128n, ...bits("range.lower", 7, 256n) },
    guard: RANGE_TOP,
  },
  "RangeCheck: a value one below the range, p - 1 after the offset": {
    edits: { rangeIn: -129n, ...bits("range.lower", 7, -1n) },
    guard: RANGE_TOP,
  },
  "RangeCheck: another bit pattern of the same value": {
    edits: bits("range.lower", 7, 123n + 1n),
    guard: RANGE_TOP,
  },
  "RangeCheck: a digit that is no bit": {
    edits: { rangeIn: 128n, ...bits("range.lower", 7, 0n), "range.lower[1]": 128n },
    guard: over(["range.lower[1]"]),
  },
  "RangeCheck: the bits of x + p": {
    edits: bits("wide.lower", 251, 5n + SCALAR_ORDER),
    guard: over(["wideIn", ...names("wide.lower", 251)]),
  },
  "RangeCheck: an upper bit behind a closed gate": {
    inputs: { gate: 0n, gatedIn: 20n },
    edits: { gatedIn: 32n, ...bits("gated.lower", 7, 32n) },
    guard: over(["gated.lower[5]"]),
  },
  "RangeCheck: the top bit behind a closed gate": {
    inputs: { gate: 0n, gatedIn: 20n },
    edits: { gatedIn: 128n, ...bits("gated.lower", 7, 128n) },
    guard: GATED_TOP,
  },
  "Linear: a wrong sum": { edits: { linearOut: 19n }, guard: defining("linearOut") },
  "RoundingShift: a quotient one too small, the remainder carried": {
    edits: { shiftOut: -3n, ...bits("shift.quotient.lower", 3, 5n), ...bits("shift.remainder.lower", 2, 0n) },
    guard: REMAINDER_TOP,
  },
  "RoundingShift: a quotient one too large, the remainder negative": {
    edits: { shiftOut: -1n, ...bits("shift.quotient.lower", 3, 7n), ...bits("shift.remainder.lower", 2, 0n) },
    guard: REMAINDER_TOP,
  },
  "RoundingShift: the quotient of a division in the field": {
    inputs: { shiftIn: -19n },
    // Eight times this is -15 modulo p, without a remainder.
    edits: { shiftOut: fieldQuotient(-15n, 8n), ...bits("shift.remainder.lower", 2, 0n) },
    guard: over(["shiftOut", ...names("shift.quotient.lower", 3)]),
  },
  "SaturatingShift: a negative value passed off as not saturated": {
    edits: claimRelu({ input: -20n, saturated: 0n, under: 0n, lower: 112n, output: -2n }),
    guard: RELU_TOP,
  },
  "SaturatingShift: an ordinary value passed off as too large": {
    edits: claimRelu({ input: 60n, saturated: 1n, under: 0n, lower: 192n, output: 15n }),
    guard: RELU_TOP,
  },
  "SaturatingShift: an ordinary value passed off as negative": {
    edits: claimRelu({ input: 60n, saturated: 1n, under: 1n, lower: 64n, output: 0n }),
    guard: RELU_TOP,
  },
  "SaturatingShift: a large value passed off as ordinary": {
    edits: claimRelu({ input: 200n, saturated: 0n, under: 0n, lower: 204n, output: 25n }),
    guard: over(["relu.z.lower[7]"]),
  },
  "SaturatingShift: below the range without being saturated": {
    edits: claimRelu({ input: -600n, saturated: 0n, under: 1n, lower: 44n, output: -10n }),
    guard: over(["relu.underHint"]),
  },
  "SaturatingShift: saturated twice": {
    edits: claimRelu({ input: 296n, saturated: 2n, under: 0n, lower: 44n, output: 25n }),
    guard: over(["relu.saturatedHint"], ["relu.saturatedHint"]),
  },
  "SaturatingShift: a wrong output": {
    edits: { reluOut: 9n },
    guard: over(
      ["relu.saturatedHint"],
      ["reluIn", "relu.saturatedHint", "relu.underHint", ...names("relu.z.lower", 3)],
    ),
  },
  "SaturatingShift, below only: a positive value passed off as negative": {
    edits: { "under.saturatedHint": 1n, ...bits("under.z.lower", 6, 152n), underOut: 0n },
    guard: over(["underIn", "under.saturatedHint", ...names("under.z.lower", 6)]),
  },
  "SaturatingShift, below only: a negative value passed off as its quotient": {
    edits: { underIn: -20n, ...bits("under.z.lower", 6, -16n), underOut: -2n },
    guard: over(["underIn", "under.saturatedHint", ...names("under.z.lower", 6)]),
  },
  "SaturatingShift, below only: a result beyond its bits": {
    edits: { deepIn: 40n, ...bits("deep.z.lower", 6, 44n), deepOut: 5n },
    guard: over(["deep.z.lower[5]"]),
  },
  "SaturatingShift, above only: an ordinary value passed off as too large": {
    edits: { "above.saturatedHint": 1n, ...bits("above.z.lower", 7, -64n), aboveOut: 15n },
    guard: over(["aboveIn", "above.saturatedHint", ...names("above.z.lower", 7)]),
  },
  "SaturatingShift, above only: a large value passed off as ordinary": {
    edits: { aboveIn: 200n, ...bits("above.z.lower", 7, 204n), aboveOut: 25n },
    guard: over(["aboveIn", "above.saturatedHint", ...names("above.z.lower", 7)]),
  },
  "ArgMax: the higher index on a tie": {
    edits: argMaxClaim({
      input: [3n, -5n, 8n, 8n],
      passed: [1n, 1n, 1n],
      losers: [3n, -5n],
      greatest: 8n,
      gaps: [4n, 12n, -1n],
    }),
    guard: LAST_GAP_TOP,
  },
  "ArgMax: a smaller element as the winner": {
    edits: argMaxClaim({
      input: [3n, -5n, 8n, 1n],
      passed: [0n, 0n, 0n],
      losers: [-5n, 8n],
      greatest: 3n,
      gaps: [8n, -5n, 2n],
    }),
    guard: gapTop(1),
  },
  "ArgMax: p - 1 as the greatest number": {
    edits: argMaxClaim({
      input: [0n, -1n, -9n, -9n],
      passed: [1n, 0n, 0n],
      losers: [0n, -9n],
      greatest: -1n,
      gaps: [-2n, 8n, 8n],
    }),
    guard: gapTop(0),
  },
  "ArgMax: a greatest number that is no element": {
    edits: argMaxClaim({
      input: [3n, -5n, 8n, 8n],
      passed: [0n, 0n, 0n],
      losers: [-5n, 8n],
      greatest: 20n,
      gaps: [25n, 12n, 29n],
    }),
    guard: defining("argMax.greatest"),
  },
  "ArgMax: a greater element left out of the losers": {
    edits: argMaxClaim({
      input: [3n, -5n, 8n, 1n],
      passed: [0n, 0n, 0n],
      losers: [-5n, 0n],
      greatest: 11n,
      gaps: [16n, 11n, 10n],
    }),
    guard: over([PASSED[1]], ["argMaxIn[1]", "argMaxIn[2]"]),
  },
  "ArgMax: links that rise again, so that one element loses twice": {
    edits: argMaxClaim({
      input: [8n, 3n, 2n, 1n],
      passed: [0n, 1n, 0n],
      losers: [3n, 3n],
      greatest: 7n,
      gaps: [4n, 3n, 6n],
    }),
    guard: over([PASSED[1]], [PASSED[1], PASSED[0]]),
  },
  "ArgMax: a link of 3": {
    edits: argMaxClaim({
      input: [10n, 11n, 0n, 0n],
      passed: [3n, 0n, 0n],
      losers: [8n, 0n],
      greatest: 13n,
      gaps: [2n, 13n, 13n],
    }),
    guard: over([PASSED[0]], [PASSED[0]]),
  },
  "ArgMax: a label past the last index": {
    edits: argMaxClaim({
      input: [5n, 6n, 10n, 11n],
      passed: [1n, 1n, 4n],
      losers: [5n, 6n],
      greatest: 14n,
      gaps: [8n, 7n, 3n],
    }),
    guard: over(["label", ...PASSED], ["label", ...PASSED]),
  },
  "InputCommitment: a carry between two elements of one word": {
    edits: {
      ...elements("element", [35n, 3n]),
      ...bits("commitment.ranges[0].lower", 4, 35n),
      ...bits("commitment.ranges[1].lower", 4, 3n),
    },
    guard: over(["element[0]", ...names("commitment.ranges[0].lower", 4)]),
  },
  "InputCommitment: another commitment": { edits: { inputCommitment: 1n }, guard: defining("inputCommitment") },
  "OutputWords: another output commitment": { edits: { outputCommitment: 1n }, guard: defining("outputCommitment") },
  "OutputWords: another context where no word depends on it": {
    inputs: { outputIn: [5n, 0n] },
    edits: { context: 10n },
    guard: over(["context"], ["context"]),
  },
};

/** What a prover claims of a SaturatingShift; the range check's top bit is what the lower ones leave. */
function claimRelu(claim: {
  input: bigint;
  saturated: bigint;
  under: bigint;
  lower: bigint;
  output: bigint;
}): Record<string, bigint> {
  return {
    reluIn: claim.input,
    "relu.saturatedHint": claim.saturated,
    "relu.underHint": claim.under,
    ...bits("relu.z.lower", 8, claim.lower),
    reluOut: claim.output,
  };
}

/** numerator / denominator modulo p, for a denominator that divides some small lift of the numerator. */
function fieldQuotient(numerator: bigint, denominator: bigint): bigint {
  let lift = mod(numerator);
  while (lift % denominator !== 0n) lift += SCALAR_ORDER;
  return lift / denominator;
}

describe("forged witnesses (Z1, Z2)", () => {
  let circuit: CircuitUnderTest;

  before(async () => {
    const source = await readFile(projectPath("test/fixtures/circuits/KernelAttacks.circom"), "utf8");
    circuit = await compileText("KernelAttacks", source);
  });

  for (const [name, { inputs, edits, guard }] of Object.entries(ATTACKS)) {
    it(name, async () => {
      const honest = await circuit.witness({ ...BASE, ...inputs });
      expect(broken(circuit.constraints, honest)).to.deep.equal([]);

      const forged = forge(circuit, honest, edits);
      const guarding = guard(circuit);
      expect(broken(circuit.constraints, forged)).to.deep.equal([guarding]);

      const unguarded = circuit.constraints.filter((constraint) => constraint !== guarding);
      expect(broken(unguarded, forged)).to.deep.equal([]);
    });
  }
});
