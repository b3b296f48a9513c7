import { type Call, OPSETS, type Operator, integersAttribute, nodeError, operandAt, typeWith } from "./operator.ts";
import { transposeIndices } from "./shapes.ts";

/** Axes in the order `perm`; reversed where that is absent. */
export const transpose: Operator = {
  name: "Transpose",
  opsets: OPSETS,
  arity: [1, 1],
  attributes: ["perm"],
  infer(call) {
    const operand = operandAt(call, 0);
    return [
      typeWith(
        operand,
        orderOf(call).map((axis) => operand.shape[axis]),
      ),
    ];
  },
  lower(call, builder) {
    const operand = operandAt(call, 0);
    return [builder.arrange([builder.valueOf(operand)], transposeIndices(operand.shape, orderOf(call)))];
  },
};

function orderOf(call: Call): readonly number[] {
  const { shape } = operandAt(call, 0);
  const axes = shape.map((_, axis) => axis);
  const order = integersAttribute(call, "perm") ?? axes.toReversed();
  if (String(order.toSorted((a, b) => a - b)) === String(axes)) return order;
  throw nodeError(call, `perm ${order.join(", ")} is not an order of ${axes.length} axes`);
}
