import type { Tensor } from "../../ir/graph.ts";
import type { Operand, StepBuilder } from "./operator.ts";
import { broadcastIndices } from "./shapes.ts";

/** A program value with its shape. */
export interface ShapedValue {
  readonly value: string;
  readonly shape: readonly number[];
}

/** The program's value for an operand, with its shape. */
export const shapedValue = (builder: StepBuilder, operand: Operand): ShapedValue => ({
  value: builder.valueOf(operand),
  shape: operand.shape,
});

/** A value repeated to a shape that it broadcasts to. */
export const spread = (builder: StepBuilder, { value, shape }: ShapedValue, target: readonly number[]): string =>
  builder.arrange([value], broadcastIndices(shape, target));

/** A constant broadcast over `shape`, leading axes along which it does not change left out. */
export function repeated({ shape, data }: Omit<Tensor, "type">, target: readonly number[]): number[] {
  const padded = [...Array<number>(target.length - shape.length).fill(1), ...shape];
  const first = padded.findIndex((size) => size > 1);
  if (first === -1) return [...data];
  return broadcastIndices(padded.slice(first), target.slice(first)).map((index) => data[index]);
}
