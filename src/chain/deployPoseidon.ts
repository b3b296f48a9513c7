import { createRequire } from "node:module";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";

import { InputError } from "../errors.ts";
import { DEVELOPMENT_CHAIN_ID } from "../setup/dealerConstants.ts";
import type { Chain } from "./localChain.ts";

// A CommonJS package whose exports Node cannot list.
const { PoseidonT3, PoseidonT4, PoseidonT5, PoseidonT6, proxy } = createRequire(import.meta.url)(
  "poseidon-solidity",
) as typeof import("poseidon-solidity");

/** The hashes that `InputCommitmentLib` calls, by their number of inputs: salt and words. */
export const POSEIDON_BY_INPUTS = { 2: PoseidonT3, 3: PoseidonT4, 4: PoseidonT5, 5: PoseidonT6 };

/**
 * Puts the Poseidon contract of so many inputs where `InputCommitmentLib` expects it, unless it is there, and with it the
 * deterministic deployment proxy. `payer` pays for both; anyone may, once a chain. Returns the address.
 */
export async function deployPoseidon(
  payer: HardhatEthersSigner,
  inputs: keyof typeof POSEIDON_BY_INPUTS,
): Promise<string> {
  const { address, data } = POSEIDON_BY_INPUTS[inputs];
  if (await hasCode(payer, address)) return address;
  if (!(await hasCode(payer, proxy.address))) {
    // A transaction whose sender nobody has the key of: its address, and the proxy's, are the same on every chain.
    await (await payer.sendTransaction({ to: proxy.from, value: BigInt(proxy.gas) })).wait();
    await (await payer.provider!.broadcastTransaction(proxy.tx)).wait();
  }
  await (await payer.sendTransaction({ to: proxy.address, data })).wait();
  if (!(await hasCode(payer, address)))
    throw new Error(`PoseidonT${inputs + 1} is not at ${address} after its deployment`);
  return address;
}

/** What it takes to put all of them there: none where they are. */
export interface PoseidonPlan {
  readonly missing: readonly (keyof typeof POSEIDON_BY_INPUTS)[];
  /** Undefined where the proxy is missing too, on a development chain. */
  readonly gas: bigint | undefined;
}

/**
 * Plans the Poseidon contracts of a chain. Throws InputError off chain 31337 where the deterministic deployment proxy is
 * missing: most nodes refuse the transaction without chain id that makes it.
 */
export async function planPoseidons({ name, ethers }: Pick<Chain, "name" | "ethers">): Promise<PoseidonPlan> {
  const [payer] = await ethers.getSigners();
  const { chainId } = await ethers.provider.getNetwork();
  const hasProxy = await hasCode(payer, proxy.address);
  if (!hasProxy && chainId !== DEVELOPMENT_CHAIN_ID) {
    throw new InputError(`network ${name}: no code at ${proxy.address}, want the deterministic deployment proxy`);
  }
  const missing: (keyof typeof POSEIDON_BY_INPUTS)[] = [];
  let gas = hasProxy ? 0n : undefined;
  for (const inputs of [2, 3, 4, 5] as const) {
    const { address, data } = POSEIDON_BY_INPUTS[inputs];
    if (await hasCode(payer, address)) continue;
    missing.push(inputs);
    if (gas !== undefined) gas += await ethers.provider.estimateGas({ from: payer.address, to: proxy.address, data });
  }
  return { missing, gas };
}

/** Puts the planned ones where they belong, from the chain's first account. */
export async function deployPoseidons({ ethers }: Pick<Chain, "ethers">, { missing }: PoseidonPlan): Promise<void> {
  const [payer] = await ethers.getSigners();
  for (const inputs of missing) await deployPoseidon(payer, inputs);
}

const hasCode = async ({ provider }: HardhatEthersSigner, address: string): Promise<boolean> =>
  (await provider!.getCode(address)) !== "0x";
