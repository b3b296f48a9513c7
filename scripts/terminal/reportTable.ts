import type { ErrorShares, ModelReport } from "../../src/model/reportModel.ts";
import { formatInteger, formatTable } from "./table.ts";

/** Layers with their errors as shares of their ranges, then the outputs. */
export function describeReport({ layers, outputs, labelAgreement, samples }: ModelReport): string {
  const rows = layers.map(({ name, kernel, shape, bits, constraints, error }) => [
    name,
    kernel,
    shape.join("×"),
    String(bits),
    formatInteger(constraints),
    percent(error?.max),
    percent(error?.mean),
  ]);
  const head = ["layer", "kernel", "shape", "bits", "constraints", "greatest error", "mean error"];
  const results = outputs.flatMap(({ name, error }) =>
    error === null ? [] : [`  output ${name}: greatest error ${describe(error)}`],
  );
  const labels =
    labelAgreement === null ? [] : [`  labels: ${percent(labelAgreement)} of ${formatInteger(samples)} samples agree`];
  return [formatTable([head, ...rows]), `Errors are shares of a value's range over ${formatInteger(samples)} samples.`]
    .concat(results, labels)
    .join("\n");
}

const describe = ({ max, mean }: ErrorShares): string => `${percent(max)}, mean ${percent(mean)} of the range`;

const percent = (share: number | undefined): string => (share === undefined ? "–" : `${(share * 100).toFixed(3)} %`);
