import { expect } from "chai";
import fc from "fast-check";
import { SCALAR_ORDER, mod } from "../../../src/field.ts";
import { InputError } from "../../../src/errors.ts";
import type { DivideNode } from "../../../src/ir/integerGraph.ts";
import { divide } from "../../../src/kernels/divide.ts";
import { invert } from "../../../src/kernels/interpolate.ts";
import { FIELD, type Interval, unbounded } from "../../../src/kernels/kernel.ts";
import { bits, describeForgeries, names, over } from "../../fixtures/circuits/forgeries.ts";
import {
  boundsWithin,
  drawInterval,
  expectAgreement,
  knowing,
  sampled,
} from "../../fixtures/circuits/kernelProperties.ts";

const node = (multiplier: number): DivideNode => ({
  kernel: "Divide",
  name: "q",
  output: "q",
  numerator: "n",
  denominator: "d",
  multiplier,
});
const of = (low: bigint, high: bigint): Interval => ({ low: [low], high: [high] });
const costOf = (
  multiplier: number,
  numerator: Interval,
  denominator: Interval,
  result: Interval = unbounded(1),
): number => {
  const operands = [numerator, denominator];
  const { nonlinear, linear } = divide.cost(node(multiplier), operands, knowing(operands, result));
  return nonlinear + linear;
};

describe("quotients", () => {
  it("are those of the reference, for the predicted constraints", () =>
    sampled(6, async (draw) => {
      const bitsOfAll = draw(fc.constantFrom(4, 16, 75));
      const denominators = drawInterval(draw, 12, boundsWithin(bitsOfAll, 1n));
      const numerators = drawInterval(draw, 24, boundsWithin(bitsOfAll));
      const multiplier = draw(fc.constantFrom(1, 2, 6, 255, 2 ** 40 - 1));
      await expectAgreement(draw, divide, node(multiplier), [numerators, denominators]);
    }));

  it("of small numbers are all right", () =>
    sampled(1, async (draw) => {
      const pairs = Array.from({ length: 17 }, (_, n) => n - 8).flatMap((n) =>
        Array.from({ length: 9 }, (_, d): [bigint, bigint] => [BigInt(n), BigInt(d + 1)]),
      );
      const [numerators, denominators] = [0, 1].map((side) => pairs.map((pair) => pair[side]));
      const bounds = (low: bigint, high: bigint) => ({ low: pairs.map(() => low), high: pairs.map(() => high) });
      const operands = [bounds(-8n, 8n), bounds(1n, 9n)];
      await expectAgreement(draw, divide, node(3), operands, {}, [numerators, denominators]);
      const fixed = [bounds(-8n, 8n), { low: denominators, high: denominators }];
      await expectAgreement(draw, divide, node(3), fixed, {}, [numerators, denominators]);
    }));

  it("need no range check of their own where their readers bound them", () =>
    sampled(2, async (draw) => {
      const operands = [drawInterval(draw, 8, boundsWithin(16)), drawInterval(draw, 8, boundsWithin(16, 1n))];
      const result = divide.interval(node(7), operands);
      await expectAgreement(draw, divide, node(7), operands, { result });
    }));

  it("cost a constraint a bit of the denominator twice, and a bit of the quotient", () => {
    expect(costOf(1, of(-128n, 127n), of(1n, 256n))).to.equal(1 + 9 + 8 + 8);
    expect(costOf(1, of(-128n, 127n), of(1n, 256n), of(-128n, 127n))).to.equal(1 + 9 + 8);
    expect(costOf(1, of(0n, 255n), of(8n, 8n))).to.equal(3 + 6);
    expect(costOf(1, of(0n, 255n), of(9n, 9n))).to.equal(4 + 4 + 5);
    // 6 / 4 is 3 / 2.
    expect(costOf(6, of(0n, 255n), of(4n, 4n))).to.equal(1 + 9);
    expect(costOf(12, of(0n, 255n), of(4n, 4n))).to.equal(1);
    expect(costOf(4, of(0n, 255n), of(4n, 4n))).to.equal(0);
    expect(costOf(1, of(0n, 3n), of(8n, 9n))).to.equal(0);
  });

  it("are bounded by their own check, or not at all", () => {
    const operands = [of(-128n, 127n), of(1n, 256n)];
    const any = unbounded(1);
    const own = divide.boundResult(node(1), operands, [any, any], any);
    expect(own).to.deep.equal(of(-128n, 127n));
    const readers = divide.boundResult(node(1), operands, [any, any], of(-300n, 300n));
    expect(readers).to.deep.equal(any);
    expect(divide.boundOperands(node(1), operands, any)).to.deep.equal([any, of(1n, 511n)]);
    const times = divide.boundResult(node(6), [of(-1n, 1n), of(2n, 2n)], [of(-5n, 4n), any], any);
    expect(times).to.deep.equal(of(-15n, 12n));
    expect(FIELD).to.equal(any.high[0]);
  });

  it("want denominators from 1, a divisor of the numerators' count, and numbers that fit the field", () => {
    const refuse = (multiplier: number): void => {
      const message = `kernel q (Divide): multiplier ${multiplier}: want an integer from 1`;
      expect(() => divide.requireAttributes(node(multiplier))).to.throw(InputError, message);
    };
    refuse(0);
    refuse(0.5);
    refuse(2 ** 53);
    const positive = "denominator of element 0 can be 0, want at least 1";
    expect(() => divide.interval(node(1), [of(0n, 1n), of(0n, 5n)])).to.throw(InputError, positive);
    expect(() => divide.reference(node(1), [[1n], [0n]])).to.throw(InputError, positive);
    const two = { low: [1n, 1n], high: [2n, 2n] };
    expect(() => divide.interval(node(1), [of(0n, 1n), two])).to.throw(
      InputError,
      "got 2 denominators of 1 numerators",
    );
    expect(() => costOf(1, of(0n, 1n << 251n), of(1n, 1n << 100n))).to.throw(InputError, "would wrap around the field");
  });
});

