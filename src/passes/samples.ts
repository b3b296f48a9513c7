import { elementCount } from "../codec/codec.ts";
import { InputError } from "../errors.ts";
import type { Graph } from "../ir/graph.ts";
import type { Sample } from "./realRanges.ts";

/**
 * Groups the rows of an input file, one a model input, into samples: a file may hold several samples one after another.
 * Throws InputError where rows are missing, have the wrong length or hold anything but finite numbers.
 */
export function samplesOf({ inputs }: Pick<Graph, "inputs">, rows: readonly (readonly number[])[]): Sample[] {
  if (rows.length === 0 || rows.length % inputs.length !== 0) {
    throw new InputError(`input_data: got ${rows.length} rows, want one for each of ${inputs.length} inputs`);
  }
  rows.forEach((row, index) => {
    const { name, shape } = inputs[index % inputs.length];
    const count = elementCount(shape);
    if (row.length !== count) {
      throw new InputError(
        `input_data row ${index} (${JSON.stringify(name)}): got ${row.length} numbers, want ${count} (shape ${shape.join("×")})`,
      );
    }
    const wrong = row.findIndex((value) => !Number.isFinite(value));
    if (wrong !== -1)
      throw new InputError(
        `input_data row ${index} (${JSON.stringify(name)})[${wrong}]: ${row[wrong]} is not a finite number`,
      );
  });
  return Array.from({ length: rows.length / inputs.length }, (_, sample) =>
    rows.slice(sample * inputs.length, (sample + 1) * inputs.length),
  );
}
