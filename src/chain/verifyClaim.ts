import type { HardhatEthers } from "@nomicfoundation/hardhat-ethers/types";
import type { ModelRegistry } from "../../build/hardhat/types/index.ts";
import { toBytes32, type Hex } from "../codec/statement.ts";
import { InputError } from "../errors.ts";
import { toCalldata } from "../groth16/proof.ts";
import type { Claim } from "../model/claim.ts";
import type { KeyedModel } from "../model/setupModel.ts";
import { publishKey } from "./deploy.ts";
import { frameGas } from "./frameGas.ts";
import type { Chain } from "./localChain.ts";
import { describeRevert } from "./revert.ts";

/** Deploys a registry on a development chain and publishes the model's key there. */
export async function deployVerifier(ethers: HardhatEthers, model: KeyedModel): Promise<ModelRegistry> {
  const [deployer] = await ethers.getSigners();
  const registry = await ethers.deployContract("ModelRegistry", [], deployer);
  await publishKey(registry.connect(deployer), model);
  return registry;
}

/**
 * Verifies a claim in a transaction, so that everything is cold, and returns the gas of the registry's own frame.
 * Reverts with the registry's custom error on an invalid claim.
 */
export async function verifyOnChain(
  { ethers, rpc }: Pick<Chain, "ethers" | "rpc">,
  registry: ModelRegistry,
  keyId: Hex,
  claim: Claim,
): Promise<number> {
  const [sender] = await ethers.getSigners();
  const call = verifyCall(keyId, claim);
  await registry.verify.staticCall(...call);
  const transaction = await sender.sendTransaction(await registry.verify.populateTransaction(...call));
  return frameGas(rpc, transaction.hash, await registry.getAddress());
}

/** Asks a deployed registry. Throws InputError with its custom error where it refuses. */
export async function requireValid(registry: ModelRegistry, keyId: Hex, claim: Claim): Promise<void> {
  try {
    await registry.verify.staticCall(...verifyCall(keyId, claim));
  } catch (error) {
    const { data } = error as { data?: unknown };
    if (typeof data !== "string") throw error;
    const reason = describeRevert(data, [registry.interface]);
    throw new InputError(`the registry at ${await registry.getAddress()} refuses: ${reason}`, { cause: error });
  }
}

/** A claim as the arguments of the registry's `verify`. */
export const verifyCall = (
  keyId: Hex,
  { inputCommitment, words, subject, proof }: Claim,
): Parameters<ModelRegistry["verify"]["staticCall"]> => [
  keyId,
  toBytes32(inputCommitment),
  [...words],
  subject,
  toCalldata(proof),
];
