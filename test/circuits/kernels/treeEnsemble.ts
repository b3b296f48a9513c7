import { expect } from "chai";
import { knowing } from "../../fixtures/circuits/kernelProperties.ts";
import fc from "fast-check";
import { InputError } from "../../../src/errors.ts";
import { SCALAR_ORDER } from "../../../src/field.ts";
import type { TreeEnsembleNode, TreeNode } from "../../../src/ir/integerGraph.ts";
import { type Interval, unbounded } from "../../../src/kernels/kernel.ts";
import { treeEnsemble } from "../../../src/kernels/treeEnsemble.ts";
import {
  type CircuitUnderTest,
  type Constraint,
  broken,
  compileText,
  forge,
  guardOver,
} from "../../fixtures/circuits/circuitUnderTest.ts";
import { compileKernel } from "../../fixtures/circuits/kernelCircuit.ts";

type Draw = <Value>(arbitrary: fc.Arbitrary<Value>) => Value;

const leaf = (...add: number[]): TreeNode => ({ add });
const ask = (feature: number, threshold: number, yes: TreeNode, no: TreeNode): TreeNode => ({
  feature,
  threshold,
  yes,
  no,
});
const ensemble = (trees: readonly TreeNode[], base: readonly number[] = [0], batch = 1): TreeEnsembleNode => ({
  kernel: "TreeEnsemble",
  name: "trees",
  output: "trees",
  input: "x",
  batch,
  base,
  trees,
});

/** An ensemble of up to six trees, with few thresholds so that they repeat, and bounds that decide some branches. */
function drawEnsemble(draw: Draw): { node: TreeEnsembleNode; operand: Interval } {
  const batch = draw(fc.integer({ min: 1, max: 2 }));
  const features = draw(fc.integer({ min: 1, max: 4 }));
  const scores = draw(fc.integer({ min: 1, max: 4 }));
  const number = fc.oneof(fc.constantFrom(0, 0, 1), fc.integer({ min: -100_000, max: 100_000 }));
  const add = () => Array.from({ length: scores }, () => draw(number));
  const threshold = fc.oneof(fc.constantFrom(-2, -1, 0, 1, 7), fc.integer({ min: -40, max: 40 }));
  const tree = (depth: number): TreeNode =>
    depth === 0 || draw(fc.integer({ min: 0, max: 5 })) === 0
      ? { add: add() }
      : ask(draw(fc.nat(features - 1)), draw(threshold), tree(depth - 1), tree(depth - 1));
  const trees = Array.from({ length: draw(fc.integer({ min: 0, max: 6 })) }, () => tree(draw(fc.nat(4))));
  const bounds = Array.from({ length: batch * features }, () =>
    draw(fc.constantFrom([-32, 31], [0, 63], [0, 1], [-1, 0], [5, 5], [-(2 ** 40), 2 ** 40], [0, 3])),
  );
  const operand = { low: bounds.map(([low]) => BigInt(low)), high: bounds.map(([, high]) => BigInt(high)) };
  return { node: ensemble(trees, add(), batch), operand };
}

/** Elements at a bound, at a threshold or one beside it, or anywhere within the bounds. */
function drawOperand(draw: Draw, { low, high }: Interval): bigint[] {
  return low.map((least, index) => {
    const any = fc.bigInt({ min: least, max: high[index] });
    const near = draw(fc.constantFrom(-2n, -1n, 0n, 1n, 2n, 7n, 8n));
    const isWithin = near >= least && near <= high[index];
    return draw(fc.oneof(fc.constantFrom(least, high[index], isWithin ? near : least), any));
  });
}

const within = (values: readonly bigint[], { low, high }: Interval): boolean =>
  values.every((value, index) => value >= low[index] && value <= high[index]);

