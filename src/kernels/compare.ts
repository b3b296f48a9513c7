import { MAX_ELEMENT_BITS } from "../codec/codec.ts";
import { InputError } from "../errors.ts";
import { mod } from "../field.ts";
import type { CompareNode } from "../ir/integerGraph.ts";
import { bitLength } from "./bitLength.ts";
import { ANYTHING, type Bounds, boundsAt, greatestOf, hullOf, isConstant, toInterval } from "./bounds.ts";
import { affineRows } from "./circomText.ts";
import { interpolate } from "./interpolate.ts";
import type { Cost, Interval, Kernel } from "./kernel.ts";
import { planFunction } from "./planFunction.ts";

/** Forms of an element in circuits/lib/Compare.circom. */
const FORM = { constant: 0, polynomial: 1, nonNegative: 2, equal: 3, different: 4 } as const;

/** How the circuit computes one element; see circuits/lib/Compare.circom for what `numbers` are. */
interface ElementPlan {
  readonly form: number;
  readonly numbers: readonly [bigint, bigint, bigint];
}

/** The most values of an operand whose comparison is a polynomial without a product of its own to prove it. */
const POLYNOMIAL_LIMIT = 3n;

/** Signs and zeros, element by element, as 0 or 1. */
export const compare: Kernel<CompareNode> = {
  operands: ({ input }) => [input],

  requireAttributes({ name, relation }) {
    if (relation === "nonNegative" || relation === "zero") return;
    throw new InputError(`kernel ${name} (Compare): relation ${relation}: want nonNegative or zero`);
  },

  reference: (node, [input]) => input.map((value) => holds(node, value)),

  /** Exact. */
  interval: (node, [operand]) =>
    toInterval(operand.low.map((_, index) => boundRelation(node, boundsAt(operand, index)))),

  /**
   * A sign's boolean has a constraint of its own. A zero test x · y = 1 − z, x · z = 0 leaves z = 0 unless x is 0, and
   * then 1. A polynomial is what it is at the integers it was made for, and unknown elsewhere.
   */
  boundResult(node, [operand], [guaranteed]) {
    const bounds = planElements(node, operand).map(({ form, numbers }, index): Bounds => {
      if (form === FORM.constant) return { low: numbers[0], high: numbers[0] };
      if (form !== FORM.polynomial) return { low: 0n, high: 1n };
      const [made, known] = [boundsAt(operand, index), boundsAt(guaranteed, index)];
      return known.low >= made.low && known.high <= made.high ? boundRelation(node, known) : ANYTHING;
    });
    return toInterval(bounds);
  },

  /** A sign is proven by width bits of x + 2^width · (1 − sign), whatever x; a zero test says nothing of other numbers. */
  boundOperands(node, [operand]) {
    const bounds = planElements(node, operand).map(({ form, numbers: [width] }): Bounds => {
      const limit = 1n << width;
      return form === FORM.nonNegative ? { low: -limit, high: limit - 1n } : ANYTHING;
    });
    return [toInterval(bounds)];
  },

  cost(node, [operand]) {
    const costs = planElements(node, operand).map(elementCost);
    return {
      nonlinear: costs.reduce((sum, { nonlinear }) => sum + nonlinear, 0),
      linear: costs.reduce((sum, { linear }) => sum + linear, 0),
    };
  },

  emit(node, [operand]) {
    const { output, input } = node;
    const plans = planElements(node, operand);
    return {
      includes: ["Compare.circom"],
      declarations: planFunction(
        `${output}_plan`,
        plans.map(({ form, numbers }) => [form, ...numbers]),
      ),
      statements: `signal ${output}[${plans.length}] <== Compare(${plans.length}, ${output}_plan())(${input});`,
    };
  },
};

const holds = ({ relation }: CompareNode, value: bigint): bigint =>
  (relation === "zero" ? value === 0n : value >= 0n) ? 1n : 0n;

function boundRelation(node: CompareNode, { low, high }: Bounds): Bounds {
  const ends = [holds(node, low), holds(node, high)].map((value) => ({ low: value, high: value }));
  const isInside = node.relation === "zero" && low < 0n && high > 0n;
  return isInside ? { low: 0n, high: 1n } : hullOf(ends);
}

const planElements = (node: CompareNode, operand: Interval): ElementPlan[] =>
  operand.low.map((_, index) => planElement(node, boundsAt(operand, index), index));

function planElement(node: CompareNode, operand: Bounds, index: number): ElementPlan {
  const { low, high } = operand;
  const result = boundRelation(node, operand);
  if (isConstant(result)) return { form: FORM.constant, numbers: [result.low, 0n, 0n] };
  if (high - low < POLYNOMIAL_LIMIT) return { form: FORM.polynomial, numbers: quadratic(node, operand) };
  if (node.relation === "zero" || high === 0n) return { form: FORM.equal, numbers: [0n, 0n, 0n] };
  if (low === -1n) return { form: FORM.different, numbers: [-1n, 0n, 0n] };
  const width = bitLength(greatestOf([high, -low - 1n]));
  if (width <= MAX_ELEMENT_BITS) return { form: FORM.nonNegative, numbers: [BigInt(width), 0n, 0n] };
  throw new InputError(
    `kernel ${node.name} (Compare): element ${index} spans ${low} to ${high}, want at most ${MAX_ELEMENT_BITS} bits and a sign`,
  );
}

/** The comparison as a polynomial in x − low over the scalar field, coefficients of 1, x and x². */
function quadratic(node: CompareNode, { low, high }: Bounds): [bigint, bigint, bigint] {
  const values = Array.from({ length: Number(high - low) + 1 }, (_, index) => holds(node, low + BigInt(index)));
  const [constant, first = 0n, second = 0n] = interpolate(values);
  // In x itself, so that a lone x costs nothing.
  return [mod(constant - first * low + second * low * low), mod(first - 2n * second * low), second];
}

function elementCost({ form, numbers }: ElementPlan): Cost {
  if (form === FORM.constant) return { nonlinear: 0, linear: 0 };
  if (form === FORM.nonNegative) return { nonlinear: 1 + Number(numbers[0]), linear: 0 };
  if (form === FORM.equal || form === FORM.different) return { nonlinear: 2, linear: 0 };
  const [constant, first, second] = numbers;
  return second === 0n ? { nonlinear: 0, linear: affineRows([first], constant) } : { nonlinear: 1, linear: 0 };
}
