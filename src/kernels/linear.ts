import { InputError } from "../errors.ts";
import type { LinearNode } from "../ir/integerGraph.ts";
import type { Interval, Kernel } from "./kernel.ts";

/** Dense layer with constant weights; one linear constraint an output element. */
export const linear: Pick<Kernel<LinearNode>, "operands" | "reference" | "interval"> = {
  operands: ({ input }) => [input],

  reference(node, [input]) {
    return mapRows(node, input.length, (row, bias, start) =>
      row.reduce((sum, weight, index) => sum + BigInt(weight) * input[start + index], BigInt(bias)),
    );
  },

  /** Exact: elements of the operand vary independently in their bounds. */
  interval(node, [{ low, high }]) {
    const bound = (lower: readonly bigint[], upper: readonly bigint[]): bigint[] =>
      mapRows(node, low.length, (row, bias, start) =>
        row.reduce(
          (sum, weight, index) => sum + BigInt(weight) * (weight < 0 ? upper : lower)[start + index],
          BigInt(bias),
        ),
      );
    return { low: bound(low, high), high: bound(high, low) } satisfies Interval;
  },
};

/** Calls `compute` with the weights, the bias and the operand's first index of every output element. */
function mapRows<Result>(
  { name, batch, weights, bias }: LinearNode,
  length: number,
  compute: (row: readonly number[], bias: number, start: number) => Result,
): Result[] {
  const inFeatures = length / batch;
  if (weights.length !== bias.length || weights.some((row) => row.length !== inFeatures)) {
    throw new InputError(
      `kernel ${name} (Linear): got ${weights.length}×${weights[0]?.length} weights, ${bias.length} biases and ` +
        `${length} elements in ${batch} rows, want one weight an element of a row and one bias an output`,
    );
  }
  return Array.from({ length: batch }, (_, b) => weights.map((row, j) => compute(row, bias[j], b * inFeatures))).flat();
}
