import type { Tensor } from "../../ir/graph.ts";
import { OPSETS, type Operator, type StepBuilder, nodeError, operandAt } from "./operator.ts";
import { groupedBy, inverseOf } from "./positions.ts";
import { broadcastIndices, broadcastShape } from "./shapes.ts";

/** x where x ≥ 0, else slope · x; the slope is broadcast to the shape of x. */
export const prelu: Operator = {
  name: "PRelu",
  opsets: OPSETS,
  arity: [2, 2],
  attributes: [],
  infer(call) {
    const { type, shape } = operandAt(call, 0);
    const slope = operandAt(call, 1).shape;
    if (String(broadcastShape(call, shape, slope)) === String(shape)) return [{ type, shape }];
    throw nodeError(call, `slope ${slope.join("×")} does not broadcast to ${shape.join("×")}`);
  },
  lower(call, builder) {
    const [operand, slope] = [operandAt(call, 0), operandAt(call, 1)];
    const value = builder.valueOf(operand);
    const slopeAt = broadcastIndices(slope.shape, operand.shape);
    if (slope.constant !== undefined) return [byConstantSlope(builder, value, slope.constant, slopeAt)];
    return [byComputedSlope(builder, value, builder.arrange([builder.valueOf(slope)], slopeAt))];
  },
};

/** Sums slope · x + (1 − slope) · max(x, 0), in a group for each element of the slope. */
function byConstantSlope(builder: StepBuilder, value: string, slope: Tensor, slopeAt: readonly number[]): string {
  const groups = groupedBy(slopeAt.length, (position) => slopeAt[position]);
  const order = [...groups.values()].flat();
  const slopes = [...groups.keys()].map((index) => slope.data[index]);
  const sums = builder.linear([value, builder.relu(value)], {
    groups: groups.size,
    windows: order.map((position) => [position, slopeAt.length + position]),
    weights: slopes.map((factor) => [factor, 1 - factor]),
    bias: slopes.map(() => 0),
  });
  return builder.arrange([sums], inverseOf(order));
}

/** max(x, 0) + slope · min(x, 0). */
function byComputedSlope(builder: StepBuilder, value: string, slope: string): string {
  const positive = builder.relu(value);
  const negative = builder.add(value, positive, [1, -1]);
  return builder.add(positive, builder.multiply(slope, negative), [1, 1]);
}
