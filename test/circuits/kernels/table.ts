import { expect } from "chai";
import fc from "fast-check";
import { SCALAR_ORDER, mod } from "../../../src/field.ts";
import { InputError } from "../../../src/errors.ts";
import type { TableNode } from "../../../src/ir/integerGraph.ts";
import { interpolate } from "../../../src/kernels/interpolate.ts";
import { FIELD, type Interval, unbounded } from "../../../src/kernels/kernel.ts";
import { table } from "../../../src/kernels/table.ts";
import { among, defining, describeForgeries } from "../../fixtures/circuits/forgeries.ts";
import { compileKernel } from "../../fixtures/circuits/kernelCircuit.ts";
import { expectAgreement, knowing, sampled } from "../../fixtures/circuits/kernelProperties.ts";

const node = (low: number, values: readonly number[]): TableNode => ({
  kernel: "Table",
  name: "t",
  output: "t",
  input: "x",
  low,
  values,
});
const tabulate = (low: number, count: number, entry: (x: number) => number): TableNode =>
  node(
    low,
    Array.from({ length: count }, (_, index) => Math.round(entry(low + index))),
  );
const all = (count: number, low: number, high: number): Interval => ({
  low: Array<bigint>(count).fill(BigInt(low)),
  high: Array<bigint>(count).fill(BigInt(high)),
});
const sigmoid = (x: number): number => 255 / (1 + Math.exp(-x / 20));
/** Constraints of one element that can be any entry, nothing else being known of it. */
const costOf = (program: TableNode): { nonlinear: number; linear: number } => {
  const operand = all(1, program.low, program.low + program.values.length - 1);
  return table.cost(program, [operand], knowing([operand], operand));
};

describe("tables", () => {
  it("are those of the reference, for the predicted constraints", () =>
    sampled(6, async (draw) => {
      const entry = fc.oneof(fc.integer({ min: -(2 ** 52), max: 2 ** 52 }), fc.integer({ min: -3, max: 3 }));
      const values = draw(fc.array(entry, { minLength: 2, maxLength: 70 }));
      const program = node(draw(fc.integer({ min: -50, max: 50 })), values);
      const index = fc.nat(values.length - 1);
      const bounds = Array.from({ length: 8 }, () => [draw(index), draw(index)].sort((left, right) => left - right));
      const operand = {
        low: bounds.map(([first]) => BigInt(program.low + first)),
        high: bounds.map(([, last]) => BigInt(program.low + last)),
      };
      const wide = { low: operand.low.map((low) => low - 5n), high: operand.high.map((high) => high + 5n) };
      await expectAgreement(draw, table, program, [operand]);
      await expectAgreement(draw, table, program, [operand], { operands: [wide] });
    }));

  for (const [size, most] of [
    [256, 26],
    [1024, 51],
    [4096, 100],
  ]) {
    it(`of ${size} entries are right at every one, for ${most} constraints`, async () => {
      const program = tabulate(-size / 2, size, (x) => 1000 * Math.sin(x / 30) + sigmoid(x));
      expect(costOf(program)).to.deep.equal({ nonlinear: most, linear: 0 });
      const circuit = await compileKernel(table, program, [all(1, -size / 2, size / 2 - 1)]);
      expect(circuit.counts.nonlinear).to.equal(most);
      for (const [index, value] of program.values.entries()) {
        const { result } = await circuit.run([[BigInt(index - size / 2)]]);
        if (result[0] !== BigInt(value)) expect.fail(`entry ${index}: got ${result[0]}, want ${value}`);
      }
    });
  }

  it("cost what the degree of their polynomial takes", () => {
    expect(costOf(tabulate(-128, 256, (x) => x))).to.deep.equal({ nonlinear: 0, linear: 0 });
    expect(costOf(tabulate(-128, 256, (x) => 3 * x - 7))).to.deep.equal({ nonlinear: 0, linear: 1 });
    expect(costOf(tabulate(-128, 256, (x) => x * x - x))).to.deep.equal({ nonlinear: 1, linear: 0 });
    expect(costOf(tabulate(-128, 256, (x) => x ** 3))).to.deep.equal({ nonlinear: 2, linear: 0 });
    expect(costOf(tabulate(-128, 256, (x) => x ** 4))).to.deep.equal({ nonlinear: 2, linear: 0 });
    expect(costOf(node(4, [9, -1]))).to.deep.equal({ nonlinear: 0, linear: 1 });
    expect(costOf(node(0, [1, 0, 1, 5]))).to.deep.equal({ nonlinear: 2, linear: 0 });
    expect(costOf(node(0, [4, 4, 4, 4]))).to.deep.equal({ nonlinear: 0, linear: 0 });
  });

  it("pay for the entries that an operand can ask for", () => {
    const program = tabulate(-128, 256, sigmoid);
    const operand = all(1, -20, 20);
    const cost = (known: Interval): number => table.cost(program, [operand], knowing([known], operand)).nonlinear;
    expect(cost(operand)).to.be.lessThan(12);
    // Three products more make the result bounded for what a prover can give; ten more do not pay.
    expect(cost(all(1, -30, 24))).to.be.within(cost(operand), cost(operand) + 3);
    expect(cost(all(1, -128, 127))).to.equal(cost(operand));
    expect(cost(unbounded(1))).to.equal(cost(operand));
  });

  it("are bounded where their operand is sure to be in the table", () => {
    const program = tabulate(-128, 256, sigmoid);
    const operand = all(1, -100, 127);
    const bounded = (low: number, high: number) =>
      table.boundResult(program, [operand], [all(1, low, high)], unbounded(1));
    expect(bounded(-128, 127)).to.deep.equal({ low: [0n], high: [255n] });
    expect(bounded(-110, 0)).to.deep.equal({ low: [1n], high: [128n] });
    expect(bounded(-2000, 2200)).to.deep.equal({ low: [-FIELD], high: [FIELD] });
    expect(table.boundResult(program, [operand], [unbounded(1)], unbounded(1)).low[0]).to.equal(-FIELD);
    const multiple = tabulate(-4, 9, (x) => 5 - 2 * x);
    const line = table.boundResult(multiple, [all(1, -4, 4)], [all(1, -900, 10)], unbounded(1));
    expect(line).to.deep.equal({ low: [-15n], high: [1805n] });
  });

  it("want 2 to 4096 entries, and operands that are among them", () => {
    const refuse = (wrong: TableNode, message: string): void => {
      expect(() => table.requireAttributes(wrong)).to.throw(InputError, `kernel t (Table): ${message}`);
    };
    refuse(node(0, [1]), "number of values 1: want an integer from 2 to 4096");
    refuse(node(0, Array<number>(4097).fill(0)), "number of values 4097: want an integer from 2 to 4096");
    refuse(node(0, [1, 0.5]), "value 0.5: want an integer");
    refuse(node(0.5, [1, 2]), "low 0.5: want an integer");
    refuse(node(2 ** 53 - 1, [1, 2]), `last operand ${2 ** 53}: want an integer`);
    const outside = "operand 3 is outside the table, want 1 to 2";
    expect(() => table.interval(node(1, [5, 6]), [all(1, 1, 3)])).to.throw(InputError, outside);
    expect(() => table.reference(node(1, [5, 6]), [[3n]])).to.throw(InputError, outside);
  });
});

