import { checkedSize } from "../limits.ts";
import { type Call, type Operator, OPSETS, integersAt, nodeError, nodeLabel, operandAt, typeWith } from "./operator.ts";
import { broadcastIndices, broadcastShape } from "./shapes.ts";
import { upTo } from "./positions.ts";
import { selecting } from "./selection.ts";

/** The operand broadcast to a constant shape; sizes of 1 there keep the operand's. */
export const expand: Operator = {
  name: "Expand",
  opsets: { from: 8, to: OPSETS.to },
  arity: [2, 2],
  attributes: [],
  infer: (call) => [typeWith(operandAt(call, 0), expandedShape(call))],
  lower(call, builder) {
    const operand = operandAt(call, 0);
    const indices = broadcastIndices(operand.shape, expandedShape(call));
    return [builder.arrange([builder.valueOf(operand)], indices)];
  },
};

/** The operand over and over along each axis, as often as a constant says. */
export const tile: Operator = selecting("Tile", OPSETS, [2, 2], [], (call) => {
  const { shape } = operandAt(call, 0);
  const repeats = integersAt(call, 1, "repeats");
  if (repeats.length !== shape.length) throw nodeError(call, `got ${repeats.length} repeats for ${shape.length} axes`);
  checkedSize(
    shape.map((size, axis) => size * repeats[axis]),
    nodeLabel(call.node),
  );
  return [shape.map((size, axis) => upTo(size * repeats[axis]).map((index) => index % size))];
});

function expandedShape(call: Call): number[] {
  const shape = broadcastShape(call, operandAt(call, 0).shape, integersAt(call, 1, "shape"));
  checkedSize(shape, nodeLabel(call.node));
  return shape;
}
