import type { Tensor } from "../../ir/graph.ts";
import { type ShapedValue, repeated, spread } from "./broadcast.ts";
import { type Call, type Operand, type StepBuilder } from "./operator.ts";
import { broadcastIndices, broadcastShape } from "./shapes.ts";

/** One term of a sum: a value or a constant, times a factor. */
export type Term = { readonly factor: number } & (ShapedValue | { readonly constant: Tensor });

/** An operand times a factor. */
export const termOf = (builder: StepBuilder, operand: Operand, factor: number): Term =>
  operand.constant === undefined
    ? { factor, value: builder.valueOf(operand), shape: operand.shape }
    : { factor, constant: operand.constant };

/** The sum of terms that broadcast to `shape`, element by element. */
export function sumOf(call: Call, builder: StepBuilder, terms: readonly Term[], shape: readonly number[]): string {
  const computed = terms.filter((term) => "value" in term);
  const offsets = repeated(constantSum(call, terms), shape);
  if (computed.length > 1) return shifted(builder, linearSum(builder, computed, shape), 1, offsets);
  if (computed.length === 1) {
    const [{ factor, ...value }] = computed;
    return shifted(builder, spread(builder, value, shape), factor, offsets);
  }
  const elements = shape.reduce((product, size) => product * size, 1);
  return builder.constant(Array.from({ length: elements }, (_, index) => offsets[index % offsets.length]));
}

/** What the constants among the terms add up to. */
function constantSum(call: Call, terms: readonly Term[]): Omit<Tensor, "type"> {
  const constants = terms.filter((term) => "constant" in term);
  const shape = broadcastShape(call, ...constants.map(({ constant }) => constant.shape));
  const parts = constants.map(({ factor, constant }) =>
    broadcastIndices(constant.shape, shape).map((index) => factor * constant.data[index]),
  );
  const [first = [0], ...rest] = parts;
  return { shape, data: first.map((element, index) => rest.reduce((sum, part) => sum + part[index], element)) };
}

function linearSum(
  builder: StepBuilder,
  terms: readonly (ShapedValue & { readonly factor: number })[],
  shape: readonly number[],
): string {
  let start = 0;
  const positions = terms.map(({ value, shape: own }) => {
    const first = start;
    start += builder.sizeOf(value);
    return broadcastIndices(own, shape).map((index) => first + index);
  });
  return builder.linear(
    terms.map(({ value }) => value),
    {
      groups: 1,
      windows: positions[0].map((_, index) => positions.map((list) => list[index])),
      weights: [terms.map(({ factor }) => factor)],
      bias: [0],
    },
  );
}

function shifted(builder: StepBuilder, value: string, factor: number, offsets: readonly number[]): string {
  if (factor === 1 && offsets.every((offset) => offset === 0)) return value;
  return builder.scale(value, Array<number>(offsets.length).fill(factor), offsets);
}