describe("interpolation", () => {
  it("gives the polynomial of least degree through all values", () => {
    fc.assert(
      fc.property(
        fc.array(fc.bigInt({ min: -(1n << 60n), max: 1n << 60n }), { minLength: 1, maxLength: 60 }),
        (values) => {
          const coefficients = interpolate(values);
          expect(coefficients.length).to.be.at.most(values.length);
          values.forEach((value, x) => {
            const at = coefficients.reduceRight((sum, coefficient) => mod(sum * BigInt(x) + coefficient), 0n);
            expect(at).to.equal(mod(value));
          });
        },
      ),
      { seed: 1, numRuns: 50 },
    );
    expect(interpolate([5n, 5n, 5n])).to.deep.equal([5n]);
    expect(interpolate([0n, 1n, 4n, 9n, 16n])).to.deep.equal([0n, 0n, 1n]);
    expect(interpolate([0n])).to.deep.equal([0n]);
  });
});

describeForgeries(
  "Table",
  {
    includes: ["Table.circom"],
    body: `
      // 1 + 2y + 3y^2 + 4y^3 for y = x + 5, in blocks of two powers
      signal input block[1];
      component blocks = Table(1, [[0, 0]], -5, 2, 0, 2, 1, [[1, 2, 0], [3, 4, 0]]);
      blocks.in <== block;
      signal output blockOut <== blocks.out[0];
      // 7 * ((x^4 + 2 + 3x) * (x^2 + 4 + 5x) + (x^2 + 6 + 7x))
      signal input tree[1];
      component trees = Table(1, [[0, 0]], 0, 2, 1, 3, 7, [[2, 3], [4, 5], [6, 7]]);
      trees.in <== tree;
      signal output treeOut <== trees.out[0];`,
    honest: { block: [-2n], tree: [2n] },
  },
  {
    "blocks: another value": { edits: { blockOut: 143n }, guard: defining("blockOut") },
    "blocks: a wrong power": {
      edits: { "blocks.blocks[0].power[2]": 8n, blockOut: 1n + 2n * 3n + 8n * (3n + 4n * 3n) },
      guard: among("block[0]", "blocks.blocks[0].power[2]"),
    },
    "tree: another value": { edits: { treeOut: SCALAR_ORDER - 1n }, guard: defining("treeOut") },
    "tree: a wrong power": {
      edits: {
        "trees.trees[0].power[0]": 5n,
        "trees.trees[0].giantPower[0]": 25n,
        treeOut: 7n * ((25n + 2n + 6n) * (5n + 4n + 10n) + (5n + 6n + 14n)),
      },
      guard: among("tree[0]", "trees.trees[0].power[0]"),
    },
    "tree: a wrong square": {
      edits: {
        "trees.trees[0].giantPower[0]": 17n,
        treeOut: 7n * ((17n + 2n + 6n) * (4n + 4n + 10n) + (4n + 6n + 14n)),
      },
      guard: among("trees.trees[0].power[0]", "trees.trees[0].giantPower[0]"),
    },
  },
);
