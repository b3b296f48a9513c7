import { type Call, OPSETS, type Operator, integerAttribute, operandAt } from "./operator.ts";

/** The shape of the operand, or its axes from `start` to before `end`; always constant. */
export const shape: Operator = {
  name: "Shape",
  opsets: OPSETS,
  arity: [1, 1],
  attributes: ["start", "end"],
  readsShapesOnly: true,
  infer: (call) => [{ type: "int64", shape: [sizesOf(call).length] }],
  lower: (call, builder) => [builder.constant(sizesOf(call))],
};

/** Axes out of bounds are clamped, as those of an array's slice are. */
const sizesOf = (call: Call): readonly number[] => {
  const sizes = operandAt(call, 0).shape;
  return sizes.slice(integerAttribute(call, "start", 0), integerAttribute(call, "end", sizes.length));
};
