import { elementCount } from "../codec/codec.ts";
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

function encodeTensor({ name, shape, scale, range }: IntegerInput, row: readonly number[]): bigint[] {
  const count = elementCount(shape);
  if (row.length !== count) {
    throw new InputError(`input ${name}: got ${row.length} numbers, want ${count} (shape ${shape.join("×")})`);
  }
  // Rounded like the elements, so that a bound is in range however it was rounded.
  const [low, high] = [Math.round(range.low / scale), Math.round(range.high / scale)];
  return row.map((value, index) => {
    const integer = Math.round(value / scale);
    if (integer >= low && integer <= high) return BigInt(integer);
    throw new InputError(`input ${name}[${index}]: ${value} is out of range, want ${range.low} to ${range.high}`);
  });
}
