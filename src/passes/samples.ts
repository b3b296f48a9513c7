import { elementCount } from "../codec/codec.ts";
import { InputError } from "../errors.ts";
import type { Graph, ValueInfo } from "../ir/graph.ts";
import type { Sample } from "./evaluateReal.ts";

/**
 * Groups the rows of an input file, one a model input, into samples: a file may hold several samples one after another.
 * Throws InputError where rows are missing, have the wrong length or hold what the input's ONNX type does not: anything but
 * finite numbers, and for integers anything but those that the type has.
 */
export function samplesOf({ inputs }: Pick<Graph, "inputs">, rows: readonly (readonly number[])[]): Sample[] {
  if (rows.length === 0 || rows.length % inputs.length !== 0) {
    throw new InputError(`input_data: got ${rows.length} rows, want one for each of ${inputs.length} inputs`);
  }
  rows.forEach((row, index) => checkRow(row, inputs[index % inputs.length], index));
  return Array.from({ length: rows.length / inputs.length }, (_, sample) =>
    rows.slice(sample * inputs.length, (sample + 1) * inputs.length),
  );
}

function checkRow(row: readonly number[], { name, shape, bounds }: ValueInfo, index: number): void {
  const what = `input_data row ${index} (${JSON.stringify(name)})`;
  const count = elementCount(shape);
  if (row.length !== count) {
    throw new InputError(`${what}: got ${row.length} numbers, want ${count} (shape ${shape.join("×")})`);
  }
  const infinite = row.findIndex((value) => !Number.isFinite(value));
  if (infinite !== -1) throw new InputError(`${what}[${infinite}]: ${row[infinite]} is not a finite number`);
  if (bounds === undefined) return;
  const [low, high] = bounds;
  const wrong = row.findIndex((value) => !Number.isInteger(value) || value < low || value > high);
  if (wrong === -1) return;
  throw new InputError(`${what}[${wrong}]: got ${row[wrong]}, want an integer from ${low} to ${high}`);
}
