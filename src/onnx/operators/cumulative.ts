import { type Operator, OPSETS, integerAt, integerAttribute, operandAt } from "./operator.ts";
import { upTo } from "./positions.ts";
import { rowsAlong, tensorFromRows } from "./rows.ts";
import { normalAxis } from "./shapes.ts";

/** Sums of the elements up to each one along a constant axis; `exclusive` leaves that one out, `reverse` starts behind. */
export const cumSum: Operator = {
  name: "CumSum",
  opsets: { from: 11, to: OPSETS.to },
  arity: [2, 2],
  attributes: ["exclusive", "reverse"],
  infer(call) {
    const { type, shape } = operandAt(call, 0);
    normalAxis(call, integerAt(call, 1, "axis"), shape.length);
    return [{ type, shape }];
  },
  products(call) {
    const { shape } = operandAt(call, 0);
    const axis = normalAxis(call, integerAt(call, 1, "axis"), shape.length);
    return shape.reduce((product, size) => product * size, shape[axis]);
  },
  lower(call, builder) {
    const operand = operandAt(call, 0);
    const axes = [normalAxis(call, integerAt(call, 1, "axis"), operand.shape.length)];
    const { value, count, length } = rowsAlong(builder, builder.valueOf(operand), operand.shape, axes);
    const [exclusive, reverse] = ["exclusive", "reverse"].map((name) => integerAttribute(call, name, 0) !== 0);
    const counts = (index: number, other: number) =>
      (reverse ? other > index : other < index) || (!exclusive && other === index);
    const sums = builder.linear([value], {
      groups: 1,
      windows: upTo(count * length).map((position) => {
        const [row, index] = [Math.floor(position / length), position % length];
        return upTo(length).map((other) => (counts(index, other) ? row * length + other : -1));
      }),
      weights: [Array(length).fill(1)],
      bias: [0],
    });
    return [tensorFromRows(builder, sums, operand.shape, axes)];
  },
};
