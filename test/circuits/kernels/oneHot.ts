import { expect } from "chai";
import fc from "fast-check";
import { InputError } from "../../../src/errors.ts";
import type { OneHotNode } from "../../../src/ir/integerGraph.ts";
import { FIELD, type Interval, unbounded } from "../../../src/kernels/kernel.ts";
import { oneHot } from "../../../src/kernels/oneHot.ts";
import { among, describeForgeries, elements } from "../../fixtures/circuits/forgeries.ts";
import { drawInterval, expectAgreement, knowing, sampled } from "../../fixtures/circuits/kernelProperties.ts";

const node = (size: number): OneHotNode => ({ kernel: "OneHot", name: "h", output: "h", input: "x", size });
const of = (low: bigint, high: bigint): Interval => ({ low: [low], high: [high] });
const costOf = (size: number, operand: Interval): number => {
  const { nonlinear, linear } = oneHot.cost(node(size), [operand], knowing([operand], operand));
  return nonlinear + linear;
};

describe("one-hot vectors", () => {
  it("are those of the reference, for the predicted constraints", () =>
    sampled(5, async (draw) => {
      const size = draw(fc.constantFrom(1, 2, 3, 7, 40));
      const end = fc.bigInt({ min: 0n, max: BigInt(size - 1) });
      const bounds = fc.tuple(end, end).map(([a, b]): [bigint, bigint] => (a < b ? [a, b] : [b, a]));
      const whole = fc.constant<[bigint, bigint]>([0n, BigInt(size - 1)]);
      await expectAgreement(draw, oneHot, node(size), [drawInterval(draw, 12, fc.oneof(bounds, whole))]);
    }));

  it("of every index are right", () =>
    sampled(1, async (draw) => {
      const indices = Array.from({ length: 17 }, (_, index) => BigInt(index));
      const operand = { low: indices.map(() => 0n), high: indices.map(() => 16n) };
      await expectAgreement(draw, oneHot, node(17), [operand], {}, [indices]);
    }));

  it("cost a constraint for each index that the operand can be, and one more", () => {
    expect(costOf(10, of(0n, 9n))).to.equal(11);
    expect(costOf(10, of(3n, 5n))).to.equal(4);
    expect(costOf(10, of(3n, 4n))).to.equal(2);
    expect(costOf(2, of(0n, 1n))).to.equal(1);
    expect(costOf(10, of(3n, 3n))).to.equal(0);
  });

  it("bound themselves and their operand", () => {
    const any = unbounded(1);
    expect(oneHot.boundOperands(node(10), [of(3n, 5n)], unbounded(10))).to.deep.equal([of(3n, 5n)]);
    expect(oneHot.boundOperands(node(10), [of(3n, 4n)], unbounded(10))).to.deep.equal([any]);
    const wide = oneHot.boundResult(node(4), [of(1n, 3n)], [any], unbounded(4));
    expect(wide).to.deep.equal({ low: [0n, 0n, 0n, 0n], high: [0n, 1n, 1n, 1n] });
    const pair = oneHot.boundResult(node(3), [of(1n, 2n)], [of(-5n, 9n)], unbounded(3));
    expect(pair).to.deep.equal({ low: [0n, -7n, -6n], high: [0n, 7n, 8n] });
    const unknown = oneHot.boundResult(node(3), [of(1n, 2n)], [any], unbounded(3));
    expect(unknown).to.deep.equal({ low: [0n, -FIELD, -FIELD], high: [0n, FIELD, FIELD] });
  });

  it("want a size, and operands that are indices", () => {
    expect(() => oneHot.requireAttributes(node(0))).to.throw(InputError, "kernel h (OneHot): size 0: want an integer");
    expect(() => oneHot.requireAttributes(node(2.5))).to.throw(InputError);
    expect(() => oneHot.interval(node(3), [of(0n, 3n)])).to.throw(InputError, "element 0 can be 3, want 0 to 2");
    expect(() => oneHot.interval(node(3), [of(-1n, 2n)])).to.throw(InputError, "element 0 can be -1, want 0 to 2");
    expect(() => oneHot.reference(node(3), [[3n]])).to.throw(InputError);
  });
});

const SUM = among("out[1]", "out[2]", "out[3]", "out[4]");
describeForgeries(
  "OneHot",
  {
    includes: ["OneHot.circom"],
    body: `
      // 1 to 4 of 6, and 0 or 1 of 2
      signal input index[1];
      component hot = OneHot(1, 6, [[1, 4]]);
      hot.in <== index;
      signal output out[6] <== hot.out;
      signal input bit[1];
      component pair = OneHot(1, 2, [[0, 1]]);
      pair.in <== bit;
      signal output two[2] <== pair.out;`,
    honest: { index: [3n], bit: [1n] },
  },
  {
    "no index at all": { edits: { "out[3]": 0n }, guard: SUM },
    "an indicator of 2": { edits: { "out[3]": 2n }, guard: SUM },
    "an operand that is no index": { edits: { "index[0]": 7n, "out[3]": 0n }, guard: SUM },
    "an operand that is no index, with an indicator": {
      edits: { "index[0]": 7n },
      guard: among("index[0]", "out[3]"),
    },
    "two values: the other index": { edits: { "two[0]": 1n }, guard: among("two[0]", "two[1]") },
    "another index": { edits: elements("out", [0n, 0n, 1n, 0n]), guard: among("index[0]", "out[2]") },
  },
);
