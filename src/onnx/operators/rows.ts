import { elementCount } from "../../codec/codec.ts";
import type { Operand, StepBuilder } from "./operator.ts";
import { inverseOf, upTo } from "./positions.ts";
import { transposeIndices } from "./shapes.ts";

/** A value whose elements are `count` rows of `length` each, one after another. */
export interface Rows {
  readonly value: string;
  readonly count: number;
  readonly length: number;
}

/** A tensor as rows that run along `axes` (in the order given), one for each coordinate of the other axes. */
export function rowsAlong(builder: StepBuilder, value: string, shape: Operand["shape"], axes: readonly number[]): Rows {
  const length = elementCount(axes.map((axis) => shape[axis]));
  const indices = transposeIndices(shape, rowOrder(shape, axes));
  return { value: builder.arrange([value], indices), count: indices.length / length, length };
}

/** The inverse of `rowsAlong`: rows back in the places that their elements have in a tensor of `shape`. */
export function tensorFromRows(
  builder: StepBuilder,
  rows: string,
  shape: Operand["shape"],
  axes: readonly number[],
): string {
  const order = rowOrder(shape, axes);
  const indices = transposeIndices(
    order.map((axis) => shape[axis]),
    inverseOf(order),
  );
  return builder.arrange([rows], indices);
}

/** The axes with those of the rows last. */
const rowOrder = (shape: Operand["shape"], axes: readonly number[]): number[] => [
  ...upTo(shape.length).filter((axis) => !axes.includes(axis)),
  ...axes,
];

/** The sum of each row times `factor`, plus `offset`. */
export const rowSums = (
  builder: StepBuilder,
  { value, count, length }: Rows,
  factor: number = 1,
  offset: number = 0,
): string =>
  builder.linear([value], {
    groups: 1,
    windows: rowWindows(count, length),
    weights: [Array(length).fill(factor)],
    bias: [offset],
  });

/** The greatest element of each row. */
export const rowMaxima = (builder: StepBuilder, rows: Rows): string => rowExtremes(builder, "max", rows);

/** The least element of each row. */
export const rowMinima = (builder: StepBuilder, rows: Rows): string => rowExtremes(builder, "min", rows);

const rowExtremes = (builder: StepBuilder, which: "max" | "min", { value, count, length }: Rows): string =>
  builder.extreme(which, [value], rowWindows(count, length));

/** factors[0] · element + factors[1] · what `perRow` holds for its row. */
export const addToRows = (
  builder: StepBuilder,
  { value, count, length }: Rows,
  perRow: string,
  factors: readonly [number, number],
): string =>
  builder.linear([value, perRow], {
    groups: 1,
    windows: upTo(count * length).map((index) => [index, count * length + Math.floor(index / length)]),
    weights: [factors],
    bias: [0],
  });

/** Each element of `perRow` as often as a row has elements. */
export const repeatedAlongRows = (builder: StepBuilder, perRow: string, length: number): string =>
  builder.arrange(
    [perRow],
    upTo(builder.sizeOf(perRow) * length).map((index) => Math.floor(index / length)),
  );

/** Positions of the elements of each row. */
const rowWindows = (count: number, length: number): number[][] =>
  upTo(count).map((row) => upTo(length).map((index) => row * length + index));
