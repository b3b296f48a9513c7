import { type Call, nodeError } from "./operator.ts";

/** An axis counted from the front. Throws InputError unless −rank ≤ axis < rank. */
export function normalAxis(call: Call, axis: number, rank: number): number {
  if (axis >= -rank && axis < rank) return axis < 0 ? axis + rank : axis;
  if (rank === 0)
    throw nodeError(call, `axis ${axis} does not exist: the operand is a scalar, want at least one dimension`);
  throw nodeError(call, `axis ${axis} does not exist, want ${-rank} to ${rank - 1}`);
}

/** Row-major strides of a shape. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1] * shape[axis + 1];
  return strides;
}

/** The shape that two shapes broadcast to (numpy's rule). Throws InputError where they do not. */
export function broadcastShape(call: Call, left: readonly number[], right: readonly number[]): number[] {
  const rank = Math.max(left.length, right.length);
  const sizeAt = (shape: readonly number[], axis: number) => shape[axis - rank + shape.length] ?? 1;
  return Array.from({ length: rank }, (_, axis) => {
    const [a, b] = [sizeAt(left, axis), sizeAt(right, axis)];
    if (a === b || b === 1) return a;
    if (a === 1) return b;
    throw nodeError(call, `shapes ${left.join("×")} and ${right.join("×")} do not broadcast`);
  });
}

/** For each element of `target`, the position of the element of `source` that is broadcast there. */
export function broadcastIndices(source: readonly number[], target: readonly number[]): number[] {
  const strides = stridesOf(source).map((stride, axis) => (source[axis] === 1 ? 0 : stride));
  return gatherIndices(target, [...Array<number>(target.length - source.length).fill(0), ...strides]);
}

/** For each element of a tensor transposed by `order`, its position before. */
export function transposeIndices(shape: readonly number[], order: readonly number[]): number[] {
  const strides = stridesOf(shape);
  return gatherIndices(
    order.map((axis) => shape[axis]),
    order.map((axis) => strides[axis]),
  );
}

/** Positions `Σ coordinate · stride` over all coordinates of a shape in row-major order. */
function gatherIndices(shape: readonly number[], strides: readonly number[]): number[] {
  return shape.reduce(
    (positions, size, axis) =>
      positions.flatMap((start) => Array.from({ length: size }, (_, index) => start + index * strides[axis])),
    [0],
  );
}
