import { MAX_ELEMENT_BITS } from "../codec/codec.ts";
import { InputError } from "../errors.ts";
import type { DivideNode } from "../ir/integerGraph.ts";
import { requireIntegers } from "../ir/requireIntegers.ts";
import { bitLength } from "./bitLength.ts";
import { ANYTHING, type Bounds, asGuarantee, boundsAt, greatestOf, hullOf, isConstant, toInterval } from "./bounds.ts";
import { affineRows } from "./circomText.ts";
import { type Cost, FIELD, type Guarantees, type Interval, type Kernel, unbounded } from "./kernel.ts";
import { planFunction } from "./planFunction.ts";

/** Forms of an element in circuits/lib/Divide.circom. */
const FORM = { constant: 0, multiple: 1, fixed: 2, variable: 3 } as const;

/** How the circuit computes one element: floor((2 · multiplier · numerator + d) / (2 · d)). */
interface ElementPlan {
  readonly form: number;
  readonly multiplier: bigint;
  /** The denominator of the form `fixed`. */
  readonly denominator: bigint;
  /** Bits of the greatest denominator less one. */
  readonly denominatorBits: number;
  /** Least quotient, or the constant. */
  readonly least: bigint;
  /** Quotients lie in [least, least + 2^quotientBits); 0 where those who read the quotient bound it well enough. */
  readonly quotientBits: number;
}

/** Quotients rounded half up, element by element: quotient and remainder both bounded. */
export const divide: Kernel<DivideNode> = {
  operands: ({ numerator, denominator }) => [numerator, denominator],

  requireAttributes: ({ name, multiplier }) => requireIntegers(`kernel ${name} (Divide): multiplier`, [multiplier], 1),

  reference(node, [numerator, denominator]) {
    const sharers = sharersOf(node, numerator.length, denominator.length);
    return numerator.map((value, index) => {
      const divisor = denominator[Math.floor(index / sharers)];
      requirePositive(node, divisor, index);
      return quotientOf(BigInt(node.multiplier) * value, divisor);
    });
  },

  /** Exact for independent elements. Throws InputError where a denominator could be below 1. */
  interval: (node, operands) => toInterval(elementsOf(node, operands).map(({ quotient }) => quotient)),

  /** A quotient that has a range check of its own is bounded by it, whatever the operands. */
  boundResult(node, operands, guaranteed, result) {
    const bounds = planElements(node, operands, result).map((plan, index): Bounds => {
      const { form, multiplier, least, quotientBits } = plan;
      if (form === FORM.constant) return { low: least, high: least };
      if (form !== FORM.multiple)
        return quotientBits === 0 ? ANYTHING : { low: least, high: least + (1n << BigInt(quotientBits)) - 1n };
      const { low, high } = boundsAt(guaranteed[0], index);
      return asGuarantee({ low: multiplier * low, high: multiplier * high });
    });
    return toInterval(bounds);
  },

  /**
   * A variable denominator d is the sum of 1, of half the remainder rounded down and of what that half leaves of d − 1,
   * both proven to have denominatorBits. Of a numerator, only a multiple of it is bounded.
   */
  boundOperands(node, operands, result) {
    const [numerator, denominator] = operands;
    const sharers = numerator.low.length / denominator.low.length;
    const plans = planElements(node, operands, result);
    const bounds = denominator.low.map((_, index): Bounds => {
      const own = plans.slice(index * sharers, (index + 1) * sharers).find(({ form }) => form === FORM.variable);
      return own === undefined ? ANYTHING : { low: 1n, high: (2n << BigInt(own.denominatorBits)) - 1n };
    });
    return [unbounded(numerator.low.length), toInterval(bounds)];
  },

  copies: (node, operands) =>
    planElements(node, operands, divide.interval(node, operands)).map(({ form, multiplier }, index) =>
      form === FORM.multiple && multiplier === 1n ? index : -1,
    ),

  cost(node, operands, { result }) {
    const costs = planElements(node, operands, result).map(elementCost);
    return {
      nonlinear: costs.reduce((sum, { nonlinear }) => sum + nonlinear, 0),
      linear: costs.reduce((sum, { linear }) => sum + linear, 0),
    };
  },

  emit(node, operands, { result }: Guarantees) {
    const { output, numerator, denominator } = node;
    const plans = planElements(node, operands, result);
    const parameters = `${plans.length}, ${operands[1].low.length}, ${output}_plan()`;
    return {
      includes: ["Divide.circom"],
      declarations: planFunction(`${output}_plan`, plans.map(planRow)),
      statements: `signal ${output}[${plans.length}] <== Divide(${parameters})(${numerator}, ${denominator});`,
    };
  },
};

const planRow = (plan: ElementPlan): (number | bigint)[] => [
  plan.form,
  plan.multiplier,
  plan.denominator,
  plan.denominatorBits,
  plan.least,
  plan.quotientBits,
];

