import { InputError } from "../errors.ts";
import type { LinearNode } from "../ir/integerGraph.ts";
import { affineRows, arrayLiteral, constantFunction, matrixLiteral } from "./circomText.ts";
import type { Interval, Kernel } from "./kernel.ts";

/** Dense layer with constant weights; one linear constraint an output element. */
export const linear: Kernel<LinearNode> = {
  operands: ({ input }) => [input],

  reference(node, [input]) {
    return mapRows(node, input.length, (row, bias, start) =>
      row.reduce((sum, weight, index) => sum + BigInt(weight) * input[start + index], BigInt(bias)),
    );
  },

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

  cost: ({ batch, weights, bias }) => ({
    nonlinear: 0,
    linear: batch * weights.reduce((rows, row, j) => rows + affineRows(row, bias[j]), 0),
  }),

  emit({ output, input, batch, weights, bias }, [{ low }]) {
    const inFeatures = low.length / batch;
    // About √n terms a chunk keep the compiler's copying of partial sums near its least.
    const chunk = Math.max(1, Math.ceil(Math.sqrt(inFeatures)));
    const parameters = `${batch}, ${inFeatures}, ${weights.length}, ${chunk}, ${output}_weights(), ${output}_bias()`;
    return {
      includes: ["Linear.circom"],
      declarations:
        constantFunction(`${output}_weights`, matrixLiteral(weights)) +
        constantFunction(`${output}_bias`, arrayLiteral(bias)),
      statements: `signal ${output}[${batch * weights.length}] <== Linear(${parameters})(${input});`,
    };
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