/** The remainder's lowest bit, under the name that the compiler keeps. */
const LOWEST = "v.complement.terms[3]";
const REMAINDER_BITS = [LOWEST, ...names("v.remainder.lower", 4).slice(1)];
const remainderBits = (value: bigint): Record<string, bigint> =>
  Object.fromEntries(REMAINDER_BITS.map((name, index) => [name, (value >> BigInt(index)) & 1n]));
const REMAINDER = ["n", "d", "v.product"];
const VARIABLE_REMAINDER = over([...REMAINDER, ...REMAINDER_BITS]);
const VARIABLE_COMPLEMENT = over([...REMAINDER, ...names("v.complement.lower", 3), LOWEST]);
/** What a prover claims of n / d: u = 2n + d − 2d · quotient, and what floor(u / 2) leaves of d − 1. */
const claim = (n: bigint, d: bigint, quotient: bigint): Record<string, bigint> => {
  const remainder = 2n * n + d - 2n * d * quotient;
  return {
    variable: quotient,
    "v.product": d * quotient,
    ...remainderBits(remainder),
    ...bits("v.complement.lower", 3, d - 1n - (remainder >> 1n)),
    ...bits("v.range.lower", 4, quotient + 16n),
  };
};

describeForgeries(
  "Divide",
  {
    includes: ["FixedQuotient.circom", "VariableQuotient.circom"],
    body: `
      // d <= 16, quotients from -16 to 15
      signal input n;
      signal input d;
      component v = VariableQuotient(1, 4, -16, 5);
      v.numerator <== n;
      v.denominator <== d;
      signal output variable <== v.quotient;
      signal input m;
      component f = FixedQuotient(3, 10, 4, -16, 5);
      f.numerator <== m;
      signal output fixed <== f.quotient;`,
    honest: { n: 23n, d: 9n, m: 23n },
  },
  {
    "a quotient one too large, the remainder negative": {
      // 2 · 21 + 9 − 18 · 3 = −3
      inputs: { n: 21n },
      edits: claim(21n, 9n, 3n),
      guard: VARIABLE_REMAINDER,
    },
    "a quotient one too small, the remainder too large": {
      // 2 · 23 + 9 − 18 · 2 = 19 fits the remainder's five bits, but not below 2d.
      edits: claim(23n, 9n, 2n),
      guard: VARIABLE_COMPLEMENT,
    },
    "a tie rounded down": { inputs: { n: 5n, d: 2n }, edits: claim(5n, 2n, 2n), guard: VARIABLE_COMPLEMENT },
    "a negative tie rounded away from zero": {
      inputs: { n: -5n, d: 2n },
      edits: claim(-5n, 2n, -3n),
      guard: VARIABLE_COMPLEMENT,
    },
    "the quotient of a division in the field": {
      // Without a remainder: 2d · quotient = 2n + d modulo p.
      edits: {
        ...claim(23n, 9n, mod(55n * invert(18n))),
        ...remainderBits(0n),
        ...bits("v.complement.lower", 3, 0n),
      },
      guard: over(["variable", ...names("v.range.lower", 4)]),
    },
    "a quotient one too small, the lowest bit of the remainder 3": {
      // 19 = 3 + 16, and 3 taken away from it leaves twice 8.
      edits: { ...claim(23n, 9n, 2n), ...remainderBits(16n), [LOWEST]: 3n, ...bits("v.complement.lower", 3, 0n) },
      guard: over([LOWEST]),
    },
    "a remainder's digit that is no bit": {
      // 2 · 25 + 9 − 18 · 3 = 5 = 1 + 2 · 2
      inputs: { n: 25n },
      edits: { ...remainderBits(1n), "v.remainder.lower[1]": 2n },
      guard: over(["v.remainder.lower[1]"]),
    },
    "the product with another quotient": {
      edits: { variable: 4n, ...bits("v.range.lower", 4, 20n) },
      guard: over(["d"], ["variable"]),
    },
    "by a constant: a quotient one too large": {
      // 69 + 5 − 80
      edits: {
        fixed: 8n,
        ...bits("f.remainder.lower", 3, -6n),
        ...bits("f.complement.lower", 3, 15n),
        ...bits("f.range.lower", 4, 24n),
      },
      guard: over(["m", "fixed", ...names("f.remainder.lower", 3)]),
    },
    "by a constant: a quotient one too small": {
      // 69 + 5 − 60 = 14
      edits: {
        fixed: 6n,
        ...bits("f.remainder.lower", 3, 14n),
        ...bits("f.complement.lower", 3, -5n),
        ...bits("f.range.lower", 4, 22n),
      },
      guard: over(["m", "fixed", ...names("f.complement.lower", 3)]),
    },
    "by a constant: the quotient of a division in the field": {
      // Without a remainder: 10 · quotient = 74 modulo p.
      edits: {
        fixed: mod(74n * invert(10n)),
        ...bits("f.remainder.lower", 3, 0n),
        ...bits("f.complement.lower", 3, 9n),
      },
      guard: over(["fixed", ...names("f.range.lower", 4)]),
    },
    "by a constant: the bits of the quotient + p": {
      edits: bits("f.range.lower", 4, 23n + SCALAR_ORDER),
      guard: over(["fixed", ...names("f.range.lower", 4)]),
    },
  },
);
