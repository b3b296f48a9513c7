import { keccak256 } from "ethers";
import type { ModelRegistry } from "../../build/hardhat/types/index.ts";
import { InputError } from "../errors.ts";
import type { Chain } from "./localChain.ts";
import { readRecord } from "./record.ts";

/** The registry that a network's record names. Throws InputError where the chain holds other code there, or none. */
export async function deployedRegistry({ name, ethers }: Chain): Promise<ModelRegistry> {
  const { chainId } = await ethers.provider.getNetwork();
  const { address, runtimeCodeHash } = (await readRecord(name, Number(chainId))).contracts.ModelRegistry;
  const code = await ethers.provider.getCode(address);
  if (keccak256(code) !== runtimeCodeHash) {
    const found = code === "0x" ? "no code" : `code with hash ${keccak256(code)}`;
    throw new InputError(`network ${name}: ${found} at ${address}, the record wants ModelRegistry ${runtimeCodeHash}`);
  }
  return ethers.getContractAt("ModelRegistry", address);
}