describe("tree ensembles", () => {
  it("give the same scores in circuit and reference, for the predicted constraints", async () => {
    await fc.assert(
      fc.asyncProperty(fc.gen(), async (gen) => {
        const draw: Draw = (arbitrary) => gen(() => arbitrary);
        const { node, operand } = drawEnsemble(draw);
        const circuit = await compileKernel(treeEnsemble, node, [operand]);
        const { nonlinear, linear } = circuit.counts;
        expect({ nonlinear, linear }).to.deep.equal(circuit.predicted);
        for (let round = 0; round < 4; round++) {
          const values = drawOperand(draw, operand);
          const { result, witness } = await circuit.run([values]);
          expect(result).to.deep.equal(treeEnsemble.reference(node, [values]));
          expect(broken(circuit.constraints, witness)).to.deep.equal([]);
        }
      }),
      { seed: 1, numRuns: 25, endOnFailure: true },
    );
  });

  it("decide every number from 64 rows of all that a feature can be", async () => {
    const trees = [
      ask(0, 5, ask(0, -10, leaf(1, 7), leaf(2, -7)), ask(0, 6, leaf(30, 0), leaf(40, 1))),
      ask(0, 30, leaf(100, 100), leaf(200, 50)),
    ];
    const node = ensemble(trees, [3, -9], 64);
    const operand = { low: Array<bigint>(64).fill(-32n), high: Array<bigint>(64).fill(31n) };
    const values = Array.from({ length: 64 }, (_, row) => BigInt(row - 32));
    const circuit = await compileKernel(treeEnsemble, node, [operand]);
    const { result } = await circuit.run([values]);
    expect(result).to.deep.equal(treeEnsemble.reference(node, [values]));
  });

  it("stay within their bounds, and reach them where there is one tree", () => {
    fc.assert(
      fc.property(fc.gen(), (gen) => {
        const draw: Draw = (arbitrary) => gen(() => arbitrary);
        const { node, operand } = drawEnsemble(draw);
        const interval = treeEnsemble.interval(node, [operand]);
        const guaranteed = treeEnsemble.boundResult(
          node,
          [operand],
          [unbounded(operand.low.length)],
          unbounded(interval.low.length),
        );
        const [ofOperand] = treeEnsemble.boundOperands(node, [operand], interval);
        for (let round = 0; round < 20; round++) {
          const values = drawOperand(draw, operand);
          const scores = treeEnsemble.reference(node, [values]);
          expect(within(scores, interval) && within(scores, guaranteed) && within(values, ofOperand)).to.equal(true);
        }
      }),
      { seed: 2, numRuns: 300 },
    );
    const one = ensemble([ask(0, 3, ask(0, 1, leaf(1), leaf(2)), ask(0, 2, leaf(900), leaf(-3)))]);
    expect(treeEnsemble.interval(one, [{ low: [0n], high: [9n] }])).to.deep.equal({ low: [-3n], high: [2n] });
  });

  it("cost at most 10,000 constraints for 100 trees of depth 6 over 20 features of 16 bits", async () => {
    let turn = 0;
    // Every feature meets 255 thresholds, and no branch follows from those above it.
    const grow = (depth: number, seed: number): TreeNode => {
      if (depth === 6) return leaf((seed * 7919) % 65_536);
      const [feature, rank] = [turn % 20, Math.floor(turn / 20) % 255];
      turn += 1;
      return ask(feature, 256 * rank + 255, grow(depth + 1, 2 * seed), grow(depth + 1, 2 * seed + 1));
    };
    const node = ensemble(Array.from({ length: 100 }, (_, tree) => grow(0, tree + 1)));
    const operand = { low: Array<bigint>(20).fill(0n), high: Array<bigint>(20).fill(65_535n) };
    const { nonlinear, linear } = treeEnsemble.cost(node, [operand], knowing([operand], operand));
    expect(nonlinear).to.be.greaterThan(20 * 255);
    expect(nonlinear + linear).to.be.at.most(10_000);
  });

  it("pay for the branches once where a leaf adds to several scores", () => {
    const bounds = { low: [0n, 0n, 0n], high: [63n, 63n, 63n] };
    const grow = (scores: number, depth: number, seed: number): TreeNode =>
      depth === 0
        ? { add: Array.from({ length: scores }, (_, score) => ((seed + 1) * (score + 3) * 977) % 100) }
        : ask(depth % 3, (seed * 13) % 60, grow(scores, depth - 1, 2 * seed), grow(scores, depth - 1, 2 * seed + 1));
    const costOf = (scores: number): number =>
      treeEnsemble.cost(
        ensemble(
          Array.from({ length: 20 }, (_, tree) => grow(scores, 4, tree + 1)),
          Array(scores).fill(0),
        ),
        [bounds],
        knowing([bounds], bounds),
      ).nonlinear;
    // The sum of 20 leaves below 100 takes 11 bits to read from its lane; a few branches of the single score coincide.
    expect(costOf(5) - costOf(1)).to.be.at.most(5 * 11 + 5);
  });

  it("say which scores are a feature of 0 and 1 itself", () => {
    const bits = { low: [0n, 0n, 0n, 0n], high: [1n, 1n, 1n, 2n] };
    const copiesOf = (tree: TreeNode, batch = 1) => treeEnsemble.copies!(ensemble([tree], [0, 0], batch), [bits]);
    expect(copiesOf(ask(1, 0, leaf(0, 1), leaf(1, 0)))).to.deep.equal([1, -1]);
    expect(copiesOf(ask(0, 0, leaf(0, 1), leaf(1, 0)), 2)).to.deep.equal([0, -1, 2, -1]);
    expect(copiesOf(ask(1, 0, leaf(0, 5), leaf(2, 7)))).to.deep.equal([-1, -1]);
    expect(copiesOf(ask(3, 0, leaf(0, 0), leaf(1, 2)))).to.deep.equal([-1, -1]);
  });

  it("refuse attributes that are not integers, uneven leaves and features that do not exist", () => {
    const refuse = (node: TreeEnsembleNode): void => {
      expect(() => treeEnsemble.requireAttributes(node)).to.throw(InputError, /kernel trees \(TreeEnsemble\)/);
    };
    refuse(ensemble([leaf(0.5)]));
    refuse(ensemble([ask(0, 0.5, leaf(1), leaf(2))]));
    refuse(ensemble([ask(-1, 0, leaf(1), leaf(2))]));
    refuse(ensemble([leaf(1, 2)]));
    refuse(ensemble([], []));
    refuse(ensemble([], [0], 0));
    let deep = leaf(0);
    for (let level = 0; level < 300; level++) deep = ask(0, level, deep, leaf(1));
    refuse(ensemble([deep]));
    const missing = ensemble([ask(2, 0, leaf(1), leaf(2))]);
    expect(() => treeEnsemble.interval(missing, [{ low: [0n, 0n], high: [1n, 1n] }])).to.throw(InputError);
  });
});

