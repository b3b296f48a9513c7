import { InputError } from "../../errors.ts";
import type { Chain } from "../localChain.ts";
import type { PreparedDeployment } from "./prepare.ts";
import type { DeploymentStep } from "./plan.ts";

/** What a deployment costs as the rehearsal saw it, at the network's present price. */
export interface DeploymentCost {
  readonly steps: readonly { readonly step: DeploymentStep; readonly gas: bigint }[];
  readonly gas: bigint;
  /** Of the latest block, in wei; the tip comes on top, and on a rollup what it pays its parent chain. */
  readonly baseFee: bigint;
  /** Gas at the base fee, in wei. */
  readonly fee: bigint;
}

/** Prices the steps that are to be sent. */
export async function costOf(
  { rehearsal }: PreparedDeployment,
  steps: readonly DeploymentStep[],
  { ethers }: Chain,
): Promise<DeploymentCost> {
  const priced = steps.map((step) => ({ step, gas: rehearsal.gas.get(step.id)! }));
  const gas = priced.reduce((sum, one) => sum + one.gas, 0n);
  const baseFee = (await ethers.provider.getBlock("latest"))?.baseFeePerGas ?? 0n;
  return { steps: priced, gas, baseFee, fee: gas * baseFee };
}

/** Throws InputError where the sender has less than the fee. */
export async function requireFunds(
  { sender }: PreparedDeployment,
  { fee }: DeploymentCost,
  { name, ethers }: Chain,
): Promise<void> {
  const balance = await ethers.provider.getBalance(sender);
  if (balance >= fee) return;
  throw new InputError(`network ${name}: ${sender} has ${balance} wei, the deployment costs at least ${fee}`);
}
