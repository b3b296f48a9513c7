import type { ModelRegistry } from "../../../build/hardhat/types/index.ts";
import { recordContracts, type DeployedName } from "../deploy.ts";
import type { Chain } from "../localChain.ts";
import type { DeploymentRecord, ModelRecord } from "../record.ts";
import type { JournalEntry } from "./journal.ts";
import { findOrigins } from "./origins.ts";
import type { DeploymentStep } from "./plan.ts";
import type { PreparedDeployment } from "./prepare.ts";

/** Describes a deployment that is whole; what an earlier record says of other models is kept. */
export async function recordDeployment(
  { name, ethers }: Chain,
  { plan, layout, chainId, sender, earlier }: PreparedDeployment,
  journal: ReadonlyMap<string, JournalEntry>,
  commit: string | null,
): Promise<DeploymentRecord> {
  const origins = await findOrigins(layout, { earlier, journal }, ethers);
  const transactions = Object.fromEntries(origins) as Record<DeployedName, string>;
  const contracts = await recordContracts(ethers.provider, layout.addresses, plan.terms, transactions);
  const registry = await ethers.getContractAt("ModelRegistry", layout.addresses.ModelRegistry);
  const models: Record<string, ModelRecord> = { ...earlier?.models };
  for (const step of layout.steps) {
    if (step.kind === "model") models[step.name] = recordModel(step, sender, origins.get(step.id)!);
  }
  for (const [modelName, model] of Object.entries(models)) {
    models[modelName] = { ...model, status: await statusOf(registry, model) };
  }
  return { network: name, chainId: Number(chainId), commit: earlier?.commit ?? commit, contracts, models };
}

function recordModel(
  { modelId, planned }: Extract<DeploymentStep, { kind: "model" }>,
  owner: string,
  transaction: string,
): ModelRecord {
  const { model, uri, royaltyBps, royaltyTo, setup, knownGoodProof } = planned;
  const { keyId, wordCount, modelHash, circuitHash } = model;
  return {
    modelId,
    owner,
    keyId,
    wordCount,
    modelHash,
    circuitHash,
    uri,
    royaltyBps,
    royaltyTo,
    setup,
    status: "live",
    transaction,
    knownGoodProof,
  };
}

async function statusOf(registry: ModelRegistry, { modelId, keyId }: ModelRecord): Promise<ModelRecord["status"]> {
  if (await registry.isStopped(keyId)) return "stopped";
  return (await registry.termsOf(modelId)).deprecated ? "deprecated" : "live";
}
