import { MAX_ELEMENT_BITS } from "../codec/codec.ts";
import { InputError } from "../errors.ts";
import type { RequantiseNode } from "../ir/integerGraph.ts";
import { requireIntegers } from "../ir/requireIntegers.ts";
import { bitLength } from "./bitLength.ts";
import { constantFunction, matrixLiteral } from "./circomText.ts";
import { FIELD, type Interval, type Kernel } from "./kernel.ts";

/** Forms of an element in circuits/lib/Requantise.circom, cheapest first. */
const FORM = { constant: 0, exact: 1, under: 2, above: 3, both: 4 } as const;

/** How the circuit computes one element; `shift` and `width` in bits, `base` the constant or the least quotient. */
interface ElementPlan {
  readonly form: number;
  readonly shift: number;
  readonly width: number;
  readonly base: bigint;
}

/** Rounding shift with saturation; the lower bound 0 is a fused ReLU. */
export const requantise: Kernel<RequantiseNode> = {
  operands: ({ input }) => [input],

  requireAttributes({ name, shifts, bits }) {
    const where = `kernel ${name} (Requantise):`;
    requireIntegers(`${where} number of shifts`, [shifts.length], 1);
    requireIntegers(`${where} shift`, shifts, 0, MAX_ELEMENT_BITS);
    requireIntegers(`${where} bits`, [bits], 1, MAX_ELEMENT_BITS);
  },

  reference: (node, [input]) => rescaleAll(node, input),

  /** Exact, the function being monotone. */
  interval: (node, [{ low, high }]) => ({ low: rescaleAll(node, low), high: rescaleAll(node, high) }),

  boundResult(node, [operand], [guaranteed]) {
    const plans = planElements(node, operand);
    return intervalOf(
      plans.map((plan, index) => resultBounds(node, plan, [guaranteed.low[index], guaranteed.high[index]])),
    );
  },

  boundOperands(node, [operand], result) {
    const plans = planElements(node, operand);
    return [intervalOf(plans.map((plan, index) => operandBounds(node, plan, [result.low[index], result.high[index]])))];
  },

  copies: (node, [operand]) =>
    planElements(node, operand).map(({ form, shift }, index) => (form === FORM.exact && shift === 0 ? index : -1)),

  cost: (node, [operand]) => ({
    nonlinear: planElements(node, operand).reduce((sum, plan) => sum + elementCost(plan), 0),
    linear: 0,
  }),

  emit(node, [operand]) {
    const { input, output, bits } = node;
    const plans = planElements(node, operand);
    const parameters = `${plans.length}, ${bits}, ${leastOf(node)}, ${output}_plan()`;
    const rows = plans.map(({ form, shift, width, base }) => [form, shift, width, base]);
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

/** The shift of each of `count` elements. */
function shiftAt({ name, shifts }: RequantiseNode, count: number): (index: number) => number {
  const part = count / shifts.length;
  if (Number.isInteger(part)) return (index) => shifts[Math.floor(index / part)];
  throw new InputError(
    `kernel ${name} (Requantise): got ${shifts.length} shifts for ${count} elements, want equal parts`,
  );
}

function rescaleAll(node: RequantiseNode, values: readonly bigint[]): bigint[] {
  const shift = shiftAt(node, values.length);
  return values.map((value, index) => rescale(node, shift(index), value));
}

function rescale(node: RequantiseNode, shift: number, value: bigint): bigint {
  const least = leastOf(node);
  const greatest = least + (1n << BigInt(node.bits)) - 1n;
  const quotient = (value + roundingTerm(shift)) >> BigInt(shift);
  return quotient < least ? least : quotient > greatest ? greatest : quotient;
}

function planElements(node: RequantiseNode, { low, high }: Interval): ElementPlan[] {
  const shift = shiftAt(node, low.length);
  return low.map((least, index) => planElement(node, shift(index), least, high[index], index));
}

/** The cheapest form that the interval [low, high] of the operand's element allows. */
function planElement(node: RequantiseNode, shift: number, low: bigint, high: bigint, index: number): ElementPlan {
  const { bits } = node;
  const [first, last] = [rescale(node, shift, low), rescale(node, shift, high)];
  if (first === last) return { form: FORM.constant, shift, width: 0, base: first };
  // t of circuits/lib/SaturatingShift.circom: the result saturates where t is outside [0, limit).
  const offset = offsetOf(node, shift);
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
  if (canBeUnder) return { form: canBeAbove ? FORM.both : FORM.under, shift, width, base: 0n };
  if (canBeAbove) return { form: FORM.above, shift, width, base: 0n };
  return { form: FORM.exact, shift, width: bitLength(last - first), base: first };
}

/** What SaturatingShift adds to its input: t = in + offset. */
const offsetOf = (node: RequantiseNode, shift: number): bigint =>
  roundingTerm(shift) - (leastOf(node) << BigInt(shift));

function elementCost({ form, shift, width }: ElementPlan): number {
  if (form === FORM.constant) return 0;
  if (form === FORM.exact) return shift === 0 ? 0 : shift + width;
  return form === FORM.both ? width + 3 : width + 2;
}

type Bounds = readonly [low: bigint, high: bigint];

const intervalOf = (bounds: readonly Bounds[]): Interval => ({
  low: bounds.map(([low]) => low),
  high: bounds.map(([, high]) => high),
});

/**
 * What the constraints of one element say of its result. RoundingShift range-checks the quotient. SaturatingShift
 * gives `least` or the greatest result where it claims saturation (a boolean), else `least` and the upper of the at most
 * shift + bits bits of z that are then not 0.
 */
function resultBounds(node: RequantiseNode, { form, shift, width, base }: ElementPlan, operand: Bounds): Bounds {
  if (form === FORM.constant) return [base, base];
  if (form === FORM.exact) return shift === 0 ? operand : [base, base + (1n << BigInt(width)) - 1n];
  const least = leastOf(node);
  const resultBits = form === FORM.under ? Math.min(width - shift, node.bits) : node.bits;
  return [least, least + (1n << BigInt(resultBits)) - 1n];
}

/**
 * What the constraints of one element say of its operand. RoundingShift: quotient · 2^shift + remainder less the
 * rounding term, both range-checked. SaturatingShift: t lies below 0 by at most 2^width, or in [0, 2^(shift + bits)) and
 * below 2^width if it cannot be above, or beyond that by less than 2^width. A constant looks at no operand.
 */
function operandBounds(node: RequantiseNode, { form, shift, width, base }: ElementPlan, result: Bounds): Bounds {
  if (form === FORM.constant) return [-FIELD, FIELD];
  if (form === FORM.exact && shift === 0) return result;
  if (form === FORM.exact) {
    const start = (base << BigInt(shift)) - roundingTerm(shift);
    return [start, start + (1n << BigInt(shift + width)) - 1n];
  }
  const offset = offsetOf(node, shift);
  const span = 1n << BigInt(width);
  const limit = 1n << BigInt(shift + node.bits);
  const ordinary = form === FORM.under && span < limit ? span : limit;
  const low = form === FORM.above ? 0n : -span;
  const high = form === FORM.under ? ordinary : limit + span;
  return [low - offset, high - 1n - offset];
}
