import { InputError } from "../errors.ts";
import type { SelectNode } from "../ir/integerGraph.ts";
import { type Bounds, asGuarantee, boundsAt, hullOf, isConstant, productOf, toInterval } from "./bounds.ts";
import { affineRows } from "./circomText.ts";
import { type Interval, type Kernel, unbounded } from "./kernel.ts";
import { planFunction } from "./planFunction.ts";

/** Forms of an element in circuits/lib/Select.circom. */
const FORM = { constant: 0, choice: 1, whenTrue: 2, whenFalse: 3, affine: 4 } as const;

/** How the circuit computes one element: a constant `base`, or `base + step · condition`. */
interface ElementPlan {
  readonly form: number;
  readonly base: bigint;
  readonly step: bigint;
}

/** One of two values, chosen element by element: one constraint each. */
export const select: Kernel<SelectNode> = {
  operands: ({ condition, whenTrue, whenFalse }) => [condition, whenTrue, whenFalse],

  requireAttributes: () => {},

  reference(node, operands) {
    requireEqual(node, operands);
    const [condition, whenTrue, whenFalse] = operands;
    return condition.map((chosen, index) => (chosen === 1n ? whenTrue : whenFalse)[index]);
  },

  /** Exact for independent elements. Throws InputError where a condition can be anything but 0 and 1. */
  interval(node, operands) {
    requireEqual(
      node,
      operands.map(({ low }) => low),
    );
    const [condition, whenTrue, whenFalse] = operands;
    const bounds = condition.low.map((_, index) => {
      const { low, high } = requireBoolean(node, boundsAt(condition, index), index);
      const [chosen, other] = [boundsAt(whenTrue, index), boundsAt(whenFalse, index)];
      return low === 1n ? chosen : high === 0n ? other : hullOf([chosen, other]);
    });
    return toInterval(bounds);
  },

  /**
   * The constraint says that the result is whenFalse + condition · (whenTrue − whenFalse): one of the two where the
   * condition is 0 or 1, and otherwise condition · whenTrue + (1 − condition) · whenFalse.
   */
  boundResult(node, operands, guaranteed) {
    const bounds = planElements(node, operands).map((plan, index): Bounds => {
      const [condition, whenTrue, whenFalse] = guaranteed.map((operand) => boundsAt(operand, index));
      if (plan.form === FORM.constant) return { low: plan.base, high: plan.base };
      if (plan.form === FORM.whenTrue) return whenTrue;
      if (plan.form === FORM.whenFalse) return whenFalse;
      const [one, zero] =
        plan.form === FORM.affine
          ? [plan.base + plan.step, plan.base].map((value) => ({ low: value, high: value }))
          : [whenTrue, whenFalse];
      if (condition.low >= 0n && condition.high <= 1n) return hullOf([one, zero]);
      const first = productOf(condition, one);
      const second = productOf({ low: 1n - condition.high, high: 1n - condition.low }, zero);
      return asGuarantee({ low: first.low + second.low, high: first.high + second.high });
    });
    return toInterval(bounds);
  },

  /** What is not chosen may be anything, and so may the condition where both are equal. */
  boundOperands: (_node, operands) => operands.map(({ low }) => unbounded(low.length)),

  copies(node, operands) {
    const count = operands[0].low.length;
    return planElements(node, operands).map(({ form, base, step }, index) => {
      if (form === FORM.whenTrue) return count + index;
      if (form === FORM.whenFalse) return 2 * count + index;
      return form === FORM.affine && base === 0n && step === 1n ? index : -1;
    });
  },

  cost(node, operands, { wires }) {
    const plans = planElements(node, operands, wires);
    return {
      nonlinear: plans.filter(({ form }) => form === FORM.choice).length,
      linear: plans.reduce(
        (sum, { form, base, step }) => sum + (form === FORM.affine ? affineRows([step], base) : 0),
        0,
      ),
    };
  },

  emit(node, operands, { wires }) {
    const { output, condition, whenTrue, whenFalse } = node;
    const plans = planElements(node, operands, wires);
    const parameters = `${plans.length}, ${output}_plan()`;
    return {
      includes: ["Select.circom"],
      declarations: planFunction(
        `${output}_plan`,
        plans.map(({ form, base, step }) => [form, base, step]),
      ),
      statements: `signal ${output}[${plans.length}] <== Select(${parameters})(${condition}, ${whenTrue}, ${whenFalse});`,
    };
  },
};

function requireEqual({ name }: SelectNode, operands: readonly { readonly length: number }[]): void {
  const counts = operands.map(({ length }) => length);
  if (counts.every((count) => count === counts[0])) return;
  throw new InputError(`kernel ${name} (Select): got ${counts.join(", ")} elements, want equal counts`);
}

function requireBoolean({ name }: SelectNode, condition: Bounds, index: number): Bounds {
  const { low, high } = condition;
  if (low >= 0n && high <= 1n) return condition;
  throw new InputError(`kernel ${name} (Select): condition ${index} spans ${low} to ${high}, want 0 to 1`);
}

/** Two choices that are one wire are none: the product of a condition and their difference would be no constraint. */
function planElements(
  node: SelectNode,
  operands: readonly Interval[],
  wires: readonly (readonly number[])[] = [],
): ElementPlan[] {
  const results = select.interval(node, operands);
  return results.low.map((_, index) => {
    const [condition, whenTrue, whenFalse] = operands.map((operand) => boundsAt(operand, index));
    const result = boundsAt(results, index);
    if (isConstant(result)) return { form: FORM.constant, base: result.low, step: 0n };
    if (condition.low === 1n) return { form: FORM.whenTrue, base: 0n, step: 0n };
    const isOneWire = node.whenTrue === node.whenFalse || (wires.length > 0 && wires[1][index] === wires[2][index]);
    if (condition.high === 0n || isOneWire) return { form: FORM.whenFalse, base: 0n, step: 0n };
    if (isConstant(whenTrue) && isConstant(whenFalse))
      return { form: FORM.affine, base: whenFalse.low, step: whenTrue.low - whenFalse.low };
    return { form: FORM.choice, base: 0n, step: 0n };
  });
}
