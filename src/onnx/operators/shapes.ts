import { type Call, nodeError } from "./operator.ts";

/** An axis counted from the front. Throws InputError unless −rank ≤ axis < rank. */
export function normalAxis(call: Call, axis: number, rank: number): number {
  if (axis >= -rank && axis < rank) return axis < 0 ? axis + rank : axis;
  if (rank === 0)
    throw nodeError(call, `axis ${axis} does not exist: the operand is a scalar, want at least one dimension`);
  throw nodeError(call, `axis ${axis} does not exist, want ${-rank} to ${rank - 1}`);
}

/** Axes counted from the front. Throws InputError where one does not exist or is named twice. */
export function normalAxes(call: Call, axes: readonly number[], rank: number): number[] {
  const normal = axes.map((axis) => normalAxis(call, axis, rank));
  if (new Set(normal).size === normal.length) return normal;
  throw nodeError(call, `axes ${axes.join(", ")} repeat`);
}

/** Row-major strides of a shape. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1] * shape[axis + 1];
  return strides;
}

/** The shape that shapes broadcast to (numpy's rule). Throws InputError where they do not. */
export function broadcastShape(call: Call, ...shapes: readonly (readonly number[])[]): number[] {
  const rank = shapes.reduce((most, { length }) => Math.max(most, length), 0);
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1).filter((size) => size !== 1);
    if (sizes.every((size) => size === sizes[0])) return sizes[0] ?? 1;
    throw nodeError(call, `shapes ${shapes.map((shape) => shape.join("×")).join(" and ")} do not broadcast`);
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
export const gatherIndices = (shape: readonly number[], strides: readonly number[]): number[] =>
  tableIndices(shape.map((size, axis) => Array.from({ length: size }, (_, index) => index * strides[axis])));

/** Sums of one entry of each table, the last table's entries changing fastest. */
export const tableIndices = (tables: readonly (readonly number[])[]): number[] =>
  tables.reduce<number[]>((sums, table) => sums.flatMap((start) => table.map((entry) => start + entry)), [0]);
