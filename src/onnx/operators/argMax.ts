import { type Call, OPSETS, type Operator, integerAttribute, nodeError, operandAt } from "./operator.ts";
import { rowsAlong } from "./rows.ts";
import { normalAxis } from "./shapes.ts";

/** Index of the greatest element along `axis`, the lowest one on ties unless `select_last_index` is set. */
export const argMax: Operator = indexOfExtreme("ArgMax", false);

/** Index of the least element along `axis`. */
export const argMin: Operator = indexOfExtreme("ArgMin", true);

function indexOfExtreme(name: string, isLeast: boolean): Operator {
  return {
    name,
    opsets: OPSETS,
    arity: [1, 1],
    attributes: ["axis", "keepdims", "select_last_index"],
    infer(call) {
      const { shape } = operandAt(call, 0);
      const axis = axisOf(call);
      if (shape[axis] === 0) throw nodeError(call, `axis ${axis} has no elements`);
      const kept = integerAttribute(call, "keepdims", 1) === 0 ? [] : [1];
      return [{ type: "int64", shape: shape.toSpliced(axis, 1, ...kept), bounds: [0, shape[axis] - 1] }];
    },
    lower(call, builder) {
      const operand = operandAt(call, 0);
      const { value, count, length } = rowsAlong(builder, builder.valueOf(operand), operand.shape, [axisOf(call)]);
      const greatestIsWanted = isLeast ? builder.scale(value, [-1], [0]) : value;
      if (integerAttribute(call, "select_last_index", 0) === 0) return [builder.argMax(greatestIsWanted, count)];
      const backwards = Array.from({ length: count * length }, (_, index) => index + length - 1 - 2 * (index % length));
      const fromEnd = builder.argMax(builder.arrange([greatestIsWanted], backwards), count);
      return [builder.scale(fromEnd, [-1], [length - 1])];
    },
  };
}

const axisOf = (call: Call): number =>
  normalAxis(call, integerAttribute(call, "axis", 0), operandAt(call, 0).shape.length);
