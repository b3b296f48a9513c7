import { expect } from "chai";
import { SCALAR_ORDER } from "../../../src/field.ts";
import { InputError } from "../../../src/errors.ts";
import type { CompareNode } from "../../../src/ir/integerGraph.ts";
import { compare } from "../../../src/kernels/compare.ts";
import { FIELD, unbounded } from "../../../src/kernels/kernel.ts";
import { among, bits, defining, describeForgeries, names, over } from "../../fixtures/circuits/forgeries.ts";
import {
  boundsWithin,
  drawInterval,
  expectAgreement,
  knowing,
  sampled,
} from "../../fixtures/circuits/kernelProperties.ts";

type Relation = CompareNode["relation"];
const node = (relation: Relation): CompareNode => ({ kernel: "Compare", name: "b", output: "b", input: "x", relation });
const RELATIONS: readonly Relation[] = ["nonNegative", "zero"];
const costOf = (relation: Relation, low: bigint, high: bigint): number => {
  const operand = { low: [low], high: [high] };
  const { nonlinear, linear } = compare.cost(node(relation), [operand], knowing([operand], operand));
  return nonlinear + linear;
};

describe("comparisons", () => {
  it("are those of the reference, for the predicted constraints", () =>
    sampled(3, async (draw) => {
      for (const relation of RELATIONS) {
        await expectAgreement(draw, compare, node(relation), [drawInterval(draw, 40, boundsWithin(251))]);
      }
    }));

  it("are right for every number of every narrow interval", () =>
    sampled(1, async (draw) => {
      const ends = Array.from({ length: 8 }, (_, index) => BigInt(index - 4));
      const operand = ends.flatMap((low) => ends.filter((high) => high >= low).map((high) => [low, high]));
      // One element for each number of each interval, whose bounds are the interval's.
      const cases = operand.flatMap(([low, high]) =>
        Array.from({ length: Number(high - low) + 1 }, (_, index) => ({ low, high, value: low + BigInt(index) })),
      );
      for (const relation of RELATIONS) {
        const bounds = { low: cases.map(({ low }) => low), high: cases.map(({ high }) => high) };
        await expectAgreement(draw, compare, node(relation), [bounds], {}, [cases.map(({ value }) => value)]);
      }
    }));

  it("cost a constraint a bit and one more, and less where an operand takes few values", () => {
    expect(costOf("nonNegative", -128n, 127n)).to.equal(8);
    expect(costOf("nonNegative", -129n, 127n)).to.equal(9);
    expect(costOf("nonNegative", -128n, 0n)).to.equal(2);
    expect(costOf("nonNegative", -1n, 127n)).to.equal(2);
    expect(costOf("nonNegative", -1n, 1n)).to.equal(1);
    expect(costOf("nonNegative", 0n, 127n)).to.equal(0);
    expect(costOf("zero", -128n, 127n)).to.equal(2);
    expect(costOf("zero", 0n, 2n)).to.equal(1);
    expect(costOf("zero", 0n, 1n)).to.equal(1);
    expect(costOf("zero", 1n, 9n)).to.equal(0);
  });

  it("bound a sign's operand by its bits, and their own result whatever the operand", () => {
    const operand = { low: [-128n, -1n, -1n], high: [99n, 9n, 1n] };
    const any = unbounded(3);
    expect(compare.boundOperands(node("nonNegative"), [operand], any)).to.deep.equal([
      { low: [-128n, -FIELD, -FIELD], high: [127n, FIELD, FIELD] },
    ]);
    const bounds = compare.boundResult(node("nonNegative"), [operand], [any], any);
    expect(bounds).to.deep.equal({ low: [0n, 0n, -FIELD], high: [1n, 1n, FIELD] });
    expect(compare.boundResult(node("nonNegative"), [operand], [operand], any).high[2]).to.equal(1n);
  });

  it("want a relation that exists and numbers that fit the field", () => {
    const other = { ...node("zero"), relation: "positive" } as unknown as CompareNode;
    expect(() => compare.requireAttributes(other)).to.throw(InputError, "relation positive: want nonNegative or zero");
    expect(() => costOf("nonNegative", -2n, 1n << 252n)).to.throw(InputError, "want at most 252 bits");
  });
});

