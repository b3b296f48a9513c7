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
    const isTraining = call.operands[2];
    if (isTraining !== undefined && isTraining.constant?.data[0] !== 0)
      throw nodeError(call, "training mode is not supported");
    const operand = operandAt(call, 0);
    return hasMask(call) ? [operand, { type: "bool", shape: operand.shape, bounds: [0, 1] }] : [operand];
  },
  lower(call, builder) {
    const operand = operandAt(call, 0);
    const value = builder.valueOf(operand);
    return hasMask(call) ? [value, builder.constant(Array(elementCount(operand.shape)).fill(1))] : [value];
  },
};

/** Before opset 12 nothing was said of the mask at inference. */
const hasMask = ({ node, opset }: Call): boolean => opset >= 12 && Boolean(node.outputs[1]);
