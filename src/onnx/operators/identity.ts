import { elementCount } from "../../codec/codec.ts";
import { type Call, OPSETS, type Operator, nodeError, operandAt } from "./operator.ts";

/** Lowering of operators that keep every element in its place. */
export const sameElements = {
  lower: (call, builder) => [builder.valueOf(operandAt(call, 0))],
} satisfies Pick<Operator, "lower">;

/** The operand itself. */
export const identity: Operator = {
  name: "Identity",
  opsets: OPSETS,
  arity: [1, 1],
  attributes: [],
  infer: (call) => [operandAt(call, 0)],
  ...sameElements,
};

/** What dropout does at inference: nothing, and its mask keeps everything. */
export const dropout: Operator = {
  name: "Dropout",
  opsets: OPSETS,
  arity: [1, 3],
  attributes: ["ratio", "seed"],
  infer(call) {
    if (call.operands[2]?.constant?.data[0]) throw nodeError(call, "training mode is not supported");
    const operand = operandAt(call, 0);
    // The mask was of the operand's type before opset 10.
    return call.opset < 10 ? [operand, operand] : [operand, { type: "bool", shape: operand.shape, bounds: [0, 1] }];
  },
  lower(call, builder) {
    const operand = operandAt(call, 0);
    const value = builder.valueOf(operand);
    return isMaskUsed(call) ? [value, builder.constant(Array(elementCount(operand.shape)).fill(1))] : [value];
  },
};

const isMaskUsed = (call: Call): boolean => Boolean(call.node.outputs[1]);