/** Every template that a cheating prover may attack, by itself. */
const ATTACKED = `
pragma circom 2.2.0;
include "Thermometer.circom";
include "TreeEnsemble.circom";
include "TreeLanes.circom";
template Attacked() {
    // Bins to -10, -9 to 5, 6, from 7 on; both ends at most 32 wide.
    signal input in;
    component meter = Thermometer(3, [-10, 5, 6], 5, 1);
    meter.in <== in;
    // Bins up to 3, 4 to 7, 8 to 11, from 12 on: 4 wide.
    signal input even;
    component evenMeter = Thermometer(3, [3, 7, 11], 2, 0);
    evenMeter.in <== even;
    // Bins of one number.
    signal input small;
    component smallMeter = Thermometer(2, [4, 5], 0, 0);
    smallMeter.in <== small;

    // 100 + atom[0] * (7 - 3 * atom[1]) + 2 * atom[1]
    signal input above[2];
    component trees = TreeEnsemble(2, 1, 1, [0], [0, 1, 3], [1, 2, 1], [-3, 1, 2], [7, 100]);
    trees.above <== above;
    signal output score;
    score <== trees.out[0];

    // Two lanes, 4 bits from -3 and 5 bits from 10.
    signal input word;
    component lanes = TreeLanes(2, [4, 5], [-3, 10]);
    lanes.in <== word;
    signal output first;
    signal output second;
    first <== lanes.out[0];
    second <== lanes.out[1];
}
component main = Attacked();
`;

