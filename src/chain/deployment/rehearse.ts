import { keccak256 } from "ethers";
import { futureId, tollgateModule } from "../../../deployments/ignition/Tollgate.ts";
import { InputError } from "../../errors.ts";
import { CREATE_X } from "../createX.ts";
import { knownGoodClaim, type ContractName } from "../record.ts";
import { requireValid } from "../verifyClaim.ts";
import { connectDevelopmentChain, type Chain } from "../localChain.ts";
import type { Layout } from "./plan.ts";
import { runIgnition } from "./runIgnition.ts";

/** What a deployment did on a chain inside this process. */
export interface Rehearsal {
  /** Gas of each step's transaction. */
  readonly gas: ReadonlyMap<string, bigint>;
  /** keccak-256 of the code that each address must have. */
  readonly codeHashes: Readonly<Record<ContractName, string>>;
}

/** More than any deployment costs: 10,000 ether. */
const PURSE = "0x21e19e0c9bab2400000";

/**
 * Sends every transaction of a deployment on a fresh chain inside this process that has the target's chain id, the same
 * sender and the same factory. Throws InputError where the registry there refuses a known-good proof.
 */
export async function rehearse(
  layout: Layout,
  { chainId, sender, factoryCode }: { chainId: bigint; sender: string; factoryCode: string },
): Promise<Rehearsal> {
  const chain = await connectDevelopmentChain(Number(chainId));
  try {
    await chain.rpc.request({ method: "hardhat_impersonateAccount", params: [sender] });
    await chain.rpc.request({ method: "hardhat_setBalance", params: [sender, PURSE] });
    if (factoryCode !== "0x") await chain.rpc.request({ method: "hardhat_setCode", params: [CREATE_X, factoryCode] });
    const sent = new Map<string, string>();
    await runIgnition({
      module: tollgateModule(layout, new Set()),
      provider: chain.rpc,
      sender,
      folder: undefined,
      pollingInterval: 1,
      onConfirmed: (future, transaction) => sent.set(future, transaction),
    });
    await requireKnownGood(layout, chain);
    return { gas: await gasOf(layout, sent, chain), codeHashes: await codeHashesOf(layout, chain) };
  } finally {
    await chain.close();
  }
}

async function requireKnownGood({ addresses, steps }: Layout, { ethers }: Chain): Promise<void> {
  const registry = await ethers.getContractAt("ModelRegistry", addresses.ModelRegistry);
  for (const step of steps) {
    if (step.kind !== "model") continue;
    const { model, knownGoodProof } = step.planned;
    try {
      await requireValid(registry, model.keyId, knownGoodClaim(knownGoodProof));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      throw new InputError(`${step.title}: its known-good proof: ${error.message}`, { cause: error });
    }
  }
}

async function gasOf({ steps }: Layout, sent: Map<string, string>, { ethers }: Chain): Promise<Map<string, bigint>> {
  const gas = new Map<string, bigint>();
  for (const { id } of steps) {
    const receipt = await ethers.provider.getTransactionReceipt(sent.get(futureId(id))!);
    gas.set(id, receipt!.gasUsed);
  }
  return gas;
}

async function codeHashesOf({ addresses }: Layout, { ethers }: Chain): Promise<Record<ContractName, string>> {
  const hashes = Object.entries(addresses).map(async ([name, address]) => {
    const code = await ethers.provider.getCode(address);
    if (code === "0x") throw new Error(`${name} is not at ${address}, where it was predicted`);
    return [name, keccak256(code)] as const;
  });
  return Object.fromEntries(await Promise.all(hashes)) as Record<ContractName, string>;
}
