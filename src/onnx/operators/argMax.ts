import { elementCount } from "../../codec/codec.ts";
import { type Call, OPSETS, type Operator, integerAttribute, nodeError, operandAt } from "./operator.ts";
import { normalAxis, transposeIndices } from "./shapes.ts";

/** Index of the greatest element along `axis`, the lowest index on ties. */
export const argMax: Operator = {
  name: "ArgMax",
  opsets: OPSETS,
  arity: [1, 1],
  attributes: ["axis", "keepdims", "select_last_index"],
  infer(call) {
    const { shape } = operandAt(call, 0);
    if (integerAttribute(call, "select_last_index", 0) !== 0) {
      throw nodeError(call, "select_last_index 1 is not supported; ties go to the lowest index");
    }
    const axis = axisOf(call);
    if (shape[axis] === 0) throw nodeError(call, `axis ${axis} has no elements`);
    const kept = integerAttribute(call, "keepdims", 1) === 0 ? [] : [1];
    const bounds = [0, shape[axis] - 1] as const;
    return [{ type: "int64", shape: [...shape.slice(0, axis), ...kept, ...shape.slice(axis + 1)], bounds }];
  },
  fold(call) {
    const { shape, constant } = operandAt(call, 0);
    const size = shape[axisOf(call)];
    const elements = axisLast(call).map((index) => constant!.data[index]);
    return [
      Array.from({ length: elements.length / size }, (_, row) => {
        const slice = elements.slice(row * size, (row + 1) * size);
        return slice.reduce((best, value, index) => (value > slice[best] ? index : best), 0);
      }),
    ];
  },
  lower(call, builder) {
    const operand = operandAt(call, 0);
    const size = elementCount(operand.shape);
    const rows = builder.permute(builder.valueOf(operand), axisLast(call), size);
    return [builder.argMax(rows, size / operand.shape[axisOf(call)])];
  },
};

const axisOf = (call: Call): number =>
  normalAxis(call, integerAttribute(call, "axis", 0), operandAt(call, 0).shape.length);

/** Positions that put the reduced axis last, so that each row holds what is compared. */
function axisLast(call: Call): number[] {
  const { shape } = operandAt(call, 0);
  const axis = axisOf(call);
  const others = shape.map((_, index) => index).filter((index) => index !== axis);
  return transposeIndices(shape, [...others, axis]);
}
