import type { EmittedCircuit } from "../../src/circom/emitCircuit.ts";
import { formatInteger, formatTable } from "./table.ts";

/** Predicted constraints by layer, their sum and the domain that Groth16 pays for. */
export function describeCosts({ byKernel, cost }: EmittedCircuit): string {
  const layers = byKernel.map(({ name, kernel, nonlinear, linear, total }) => [
    name,
    kernel,
    ...[nonlinear, linear, total].map(formatInteger),
  ]);
  const sum = ["total", "", ...[cost.nonlinear, cost.linear, cost.total].map(formatInteger)];
  const table = formatTable([["layer", "kernel", "non-linear", "linear", "constraints"], ...layers, sum]);
  return `${table}\n  domain 2^${cost.domainPower} (${formatInteger(2 ** cost.domainPower - cost.total)} rows free)`;
}