/** Numerators in a row that share a denominator. */
function sharersOf({ name }: DivideNode, numerators: number, denominators: number): number {
  if (denominators > 0 && numerators % denominators === 0) return numerators / denominators;
  throw new InputError(
    `kernel ${name} (Divide): got ${denominators} denominators of ${numerators} numerators, want a divisor of their number`,
  );
}

function requirePositive({ name }: DivideNode, least: bigint, index: number): void {
  if (least >= 1n) return;
  throw new InputError(`kernel ${name} (Divide): denominator of element ${index} can be ${least}, want at least 1`);
}

/** floor(numerator / denominator + 1/2) for a positive denominator. */
function quotientOf(numerator: bigint, denominator: bigint): bigint {
  const [dividend, divisor] = [2n * numerator + denominator, 2n * denominator];
  const truncated = dividend / divisor;
  return dividend < 0n && truncated * divisor !== dividend ? truncated - 1n : truncated;
}

/** What is proven of each element. */
interface Element {
  readonly numerator: Bounds;
  readonly denominator: Bounds;
  readonly quotient: Bounds;
}

function elementsOf(node: DivideNode, [numerators, denominators]: readonly Interval[]): Element[] {
  const sharers = sharersOf(node, numerators.low.length, denominators.low.length);
  return numerators.low.map((_, index) => {
    const numerator = boundsAt(numerators, index);
    const denominator = boundsAt(denominators, Math.floor(index / sharers));
    requirePositive(node, denominator.low, index);
    const corners = [numerator.low, numerator.high].flatMap((value) =>
      [denominator.low, denominator.high].map((divisor) => quotientOf(BigInt(node.multiplier) * value, divisor)),
    );
    return { numerator, denominator, quotient: hullOf(corners.map((value) => ({ low: value, high: value }))) };
  });
}

const planElements = (node: DivideNode, operands: readonly Interval[], result: Interval): ElementPlan[] =>
  elementsOf(node, operands).map((element, index) => planElement(node, element, boundsAt(result, index), index));

function planElement(node: DivideNode, element: Element, forced: Bounds, index: number): ElementPlan {
  const { denominator, quotient } = element;
  const factor = greatestCommonDivisor(BigInt(node.multiplier), isConstant(denominator) ? denominator.low : 1n);
  const [multiplier, divisor] = [BigInt(node.multiplier) / factor, denominator.high / factor];
  const denominatorBits = bitLength(divisor - 1n);
  const plan = { multiplier, denominator: divisor, denominatorBits, least: quotient.low, quotientBits: 0 };
  if (isConstant(quotient)) return { ...plan, form: FORM.constant };
  if (divisor === 1n) return { ...plan, form: FORM.multiple };
  const form = isConstant(denominator) ? FORM.fixed : FORM.variable;
  if (neverWraps(plan, element.numerator, forced)) return { ...plan, form };
  const quotientBits = bitLength(quotient.high - quotient.low);
  const checked = { low: quotient.low, high: quotient.low + (1n << BigInt(quotientBits)) - 1n };
  if (quotientBits <= MAX_ELEMENT_BITS && neverWraps(plan, element.numerator, checked))
    return { ...plan, form, quotientBits };
  throw new InputError(
    `kernel ${node.name} (Divide): element ${index} has numerators of ${bitLength(reachOf(element.numerator))} bits, ` +
      `denominators of ${bitLength(denominator.high)} and quotients of ${bitLength(reachOf(quotient))}: ` +
      "products of them would wrap around the field, want fewer bits",
  );
}

/**
 * For every quotient inside `quotient`, both sides of 2 · multiplier · n + d = 2 · d · quotient + remainder are so small
 * that they are equal as integers where they are as field elements.
 */
function neverWraps(
  { multiplier, denominator }: Omit<ElementPlan, "form">,
  numerator: Bounds,
  quotient: Bounds,
): boolean {
  // The remainder's check lets through less than 4 · denominator.
  const reach = multiplier * reachOf(numerator) + denominator * (reachOf(quotient) + 3n);
  return 2n * reach <= FIELD;
}

const reachOf = ({ low, high }: Bounds): bigint => greatestOf([-low, low, -high, high]);

function greatestCommonDivisor(left: bigint, right: bigint): bigint {
  return right === 0n ? left : greatestCommonDivisor(right, left % right);
}

function elementCost({ form, multiplier, denominator, denominatorBits, quotientBits }: ElementPlan): Cost {
  if (form === FORM.constant) return { nonlinear: 0, linear: 0 };
  if (form === FORM.multiple) return { nonlinear: 0, linear: affineRows([multiplier], 0) };
  if (form === FORM.variable)
    return { nonlinear: 1 + (denominatorBits + 1) + denominatorBits + quotientBits, linear: 0 };
  const isPower = denominator === 1n << BigInt(denominatorBits);
  return { nonlinear: (isPower ? 1 : 2) * denominatorBits + quotientBits, linear: 0 };
}
