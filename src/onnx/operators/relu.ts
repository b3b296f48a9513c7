import { OPSETS, type Operator, operandAt, typeWith } from "./operator.ts";

/** max(X, 0), element by element. */
export const relu: Operator = {
  name: "Relu",
  opsets: OPSETS,
  arity: [1, 1],
  attributes: [],
  infer: (call) => [typeWith(operandAt(call, 0), operandAt(call, 0).shape)],
  lower: (call, builder) => [builder.relu(builder.valueOf(operandAt(call, 0)))],
};
