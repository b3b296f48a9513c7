import { type Call, type Operand, type StepBuilder, nodeError, operandAt } from "./operator.ts";
import { upTo } from "./positions.ts";
import { stridesOf } from "./shapes.ts";

/** An operand of integers, such as indices are. Throws InputError on another type. */
export function indicesAt(call: Call, index: number): Operand {
  const operand = operandAt(call, index);
  if (operand.type === "int64") return operand;
  throw nodeError(call, `operand ${index} is of type ${operand.type}, want integers`);
}

/** An index counted from the front. Throws InputError unless −size ≤ index < size. */
export function normalIndex(call: Call, index: number, size: number): number {
  if (index >= -size && index < size) return index < 0 ? index + size : index;
  throw nodeError(call, `index ${index} does not exist, want ${-size} to ${size - 1}`);
}

/** Positions in a row-major tensor of `sizes` that constant tuples of indices name, tuples in the last axis. */
export function constantPositions(call: Call, tuples: readonly number[], sizes: readonly number[]): number[] {
  const strides = stridesOf(sizes);
  return upTo(tuples.length / sizes.length).map((tuple) =>
    sizes.reduce(
      (sum, size, axis) => sum + normalIndex(call, tuples[tuple * sizes.length + axis], size) * strides[axis],
      0,
    ),
  );
}

/** The same of computed tuples; indices below 0 count from the end. */
export function computedPositions(builder: StepBuilder, tuples: Operand, sizes: readonly number[]): string {
  const [value, strides] = [builder.valueOf(tuples), stridesOf(sizes)];
  const count = builder.sizeOf(value) / sizes.length;
  if (tuples.bounds !== undefined && tuples.bounds[0] >= 0)
    return sizes.length === 1 ? value : builder.dense(value, count, [strides], [0]);
  // index + size · (1 − isFromFront)
  const wraps = strides.map((stride, axis) => stride * sizes[axis]);
  const windows = upTo(count).map((tuple) =>
    upTo(2 * sizes.length).map((k) => {
      const [half, axis] = [Math.floor(k / sizes.length), k % sizes.length];
      return (half * count + tuple) * sizes.length + axis;
    }),
  );
  return builder.linear([value, builder.compare(value, "nonNegative")], {
    groups: 1,
    windows,
    weights: [[...strides, ...wraps.map((wrap) => -wrap)]],
    bias: [wraps.reduce((sum, wrap) => sum + wrap, 0)],
  });
}