const MAGNITUDE = ["signIn", "sign", ...names("signOf.magnitude.lower", 6)];
describeForgeries(
  "Compare",
  {
    includes: ["NonNegative.circom", "IsZero.circom", "Compare.circom"],
    body: `
      // -128 <= in < 128
      signal input signIn;
      component signOf = NonNegative(7);
      signOf.in <== signIn;
      signal output sign <== signOf.out;
      signal input zeroIn;
      component zeroOf = IsZero(0, 0);
      zeroOf.in <== zeroIn;
      signal output zero <== zeroOf.out;
      signal input otherIn;
      component otherOf = IsZero(-1, 1);
      otherOf.in <== otherIn;
      signal output other <== otherOf.out;
      // x >= 0 for -1 <= x <= 1: 1 + x/2 - x^2/2
      signal input narrowIn[1];
      component narrow = Compare(1, [[1, 1, 1 / 2, -1 / 2]]);
      narrow.in <== narrowIn;
      signal output narrowOut <== narrow.out[0];`,
    honest: { signIn: -20n, zeroIn: 5n, otherIn: 5n, narrowIn: [-1n] },
  },
  {
    "a negative number passed off as none": {
      edits: { sign: 1n, ...bits("signOf.magnitude.lower", 6, -20n) },
      guard: over(MAGNITUDE),
    },
    "a number that is not negative passed off as one": {
      inputs: { signIn: 20n },
      edits: { sign: 0n, ...bits("signOf.magnitude.lower", 6, 20n) },
      guard: over(MAGNITUDE),
    },
    "zero passed off as negative": {
      inputs: { signIn: 0n },
      edits: { sign: 0n, ...bits("signOf.magnitude.lower", 6, 0n) },
      guard: over(MAGNITUDE),
    },
    "p - 1 passed off as a large number": {
      inputs: { signIn: -1n },
      edits: { sign: 1n, ...bits("signOf.magnitude.lower", 6, SCALAR_ORDER - 1n) },
      guard: over(MAGNITUDE),
    },
    "the bits of x + p": {
      inputs: { signIn: 20n },
      edits: bits("signOf.magnitude.lower", 6, 20n + SCALAR_ORDER),
      guard: over(MAGNITUDE),
    },
    "a sign that is no bit": {
      // in + 128 · (1 − sign) takes seven bits.
      edits: { signIn: 150n, sign: 2n, ...bits("signOf.magnitude.lower", 6, 22n) },
      guard: over(["sign"], ["sign"]),
    },
    "a magnitude's digit that is no bit": {
      inputs: { signIn: 64n },
      edits: { sign: 1n, "signOf.magnitude.lower[5]": 2n },
      guard: over(["signOf.magnitude.lower[5]"]),
    },
    "another number passed off as zero": {
      edits: { zero: 1n, "zeroOf.inverseHint": 0n },
      guard: among("zeroIn", "zero"),
    },
    "zero passed off as another number": {
      inputs: { zeroIn: 0n },
      edits: { zero: 0n, "zeroOf.inverseHint": 1n },
      guard: among("zeroIn", "zeroOf.inverseHint", "zero"),
    },
    "a zero test of 2": {
      inputs: { zeroIn: 0n },
      edits: { zero: 2n },
      guard: among("zeroIn", "zeroOf.inverseHint", "zero"),
    },
    "the number itself passed off as different": {
      inputs: { otherIn: -1n },
      edits: { other: 1n },
      guard: among("otherIn", "otherOf.inverseHint", "other"),
    },
    "a different number passed off as itself": {
      edits: { other: 0n, "otherOf.inverseHint": 0n },
      guard: among("otherIn", "other"),
    },
    "another value of a polynomial": { edits: { narrowOut: 1n }, guard: defining("narrowOut") },
  },
);