const HONEST = { in: 6n, even: 5n, small: 5n, above: [1n, 1n], word: -2n + 16n * 12n };

const names = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}[${index}]`);
const bits = (prefix: string, count: number, value: bigint): Record<string, bigint> =>
  Object.fromEntries(names(prefix, count).map((name, index) => [name, (value >> BigInt(index)) & 1n]));
const links = (meter: string, ...above: bigint[]): Record<string, bigint> =>
  Object.fromEntries(above.map((value, index) => [`${meter}.above[${index}]`, value]));

const METER = names("meter.above", 3);
const LOWER_TOP = ["in", ...METER, ...names("meter.lowerCheck.lower", 4)];
const UPPER_TOP = ["in", ...METER, ...names("meter.upperCheck.lower", 4)];
const EVEN_TOP = ["even", ...names("evenMeter.above", 3), "evenMeter.lowerCheck.lower[0]"];

interface Attack {
  readonly inputs?: Readonly<Record<string, bigint | bigint[]>>;
  readonly edits: Readonly<Record<string, bigint>>;
  /** The one constraint that stands in the way. */
  readonly guard: (circuit: CircuitUnderTest) => Constraint;
}

const over =
  (...signals: string[]) =>
  (circuit: CircuitUnderTest): Constraint =>
    guardOver(circuit, signals);
/** The linear constraint over exactly these signals. */
const balancing =
  (...signals: string[]) =>
  (circuit: CircuitUnderTest): Constraint => {
    const wires = new Set(signals.map(circuit.wireOf));
    const found = circuit.constraints.filter(([a, b, c]) => {
      const present = [...new Set([...a.keys(), ...b.keys(), ...c.keys()])].filter((wire) => wire !== 0);
      return present.length === wires.size && present.every((wire) => wires.has(wire));
    });
    if (found.length !== 1) throw new Error(`${found.length} constraints are over ${signals.join(" ")}, want one`);
    return found[0];
  };

/** In bin `lower` to `upper` the checks of `meter` see these numbers. */
const checked = (value: bigint, lower: bigint, upper: bigint): Record<string, bigint> => ({
  ...bits("meter.lowerCheck.lower", 4, value - lower),
  ...bits("meter.upperCheck.lower", 4, upper - value),
});

const ATTACKS: Readonly<Record<string, Attack>> = {
  "Thermometer: a gap, which would be bin 6 to 22": {
    inputs: { in: 8n },
    edits: { ...links("meter", 1n, 0n, 1n), ...checked(8n, -8n, 37n) },
    guard: over("meter.above[1]", "meter.above[2]"),
  },
  "Thermometer of even bins: a last link that is no bit": {
    edits: { even: 17n, ...links("evenMeter", 1n, 1n, 2n), ...bits("evenMeter.lowerCheck.lower", 1, 17n - 16n) },
    guard: over("evenMeter.above[2]"),
  },
  "Thermometer: shifted one bin up": {
    inputs: { in: 5n },
    edits: { ...links("meter", 1n, 1n, 0n), ...checked(5n, 6n, 6n) },
    guard: over(...LOWER_TOP),
  },
  "Thermometer: shifted one bin down": {
    inputs: { in: 7n },
    edits: { ...links("meter", 1n, 1n, 0n), ...checked(7n, 6n, 6n) },
    guard: over(...UPPER_TOP),
  },
  "Thermometer: a number at its threshold taken for one above": {
    inputs: { in: -10n },
    edits: { ...links("meter", 1n, 0n, 0n), ...checked(-10n, -9n, 5n) },
    guard: over(...LOWER_TOP),
  },
  "Thermometer: a number one above its threshold taken for one at it": {
    edits: { ...links("meter", 1n, 0n, 0n), ...checked(6n, -9n, 5n) },
    guard: over(...UPPER_TOP),
  },
  "Thermometer: the bits of x + r": {
    edits: { ...links("meter", 1n, 1n, 0n), ...bits("meter.lowerCheck.lower", 4, SCALAR_ORDER) },
    guard: over(...LOWER_TOP),
  },
  "Thermometer of even bins: shifted one bin down, at the threshold + 1": {
    inputs: { even: 8n },
    edits: { ...links("evenMeter", 1n, 0n, 0n), ...bits("evenMeter.lowerCheck.lower", 1, 8n - 4n) },
    guard: over(...EVEN_TOP),
  },
  "Thermometer of even bins: shifted one bin up, at the threshold": {
    inputs: { even: 7n },
    edits: { ...links("evenMeter", 1n, 1n, 0n), ...bits("evenMeter.lowerCheck.lower", 1, 7n - 8n) },
    guard: over(...EVEN_TOP),
  },
  "Thermometer of even bins: shifted out of the first": {
    inputs: { even: 3n },
    edits: { ...links("evenMeter", 1n, 0n, 0n), ...bits("evenMeter.lowerCheck.lower", 1, 3n - 4n) },
    guard: over(...EVEN_TOP),
  },
  "Thermometer of single numbers: another number": {
    edits: links("smallMeter", 1n, 1n),
    guard: balancing("small", ...names("smallMeter.above", 2)),
  },
  "Thermometer of single numbers: links that only add up": {
    edits: links("smallMeter", 0n, 1n),
    guard: over("smallMeter.above[0]", "smallMeter.above[1]"),
  },
  "TreeEnsemble: a wrong product, the path of another leaf": {
    edits: { "trees.atom[2]": 0n, score: 102n },
    guard: (of) => guardOver(of, ["above[0]"], ["above[1]"]),
  },
  "TreeEnsemble: a wrong leaf in the sum": {
    edits: { score: 107n },
    guard: balancing("score", "trees.atom[2]", "above[1]"),
  },
  "TreeLanes: a carry from one lane into the next": {
    edits: {
      first: -2n + 16n,
      second: 11n,
      ...bits("lanes.checks[0].lower", 3, 17n),
      ...bits("lanes.checks[1].lower", 4, 1n),
    },
    guard: over("first", ...names("lanes.checks[0].lower", 3)),
  },
  "TreeLanes: a negative digit, borrowed from the next lane": {
    edits: {
      first: -2n - 16n,
      second: 13n,
      ...bits("lanes.checks[0].lower", 3, -15n),
      ...bits("lanes.checks[1].lower", 4, 3n),
    },
    guard: over("first", ...names("lanes.checks[0].lower", 3)),
  },
  "TreeLanes: lanes of another word": {
    edits: { second: 13n, ...bits("lanes.checks[1].lower", 4, 3n) },
    guard: balancing("word", "first", "second"),
  },
};

describe("forged tree ensembles", () => {
  let circuit: CircuitUnderTest;
  before(async () => {
    circuit = await compileText("Attacked", ATTACKED);
  });

  for (const [name, { inputs, edits, guard }] of Object.entries(ATTACKS)) {
    it(`refuse ${name}`, async () => {
      const honest = await circuit.witness({ ...HONEST, ...inputs });
      expect(broken(circuit.constraints, honest)).to.deep.equal([]);
      const forged = forge(circuit, honest, edits);
      const guarded = guard(circuit);
      expect(broken(circuit.constraints, forged)).to.deep.equal([guarded]);
    });
  }
});
