import type { GraphNode } from "../../ir/graph.ts";
import {
  type Call,
  OPSETS,
  type Operator,
  type StepBuilder,
  integerAttribute,
  nodeError,
  operandAt,
} from "./operator.ts";
import { normalAxis } from "./shapes.ts";

/** Softmax and its logarithm keep the order along their axis, so an ArgMax along it may read their operand instead. */
const orderPreserving = (name: string): Operator => ({
  name,
  // Before opset 13 all axes from `axis` on are normalised together, which is the same only for the last axis.
  opsets: OPSETS,
  arity: [1, 1],
  attributes: ["axis"],
  infer: (call) => [operandAt(call, 0)],
  lower(call, builder) {
    requireArgMaxOnly(call, builder);
    return [builder.valueOf(operandAt(call, 0))];
  },
});

export const softmax = orderPreserving("Softmax");
export const logSoftmax = orderPreserving("LogSoftmax");

function requireArgMaxOnly(call: Call, builder: StepBuilder): void {
  const rank = operandAt(call, 0).shape.length;
  const axis = normalAxis(call, integerAttribute(call, "axis", call.opset < 13 ? 1 : -1), rank);
  const { nodes, isOutput } = builder.usesOf(call.node.outputs[0]);
  const sameAxis = (node: GraphNode) =>
    normalAxis({ ...call, node }, Number(node.attributes.get("axis") ?? 0), rank) === axis;
  if (call.opset < 13 && axis !== rank - 1)
    throw nodeError(call, `axis ${axis} is not the last, which opset 13 and later need`);
  if (!isOutput && nodes.every((node) => node.operator === "ArgMax" && sameAxis(node))) return;
  throw nodeError(
    call,
    "is supported only where ArgMax along its axis alone reads it; export the model with its logits as output",
  );
}
