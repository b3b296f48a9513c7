import { OPSETS, type Operator, operandAt } from "./operator.ts";

/** max(X, 0), element by element. */
export const relu: Operator = {
  name: "Relu",
  opsets: OPSETS,
  arity: [1, 1],
  attributes: [],
  infer: (call) => [operandAt(call, 0)],
  fold: (call) => [operandAt(call, 0).constant!.data.map((value) => Math.max(value, 0))],
  lower: (call, builder) => [builder.relu(builder.valueOf(operandAt(call, 0)))],
};
