import { MAX_ELEMENT_BITS } from "../codec/codec.ts";
import { InputError } from "../errors.ts";
import type { RootNode } from "../ir/integerGraph.ts";
import { requireIntegers } from "../ir/requireIntegers.ts";
import { bitLength } from "./bitLength.ts";
import { ANYTHING, type Bounds, asGuarantee, boundsAt, isConstant, toInterval } from "./bounds.ts";
import type { Interval, Kernel } from "./kernel.ts";
import { planFunction } from "./planFunction.ts";

/** A root of `bits` bits, or the constant that it always is where there are none. */
interface ElementPlan {
  readonly bits: number;
  readonly constant: bigint;
}

/** Square roots rounded down, element by element: 2 · bits + 2 constraints for a root of that many bits. */
export const root: Kernel<RootNode> = {
  operands: ({ input }) => [input],

  requireAttributes: ({ name, multiplier }) => requireIntegers(`kernel ${name} (Root): multiplier`, [multiplier], 1),

  reference: (node, [input]) => input.map((value, index) => rootAt(node, value, index)),

  /** Exact, the root being monotone. Throws InputError where an operand could be negative. */
  interval: (node, [operand]) => toInterval(operand.low.map((_, index) => boundRoot(node, operand, index))),

  /** The root is a sum of two numbers of `bits` bits and one more bit, whatever the operand. */
  boundResult(node, [operand]) {
    const bounds = planElements(node, operand).map(({ bits, constant }): Bounds =>
      bits === 0 ? { low: constant, high: constant } : { low: 0n, high: greatestProven(bits) },
    );
    return toInterval(bounds);
  },

  /** multiplier · in is the square of such a root and a number of bits + 1 bits; other multiples than 1 bound no operand. */
  boundOperands(node, [operand]) {
    const bounds = planElements(node, operand).map(({ bits }): Bounds => {
      if (bits === 0 || node.multiplier !== 1) return ANYTHING;
      return asGuarantee({ low: 0n, high: greatestProven(bits) ** 2n + (2n << BigInt(bits)) - 1n });
    });
    return [toInterval(bounds)];
  },

  cost: (node, [operand]) => ({
    nonlinear: planElements(node, operand).reduce((sum, { bits }) => sum + (bits === 0 ? 0 : 2 * bits + 2), 0),
    linear: 0,
  }),

  emit(node, [operand]) {
    const { output, input, multiplier } = node;
    const plans = planElements(node, operand);
    const parameters = `${plans.length}, ${multiplier}, ${output}_plan()`;
    return {
      includes: ["Root.circom"],
      declarations: planFunction(
        `${output}_plan`,
        plans.map(({ bits, constant }) => [bits, constant]),
      ),
      statements: `signal ${output}[${plans.length}] <== Root(${parameters})(${input});`,
    };
  },
};

/** What the constraints of a root of `bits` bits let through: see circuits/lib/IntegerRoot.circom. */
const greatestProven = (bits: number): bigint => (2n << BigInt(bits)) - 1n;

function rootAt({ name, multiplier }: RootNode, value: bigint, index: number): bigint {
  if (value >= 0n) return integerRoot(BigInt(multiplier) * value);
  throw new InputError(`kernel ${name} (Root): element ${index} can be ${value}, want at least 0`);
}

/** floor(√value), by Newton's method from above. */
function integerRoot(value: bigint): bigint {
  if (value < 2n) return value;
  let guess = 1n << BigInt(Math.ceil(bitLength(value) / 2));
  for (;;) {
    const next = (guess + value / guess) >> 1n;
    if (next >= guess) return guess;
    guess = next;
  }
}

const boundRoot = (node: RootNode, { low, high }: Interval, index: number): Bounds => ({
  low: rootAt(node, low[index], index),
  high: rootAt(node, high[index], index),
});

function planElements(node: RootNode, operand: Interval): ElementPlan[] {
  return operand.low.map((_, index) => {
    const result = boundRoot(node, operand, index);
    if (isConstant(result)) return { bits: 0, constant: result.low };
    const bits = bitLength(result.high);
    // The square of a root that the bits let through must not wrap around the field.
    if (2 * bits + 2 <= MAX_ELEMENT_BITS) return { bits, constant: 0n };
    throw new InputError(
      `kernel ${node.name} (Root): element ${index} times ${node.multiplier} takes ` +
        `${bitLength(BigInt(node.multiplier) * boundsAt(operand, index).high)} bits, want at most ${MAX_ELEMENT_BITS - 2}`,
    );
  });
}
