import { InputError } from "../errors.ts";
import type { MultiplyNode } from "../ir/integerGraph.ts";
import { type Bounds, asGuarantee, boundsAt, isConstant, productOf, squareOf, toInterval } from "./bounds.ts";
import { affineRows } from "./circomText.ts";
import { type Interval, type Kernel, unbounded } from "./kernel.ts";
import { planFunction } from "./planFunction.ts";

/** Forms of an element in circuits/lib/Multiply.circom. */
const FORM = { constant: 0, product: 1, left: 2, right: 3 } as const;

/** How the circuit computes one element; `factor` is the constant, of the result or of one operand. */
interface ElementPlan {
  readonly form: number;
  readonly factor: bigint;
}

/** Products of two values, element by element: one constraint each. */
export const multiply: Kernel<MultiplyNode> = {
  operands: ({ left, right }) => [left, right],

  requireAttributes: () => {},

  reference(node, [left, right]) {
    requireEqual(node, left.length, right.length);
    return left.map((value, index) => value * right[index]);
  },

  /** Exact for independent elements and for squares. */
  interval: (node, operands) => toInterval(boundProducts(node, operands)),

  /** The constraint says that the result is the product; a factor proven constant is written as the number that it is. */
  boundResult(node, operands, guaranteed) {
    const products = boundProducts(node, guaranteed);
    const bounds = planElements(node, operands).map(({ form, factor }, index): Bounds => {
      const constant = { low: factor, high: factor };
      if (form === FORM.constant) return constant;
      if (form === FORM.product) return asGuarantee(products[index]);
      return asGuarantee(productOf(constant, boundsAt(guaranteed[form === FORM.left ? 1 : 0], index)));
    });
    return toInterval(bounds);
  },

  /** A product says nothing of one factor while the other may be anything. */
  boundOperands: (_node, operands) => operands.map(({ low }) => unbounded(low.length)),

  copies: (node, operands) =>
    planElements(node, operands).map(({ form, factor }, index) => {
      if (factor !== 1n || form === FORM.constant) return -1;
      return form === FORM.right ? index : operands[0].low.length + index;
    }),

  cost(node, operands) {
    const plans = planElements(node, operands);
    return {
      nonlinear: plans.filter(({ form }) => form === FORM.product).length,
      linear: plans.reduce((sum, plan) => sum + linearRows(plan), 0),
    };
  },

  emit(node, operands) {
    const { output, left, right } = node;
    const plans = planElements(node, operands);
    return {
      includes: ["Multiply.circom"],
      declarations: planFunction(
        `${output}_plan`,
        plans.map(({ form, factor }) => [form, factor]),
      ),
      statements: `signal ${output}[${plans.length}] <== Multiply(${plans.length}, ${output}_plan())(${left}, ${right});`,
    };
  },
};

function requireEqual({ name }: MultiplyNode, left: number, right: number): void {
  if (left === right) return;
  throw new InputError(`kernel ${name} (Multiply): got ${left} and ${right} elements, want equal counts`);
}

function boundProducts(node: MultiplyNode, [left, right]: readonly Interval[]): Bounds[] {
  requireEqual(node, left.low.length, right.low.length);
  const isSquare = node.left === node.right;
  return left.low.map((_, index) =>
    isSquare ? squareOf(boundsAt(left, index)) : productOf(boundsAt(left, index), boundsAt(right, index)),
  );
}

function planElements(node: MultiplyNode, operands: readonly Interval[]): ElementPlan[] {
  return boundProducts(node, operands).map((product, index) => {
    const [left, right] = operands.map((operand) => boundsAt(operand, index));
    if (isConstant(product)) return { form: FORM.constant, factor: product.low };
    if (isConstant(left)) return { form: FORM.left, factor: left.low };
    if (isConstant(right)) return { form: FORM.right, factor: right.low };
    return { form: FORM.product, factor: 0n };
  });
}

const linearRows = ({ form, factor }: ElementPlan): number =>
  form === FORM.left || form === FORM.right ? affineRows([factor], 0) : 0;
