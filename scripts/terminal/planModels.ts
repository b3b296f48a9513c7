import { ZeroAddress } from "ethers";
import { findKnownGood } from "../../src/chain/knownGood.ts";
import { readKeyFolder, type TrustedKey } from "../../src/chain/deployment/keyFolder.ts";
import type { PlannedModel } from "../../src/chain/deployment/plan.ts";
import { InputError } from "../../src/errors.ts";
import { DEVELOPMENT_CHAIN_ID } from "../../src/setup/dealerConstants.ts";
import { buildCircuit, buildKey, CACHE_ROOT } from "./buildModel.ts";
import { callerPath } from "./callerPath.ts";
import { SHIPPED } from "./modelOptions.ts";
import { step } from "./progress.ts";

/** Options that name the models to register and their keys. */
export interface ModelPlanOptions {
  /** False for none. */
  readonly model: readonly string[] | false;
  /** Key folder by model, as given. */
  readonly key: ReadonlyMap<string, string>;
  readonly ptau?: string;
  readonly acceptPtau?: boolean;
}

/** Throws InputError for models that would be registered with the dealer's key where that is refused, and for keys of none. */
export function requireKeys({ model, key, ptau }: ModelPlanOptions, chainId: bigint): void {
  const names = model || [];
  const idle = [...key.keys()].find((name) => !names.includes(name));
  if (idle !== undefined)
    throw new InputError(`--key ${idle}: is not among the models to register, give --model ${idle}`);
  if (key.size > 0 && ptau === undefined) throw new InputError("--key: is checked again, give --ptau FILE too");
  const dealt = names.find((name) => !key.has(name));
  if (dealt === undefined || chainId === DEVELOPMENT_CHAIN_ID) return;
  throw new InputError(
    `chain ${chainId}: ${dealt} has only the dealer's key, whose secrets are public; give --key ${dealt}=FOLDER --ptau FILE`,
  );
}

/** Builds the models, checks their keys and makes their known-good proofs, telling progress. */
export async function planModels(options: ModelPlanOptions): Promise<Record<string, PlannedModel>> {
  const models: Record<string, PlannedModel> = {};
  for (const name of options.model || []) {
    const { model, zkeyPath, setup } = await keyOf(name, options);
    const knownGoodProof = await step(
      `Proving a known statement with ${name}`,
      () => findKnownGood(model, zkeyPath, CACHE_ROOT),
      () => `Proved a known statement with ${name}`,
    );
    models[model.graph.name] = { model, uri: "", royaltyBps: 0, royaltyTo: ZeroAddress, setup, knownGoodProof };
  }
  return models;
}

/** Builds a model with the key of its folder, checked again, or with the dealer's, telling progress. */
export async function keyOf(
  name: string,
  { key, ptau, acceptPtau = false }: Omit<ModelPlanOptions, "model">,
): Promise<TrustedKey | { model: TrustedKey["model"]; zkeyPath: string; setup: "dealer" }> {
  const folder = key.get(name);
  if (folder === undefined) {
    const { model } = await buildKey(name, SHIPPED);
    return { model, zkeyPath: model.zkeyPath, setup: "dealer" };
  }
  const { model } = await buildCircuit(name, SHIPPED);
  const checked = { ptauPath: callerPath(ptau!), requirePinned: !acceptPtau };
  return step(
    `Checking the key in ${folder}`,
    () => readKeyFolder(callerPath(folder), model, checked),
    ({ setup }) => `Checked the key in ${folder}: ${setup}`,
  );
}
