import { expect } from "chai";
import fc from "fast-check";
import { SCALAR_ORDER } from "../../../src/field.ts";
import { InputError } from "../../../src/errors.ts";
import type { RootNode } from "../../../src/ir/integerGraph.ts";
import { FIELD, type Interval, unbounded } from "../../../src/kernels/kernel.ts";
import { root } from "../../../src/kernels/root.ts";
import { bits, describeForgeries, names, over } from "../../fixtures/circuits/forgeries.ts";
import {
  boundsWithin,
  drawInterval,
  expectAgreement,
  knowing,
  sampled,
} from "../../fixtures/circuits/kernelProperties.ts";

const node = (multiplier: number): RootNode => ({ kernel: "Root", name: "r", output: "r", input: "x", multiplier });
const of = (low: bigint, high: bigint): Interval => ({ low: [low], high: [high] });
const costOf = (multiplier: number, operand: Interval): number =>
  root.cost(node(multiplier), [operand], knowing([operand], operand)).nonlinear;

describe("roots", () => {
  it("are those of the reference, for the predicted constraints", () =>
    sampled(6, async (draw) => {
      const multiplier = draw(fc.constantFrom(1, 2, 255, 2 ** 30 + 1));
      const operand = drawInterval(draw, 16, boundsWithin(draw(fc.constantFrom(6, 16, 40, 210)), 0n));
      await expectAgreement(draw, root, node(multiplier), [operand]);
    }));

  it("of every small number are right", () =>
    sampled(1, async (draw) => {
      const numbers = Array.from({ length: 260 }, (_, index) => BigInt(index));
      const operand = { low: numbers.map(() => 0n), high: numbers.map(() => 259n) };
      await expectAgreement(draw, root, node(1), [operand], {}, [numbers]);
      await expectAgreement(draw, root, node(3), [operand], {}, [numbers]);
    }));

  it("of squares of the widest numbers and their neighbours are right", () => {
    const widest = (1n << 125n) - 1n;
    for (const value of [widest - 1n, widest, widest + 1n]) {
      const square = value * value;
      expect(root.reference(node(1), [[square - 1n, square, square + 1n]])).to.deep.equal([value - 1n, value, value]);
    }
  });

  it("cost about a constraint a bit of what the root is taken of", () => {
    expect(costOf(1, of(0n, 255n))).to.equal(10);
    expect(costOf(16, of(0n, 65_535n))).to.equal(22);
    expect(costOf(1, of(16n, 24n))).to.equal(0);
  });

  it("bound themselves, and an operand that is not multiplied", () => {
    const operand = of(0n, 255n);
    expect(root.boundResult(node(1), [operand], [unbounded(1)], unbounded(1))).to.deep.equal(of(0n, 31n));
    expect(root.boundOperands(node(1), [operand], unbounded(1))).to.deep.equal([of(0n, 31n * 31n + 31n)]);
    expect(root.boundOperands(node(2), [operand], unbounded(1))).to.deep.equal([of(-FIELD, FIELD)]);
  });

  it("want numbers that are not negative and fit the field", () => {
    expect(() => root.requireAttributes(node(0))).to.throw(
      InputError,
      "kernel r (Root): multiplier 0: want an integer",
    );
    expect(() => root.requireAttributes(node(1.5))).to.throw(InputError);
    expect(() => root.interval(node(1), [of(-1n, 5n)])).to.throw(InputError, "element 0 can be -1, want at least 0");
    expect(() => root.reference(node(1), [[-1n]])).to.throw(InputError);
    expect(() => costOf(2, of(0n, 1n << 250n))).to.throw(InputError, "takes 252 bits, want at most 250");
  });
});

/** The rest's lowest bit, under the name that the compiler keeps. */
const LOWEST = "sqrt.complement.terms[3]";
const REST_BITS = [LOWEST, ...names("sqrt.rest.lower", 4).slice(1)];
const restBits = (value: bigint): Record<string, bigint> =>
  Object.fromEntries(REST_BITS.map((name, index) => [name, (value >> BigInt(index)) & 1n]));
const REST = over(["x", "sqrt.square", ...REST_BITS]);
const COMPLEMENT = over(["y", "x", "sqrt.square", ...names("sqrt.complement.lower", 3), LOWEST]);
/** What a prover claims of √x: u = x − y², and what ceil(u / 2) leaves of y. */
const claim = (x: bigint, y: bigint): Record<string, bigint> => {
  const rest = x - y * y;
  return {
    y,
    "sqrt.square": y * y,
    ...restBits(rest),
    ...bits("sqrt.complement.lower", 3, y - ((rest + 1n) >> 1n)),
  };
};

describeForgeries(
  "Root",
  {
    includes: ["IntegerRoot.circom"],
    body: `
      // in < 256
      signal input x;
      component sqrt = IntegerRoot(1, 4);
      sqrt.in <== x;
      signal output y <== sqrt.out;`,
    honest: { x: 120n },
  },
  {
    "one too large": { edits: claim(120n, 11n), guard: REST },
    "one too small": { inputs: { x: 101n }, edits: claim(101n, 9n), guard: COMPLEMENT },
    "one too small of a square": { inputs: { x: 121n }, edits: claim(121n, 10n), guard: COMPLEMENT },
    "the negative root": { inputs: { x: 121n }, edits: claim(121n, -11n), guard: COMPLEMENT },
    "the square of another root": {
      edits: { y: 11n, ...bits("sqrt.complement.lower", 3, 11n - 10n) },
      guard: over(["y"], ["y"]),
    },
    "one too small, the lowest bit of the rest −2": {
      // 101 − 81 = 20 = −2 + 22, and half of 20 − 2 is 9.
      inputs: { x: 101n },
      edits: { ...claim(101n, 9n), ...restBits(22n), [LOWEST]: -2n, ...bits("sqrt.complement.lower", 3, 0n) },
      guard: over([LOWEST]),
    },
    "the bits of what is left + p": {
      edits: bits("sqrt.complement.lower", 3, SCALAR_ORDER),
      guard: COMPLEMENT,
    },
  },
);
