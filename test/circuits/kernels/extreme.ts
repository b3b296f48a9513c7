import { expect } from "chai";
import fc from "fast-check";
import { SCALAR_ORDER } from "../../../src/field.ts";
import { InputError } from "../../../src/errors.ts";
import type { ExtremeNode } from "../../../src/ir/integerGraph.ts";
import { extreme } from "../../../src/kernels/extreme.ts";
import { FIELD, type Interval, unbounded } from "../../../src/kernels/kernel.ts";
import { among, bits, describeForgeries, names, over } from "../../fixtures/circuits/forgeries.ts";
import {
  boundsWithin,
  drawInterval,
  expectAgreement,
  knowing,
  sampled,
} from "../../fixtures/circuits/kernelProperties.ts";

const node = (which: "max" | "min", windows: readonly (readonly number[])[], inputs = ["x"]): ExtremeNode => ({
  kernel: "Extreme",
  name: "e",
  output: "e",
  which,
  inputs,
  windows,
});
const all = (length: number, low: bigint, high: bigint): Interval => ({
  low: Array<bigint>(length).fill(low),
  high: Array<bigint>(length).fill(high),
});
const costOf = (windows: readonly (readonly number[])[], operand: Interval): number =>
  extreme.cost(node("max", windows), [operand], knowing([operand], operand)).nonlinear;

/** Square windows over an image without padding. */
function pool(side: number, window: number, stride: number): number[][] {
  const starts = Array.from({ length: Math.floor((side - window) / stride) + 1 }, (_, index) => index * stride);
  const offsets = Array.from({ length: window }, (_, index) => index);
  return starts.flatMap((row) =>
    starts.map((column) => offsets.flatMap((r) => offsets.map((c) => (row + r) * side + column + c))),
  );
}

describe("extremes", () => {
  it("are those of the reference, for the predicted constraints", () =>
    sampled(6, async (draw) => {
      const operands = [10, 6].map((count) =>
        drawInterval(draw, count, boundsWithin(draw(fc.constantFrom(3, 8, 250)))),
      );
      const window = fc.array(fc.nat(15), { minLength: 1, maxLength: 7 });
      const windows = draw(fc.array(window, { minLength: 1, maxLength: 10 }));
      await expectAgreement(draw, extreme, node(draw(fc.constantFrom("max", "min")), windows, ["x", "y"]), operands);
    }));

  it("of overlapping pools are those of the reference", () =>
    sampled(1, async (draw) => {
      const operand = all(36, -128n, 127n);
      await expectAgreement(draw, extreme, node("max", pool(6, 3, 1)), [operand]);
      await expectAgreement(draw, extreme, node("min", pool(6, 3, 2)), [operand]);
    }));

  it("of every triple of small numbers are those of the reference", () =>
    sampled(1, async (draw) => {
      const triples = Array.from({ length: 64 }, (_, row) => [row >> 4, (row >> 2) & 3, row & 3]);
      const windows = triples.map((_, row) => [3 * row, 3 * row + 1, 3 * row + 2]);
      for (const which of ["max", "min"] as const) {
        const values = [triples.flat().map((value) => BigInt(value - 2))];
        await expectAgreement(draw, extreme, node(which, windows), [all(192, -2n, 1n)], {}, values);
      }
    }));

  it("cost a constraint a bit and one more a pair, and nothing for elements that never win", () => {
    expect(costOf(pool(2, 2, 2), all(4, -128n, 127n))).to.equal(27);
    expect(costOf([[0, 1]], { low: [0n, -8n], high: [7n, 0n] })).to.equal(0);
    expect(costOf([[0, 0, 0]], all(1, 0n, 255n))).to.equal(0);
    expect(costOf([[0, 1, 2]], { low: [0n, 3n, 5n], high: [7n, 3n, 5n] })).to.equal(1 + 3);
  });

  it("of overlapping windows share the pairs that they have in common", () => {
    const pairs = (windows: number[][], side: number): number => costOf(windows, all(side * side, 0n, 255n)) / 9;
    expect(pairs(pool(14, 3, 1), 14)).to.be.lessThan(144 * 5);
    expect(pairs(pool(13, 3, 2), 13)).to.be.lessThan(36 * 7);
    expect(
      pairs(
        [
          [0, 1, 2, 3],
          [0, 1, 2, 3],
        ],
        2,
      ),
    ).to.equal(3);
  });

  it("bound their operands from below, and are themselves one of them", () => {
    const operand = { low: [0n, 0n, -9n], high: [200n, 100n, -1n] };
    const windows = node("max", [[0, 1], [2]]);
    const [bounds] = extreme.boundOperands(windows, [operand], { low: [0n, -FIELD], high: [255n, FIELD] });
    expect(bounds).to.deep.equal({ low: [-255n, -255n, -FIELD], high: [255n, 255n, FIELD] });
    const loose = { low: [-255n, -255n, -9n], high: [255n, 100n, 9n] };
    expect(extreme.boundResult(windows, [operand], [loose], unbounded(2))).to.deep.equal({
      low: [-255n, -9n],
      high: [255n, 9n],
    });
    const least = node("min", [[0, 1]]);
    const [below] = extreme.boundOperands(least, [operand], { low: [0n], high: [255n] });
    expect(below).to.deep.equal({ low: [0n, 0n, -FIELD], high: [510n, 510n, FIELD] });
    const nothing = unbounded(3);
    expect(extreme.boundResult(least, [operand], [nothing], unbounded(1))).to.deep.equal(unbounded(1));
  });

  it("want windows of elements that exist, and differences that fit the field", () => {
    const refuse = (wrong: ExtremeNode, message: string): void => {
      expect(() => extreme.requireAttributes(wrong)).to.throw(InputError, `kernel e (Extreme): ${message}`);
    };
    refuse(node("max", []), "number of windows 0: want an integer from 1");
    refuse(node("max", [[]]), "number of elements in a window 0: want an integer from 1");
    refuse(node("max", [[-1]]), "element -1: want an integer from 0");
    refuse(node("max", [[0.5]]), "element 0.5: want an integer from 0");
    refuse(node("max", [[0]], []), "number of inputs 0: want an integer from 1");
    refuse({ ...node("max", [[0]]), which: "mean" } as unknown as ExtremeNode, "which mean: want max or min");
    const outside = node("max", [[0, 2]]);
    expect(() => extreme.interval(outside, [all(2, 0n, 1n)])).to.throw(InputError, "element 2 is out of range");
    expect(() => extreme.reference(outside, [[0n, 1n]])).to.throw(InputError, "want 0 to 1");
    expect(() => costOf([[0, 1]], all(2, -(1n << 252n), 1n << 252n))).to.throw(InputError, "want at most 252");
  });
});

