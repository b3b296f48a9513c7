import type { EmittedCircuit } from "../../src/circom/emitCircuit.ts";
import type { DomainAdvice } from "../../src/model/adviseDomain.ts";
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

/** What would bring the circuit into the next smaller domain. */
export function describeAdvice(advice: DomainAdvice | undefined): string {
  if (advice === undefined) return "  no change of widths down to 4 bits would bring it into a smaller domain";
  const { weightBits, activationBits, inputBits } = advice.widths;
  const options = `--weight-bits ${weightBits} --activation-bits ${activationBits} --input-bits ${inputBits}`;
  return `  ${options} would bring it to ${formatInteger(advice.total)}, domain 2^${advice.domainPower}; report says how faithful that is`;
}
