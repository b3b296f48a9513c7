import { type Call, OPSETS, type Operator, nodeError, operandAt } from "./operator.ts";

/** Folding and lowering of operators that keep every element in its place. */
export const sameElements = {
  fold: (call: Call) => [operandAt(call, 0).constant!.data],
  lower: (call, builder) => [builder.valueOf(operandAt(call, 0))],
} satisfies Pick<Operator, "fold" | "lower">;

/** The operand itself. */
export const identity: Operator = passing("Identity", [1, 1], []);

/** What dropout does at inference: nothing. The mask is not given out. */
export const dropout: Operator = {
  ...passing("Dropout", [1, 3], ["ratio", "seed"]),
  infer(call) {
    if (call.node.outputs[1]) throw nodeError(call, "the mask output is not supported");
    if (call.operands[2]?.constant?.data[0]) throw nodeError(call, "training mode is not supported");
    return [operandAt(call, 0)];
  },
};

/** An operator whose output is its first operand, element for element. */
function passing(name: string, arity: readonly [number, number], attributes: readonly string[]): Operator {
  return {
    name,
    opsets: OPSETS,
    arity,
    attributes,
    infer: (call) => [operandAt(call, 0)],
    ...sameElements,
  };
}
