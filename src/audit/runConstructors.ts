import type { HardhatEthers } from "@nomicfoundation/hardhat-ethers/types";
import { AbiCoder, concat, Interface, toBeHex } from "ethers";
import { connectDevelopmentChain } from "../chain/localChain.ts";
import type { ContractName, DeploymentRecord } from "../chain/record.ts";
import { CONTRACT_NAMES, type CompiledContract, type CompiledContracts } from "./compileContracts.ts";

/** Runtime code by contract. */
export type ConstructedCode = Readonly<Record<ContractName, string>>;

/** Contracts whose constructors are run, in this order: the others ask the registry. The escrow makes its collectors. */
const CONSTRUCTED = ["ModelRegistry", "SettlementRegistry", "InferenceEscrow", "PrepaidOrders"] as const;

/**
 * The code that freshly compiled constructors leave with the record's arguments, at its addresses and under its chain id:
 * immutables included, which the compiler leaves open. "0x" where a constructor refuses the arguments.
 */
export async function runConstructors(
  { chainId, contracts }: DeploymentRecord,
  compiled: CompiledContracts,
): Promise<ConstructedCode> {
  const { ethers, close } = await connectDevelopmentChain(chainId);
  try {
    for (const name of CONSTRUCTED) {
      const { address, arguments: given } = contracts[name];
      await construct(ethers, address, creationCode(compiled[name], given));
    }
    const codes = CONTRACT_NAMES.map(async (name) => [name, await ethers.provider.getCode(contracts[name].address)]);
    return Object.fromEntries(await Promise.all(codes)) as ConstructedCode;
  } finally {
    await close();
  }
}

/** Code and arguments; undefined where the record's are not what the constructor takes. */
function creationCode({ abi, creationCode: code }: CompiledContract, given: readonly string[]): string | undefined {
  const { inputs } = new Interface(abi).deploy;
  try {
    return concat([code, AbiCoder.defaultAbiCoder().encode(inputs, given)]);
  } catch {
    return undefined;
  }
}

/**
 * Runs creation code as if it were the code at `address`, so that it sees that address as its own; a contract under
 * construction has the nonce 1. What it makes stays, and what it returns becomes the code.
 */
async function construct({ provider, getSigners }: HardhatEthers, address: string, code?: string): Promise<void> {
  const runtimeCode = code === undefined ? "0x" : await runAt();
  await provider.send("hardhat_setCode", [address, runtimeCode]);

  async function runAt(): Promise<string> {
    await provider.send("hardhat_setNonce", [address, toBeHex(1)]);
    await provider.send("hardhat_setCode", [address, code]);
    const [anyone] = await getSigners();
    try {
      const made = await provider.call({ to: address });
      await (await anyone.sendTransaction({ to: address })).wait();
      return made;
    } catch (error) {
      if (typeof (error as { data?: unknown }).data === "string") return "0x";
      throw error;
    }
  }
}
