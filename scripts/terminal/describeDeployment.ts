import { formatEther } from "ethers";
import type { PoseidonPlan } from "../../src/chain/deployPoseidon.ts";
import type { DeploymentCost } from "../../src/chain/deployment/cost.ts";
import type { Layout } from "../../src/chain/deployment/plan.ts";
import { formatInteger, formatTable } from "./table.ts";

/** What will be where, what is missing, and what that costs. */
export function describeDeployment(
  { addresses, steps: all }: Layout,
  { steps, gas, baseFee, fee }: DeploymentCost,
  poseidons: PoseidonPlan | undefined,
): string {
  const lines = [formatTable([["contract", "address"], ...Object.entries(addresses)])];
  const present = `  ${all.length - steps.length} of ${all.length} transactions are on chain already`;
  if (steps.length === 0) lines.push(present);
  else {
    const rows = steps.map(({ step, gas: own }) => [step.title, formatInteger(own)]);
    const price = `${formatEther(fee)} ether at the base fee of ${formatInteger(baseFee)} wei`;
    lines.push(formatTable([["transaction", "gas"], ...rows]));
    lines.push(`${present}; to send: ${formatInteger(gas)} gas, ${price}`);
  }
  if (poseidons === undefined) return lines.join("\n");
  const { missing, gas: own } = poseidons;
  const cost = own === undefined ? "and the proxy that places them" : `${formatInteger(own)} gas`;
  return [...lines, `  Poseidon: ${missing.length} of 4 contracts to place, ${cost}`].join("\n");
}