const GREATER_TOP = ["a", "b", "most", ...names("greater.difference.lower", 7)];
const LESS_TOP = ["a", "b", "least", ...names("less.difference.lower", 7)];
describeForgeries(
  "Extreme",
  {
    includes: ["Greater.circom"],
    body: `
      signal input a;
      signal input b;
      component greater = Greater(8, 1);
      greater.left <== a;
      greater.right <== b;
      signal output most <== greater.out;
      component less = Greater(8, -1);
      less.left <== a;
      less.right <== b;
      signal output least <== less.out;`,
    honest: { a: 7n, b: -5n },
  },
  {
    "the less as the greater": {
      edits: { most: -5n, ...bits("greater.difference.lower", 7, -12n) },
      guard: over(GREATER_TOP),
    },
    "the greater as the less": {
      edits: { least: 7n, ...bits("less.difference.lower", 7, -12n) },
      guard: over(LESS_TOP),
    },
    "p - 1 as the greater": {
      inputs: { a: -1n, b: 0n },
      edits: { most: -1n, ...bits("greater.difference.lower", 7, SCALAR_ORDER - 1n) },
      guard: over(GREATER_TOP),
    },
    "a greater number that is neither": {
      edits: { most: 50n, ...bits("greater.difference.lower", 7, 98n) },
      guard: over(["most", "a"], ["most", "b"]),
    },
    "another bit pattern of the difference": {
      edits: bits("greater.difference.lower", 7, 13n),
      guard: over(GREATER_TOP),
    },
    "the bits of the difference + p": {
      edits: bits("greater.difference.lower", 7, 12n + SCALAR_ORDER),
      guard: over(GREATER_TOP),
    },
    "a digit that is no bit": {
      edits: { ...bits("greater.difference.lower", 7, 0n), "greater.difference.lower[1]": 6n },
      guard: among("greater.difference.lower[1]"),
    },
  },
);
