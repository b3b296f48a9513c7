import { buildContracts } from "../chain/buildContracts.ts";
import { connectChain } from "../chain/localChain.ts";
import { readRecord } from "../chain/record.ts";
import type { AuditOptions, Step } from "./auditModel.ts";
import { modelIn } from "./compareChain.ts";
import { CONTRACT_NAMES, compileContracts } from "./compileContracts.ts";
import { runConstructors } from "./runConstructors.ts";

/** Where proofs are verified, and what a deployment is compared with. */
export type AuditChains = Pick<AuditOptions, "local" | "registry" | "chain">;

/**
 * Opens a development chain in this process, and a network with its deployment record where one is named. The contracts
 * compile meanwhile. Throws InputError where nothing answers, nothing is recorded, the record is of another chain or without
 * one of the models.
 */
export async function openChains(
  network: string | undefined,
  models: readonly string[],
  step: Step,
): Promise<AuditChains> {
  if (network === undefined) {
    const registry = compileContracts(["ModelRegistry"]).then(({ ModelRegistry }) => ModelRegistry);
    return { local: (await connectChain()).ethers, registry: heldBack(registry) };
  }
  const { name, ethers } = await connectChain(network);
  const { chainId } = await ethers.provider.getNetwork();
  const record = await readRecord(name, Number(chainId));
  models.forEach((model) => modelIn(record, model));
  // The recorded contracts' views are called by the interfaces of a build; their code is compared with a fresh one.
  await step("Building the contracts' interfaces", buildContracts);
  const contracts = heldBack(compileContracts(CONTRACT_NAMES));
  const registry = heldBack(contracts.then(({ ModelRegistry }) => ModelRegistry));
  const code = heldBack(
    contracts.then(async (compiled) => ({ compiled, constructed: await runConstructors(record, compiled) })),
  );
  return { local: (await connectChain()).ethers, registry, chain: { name, ethers, record, code } };
}

/** A failure is for whoever awaits the result later, not for the process. */
function heldBack<Result>(work: Promise<Result>): Promise<Result> {
  work.catch(() => undefined);
  return work;
}
