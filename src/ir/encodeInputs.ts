import { elementCount, highest, lowest } from "../codec/codec.ts";
import { InputError } from "../errors.ts";
import type { IntegerGraph, IntegerInput } from "./integerGraph.ts";

/**
 * The integers that stand for real inputs, one flat row a tensor. Throws InputError naming tensor and index on a row of
 * the wrong length and on a number that is not finite or lies outside the input's range.
 */
export function encodeInputs(
  { inputs }: Pick<IntegerGraph, "inputs">,
  rows: readonly (readonly number[])[],
): bigint[][] {
  if (rows.length !== inputs.length) {
    const names = inputs.map(({ name }) => name).join(", ");
    throw new InputError(`inputs: got ${rows.length} rows, want ${inputs.length} (${names})`);
  }
  return inputs.map((input, index) => encodeTensor(input, rows[index]));
}

function encodeTensor(input: IntegerInput, row: readonly number[]): bigint[] {
  const { name, shape } = input;
  const count = elementCount(shape);
  if (row.length !== count) {
    throw new InputError(`input ${name}: got ${row.length} numbers, want ${count} (shape ${shape.join("×")})`);
  }
  return row.map((value, index) => {
    const { step, low, high } = elementOf(input, index);
    const integer = Math.round(value / step);
    if (integer >= low && integer <= high) return BigInt(integer);
    throw new InputError(`input ${name}[${index}]: ${value} is out of range, want ${low * step} to ${high * step}`);
  });
}

/** Whether every number of a row can be encoded. */
export const isInRange = (input: IntegerInput, row: readonly number[]): boolean =>
  row.every((value, index) => {
    const { step, low, high } = elementOf(input, index);
    const integer = Math.round(value / step);
    return integer >= low && integer <= high;
  });

/** What the integer 1 of an element stands for, and its least and greatest integer: bounds are rounded like elements. */
export function elementOf(
  { scale, exponents, range, ...codec }: IntegerInput,
  index: number,
): { step: number; low: number; high: number } {
  const step = scale / 2 ** (exponents?.[index % exponents.length] ?? 0);
  const [low, high] = range.features?.[index % range.features.length] ?? [range.low, range.high];
  return {
    step,
    low: Math.max(Math.round(low / step), Number(lowest(codec))),
    high: Math.min(Math.round(high / step), Number(highest(codec))),
  };
}
