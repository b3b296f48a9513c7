import { createRequire } from "node:module";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";

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

/** Puts all of them where they belong, from the chain's first account. */
export async function deployPoseidons({ ethers }: Pick<Chain, "ethers">): Promise<void> {
  const [payer] = await ethers.getSigners();
  for (const inputs of [2, 3, 4, 5] as const) await deployPoseidon(payer, inputs);
}

const hasCode = async ({ provider }: HardhatEthersSigner, address: string): Promise<boolean> =>
  (await provider!.getCode(address)) !== "0x";
