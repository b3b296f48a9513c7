import { MAX_ELEMENT_BITS } from "../codec/codec.ts";
import { InputError } from "../errors.ts";
import type { RequantiseNode } from "../ir/integerGraph.ts";
import { bitLength } from "./bitLength.ts";
import { constantFunction, matrixLiteral } from "./circomText.ts";
import type { Interval, Kernel } from "./kernel.ts";

/** Forms of an element in circuits/lib/Requantise.circom, cheapest first. */
const FORM = { constant: 0, exact: 1, under: 2, above: 3, both: 4 } as const;

/** How the circuit computes one element; `width` in bits, `base` the constant or the least quotient. */
interface ElementPlan {
  readonly form: number;
  readonly width: number;
  readonly base: bigint;
}

/** Rounding shift with saturation; the lower bound 0 is a fused ReLU. */
export const requantise: Kernel<RequantiseNode> = {
  operands: ({ input }) => [input],

  reference: (node, [input]) => input.map((value) => rescale(node, value)),

  /** Exact, the function being monotone. */
  interval: (node, [{ low, high }]) => ({
    low: low.map((value) => rescale(node, value)),
    high: high.map((value) => rescale(node, value)),
  }),

  cost: (node, [operand]) => ({
    nonlinear: planElements(node, operand).reduce((sum, plan) => sum + elementCost(node, plan), 0),
    linear: 0,
  }),

  emit(node, [operand]) {
    const { input, output, shift, bits } = node;
    const plans = planElements(node, operand);
    const parameters = `${plans.length}, ${shift}, ${bits}, ${leastOf(node)}, ${output}_plan()`;
    const rows = plans.map(({ form, width, base }) => [form, width, base]);
    return {
      includes: ["Requantise.circom"],
      declarations: constantFunction(`${output}_plan`, matrixLiteral(rows)),
      statements: `signal ${output}[${plans.length}] <== Requantise(${parameters})(${input});`,
    };
  },
};

/** The term that makes the floor of the shift round half up. */
const roundingTerm = (shift: number): bigint => (shift === 0 ? 0n : 1n << BigInt(shift - 1));

/** Least value of the result. */
const leastOf = ({ bits, signed }: RequantiseNode): bigint => (signed ? -(1n << BigInt(bits - 1)) : 0n);

function rescale(node: RequantiseNode, value: bigint): bigint {
  const least = leastOf(node);
  const greatest = least + (1n << BigInt(node.bits)) - 1n;
  const quotient = (value + roundingTerm(node.shift)) >> BigInt(node.shift);
  return quotient < least ? least : quotient > greatest ? greatest : quotient;
}

const planElements = (node: RequantiseNode, { low, high }: Interval): ElementPlan[] =>
  low.map((least, index) => planElement(node, least, high[index], index));

/** The cheapest form that the interval [low, high] of the operand's element allows. */
function planElement(node: RequantiseNode, low: bigint, high: bigint, index: number): ElementPlan {
  const { shift, bits } = node;
  const [first, last] = [rescale(node, low), rescale(node, high)];
  if (first === last) return { form: FORM.constant, width: 0, base: first };
  // t of circuits/lib/SaturatingShift.circom: the result saturates where t is outside [0, limit).
  const offset = roundingTerm(shift) - (leastOf(node) << BigInt(shift));
  const [tLow, tHigh, limit] = [low + offset, high + offset, 1n << BigInt(shift + bits)];
  const canBeUnder = tLow < 0n;
  const canBeAbove = tHigh >= limit;
  const width = Math.max(
    canBeUnder ? bitLength(-tLow - 1n) : 0,
    canBeAbove ? Math.max(shift + bits, bitLength(tHigh - limit)) : bitLength(tHigh),
  );
  if (Math.max(width, shift + bits) >= MAX_ELEMENT_BITS) {
    throw new InputError(
      `kernel ${node.name} (Requantise): element ${index} spans ${low} to ${high}, want span and shift + bits below ${MAX_ELEMENT_BITS} bits`,
    );
  }
  if (canBeUnder) return { form: canBeAbove ? FORM.both : FORM.under, width, base: 0n };
  if (canBeAbove) return { form: FORM.above, width, base: 0n };
  return { form: FORM.exact, width: bitLength(last - first), base: first };
}

function elementCost({ shift }: RequantiseNode, { form, width }: ElementPlan): number {
  if (form === FORM.constant) return 0;
  if (form === FORM.exact) return shift === 0 ? 0 : shift + width;
  return form === FORM.both ? width + 3 : width + 2;
}
