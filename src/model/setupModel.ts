import { readFile } from "node:fs/promises";
import { elementWidths, layOut } from "../codec/codec.ts";
import { keyIdOf, PROOF_SYSTEM_ID, type Hex, type ModelCommitment, type VerifyingKey } from "../codec/statement.ts";
import { parseVerifyingKey, toContractKey, type Vkey } from "../groth16/verifyingKey.ts";
import { dealerSetup } from "../setup/dealer.ts";
import type { CompiledModel } from "./compileModel.ts";

/** A model with a key of its circuit. */
export interface KeyedModel extends CompiledModel {
  readonly vkey: Vkey;
  readonly key: VerifyingKey;
  readonly keyId: Hex;
  readonly wordCount: number;
}

/** A model with the dealer's key: what can prove and be registered on chain 31337. */
export interface SetUpModel extends KeyedModel {
  readonly zkeyPath: string;
  readonly vkeyPath: string;
  readonly setupCached: boolean;
}

/** Joins a model with a key. Throws InputError unless the key has the three public signals of every model. */
export function withKey(model: CompiledModel, vkey: Vkey): KeyedModel {
  const key = toContractKey(vkey);
  const { wordCount } = layOut(elementWidths(model.graph.outputs));
  return { ...model, vkey, key, keyId: keyIdOf(key, wordCount), wordCount };
}

/** Makes the dealer's key for a compiled model, or finds it in the cache. */
export async function setupModel(model: CompiledModel, cacheRoot: string): Promise<SetUpModel> {
  const { zkeyPath, vkeyPath, cached } = await dealerSetup({ r1csPath: model.circuit.r1csPath, cacheRoot });
  const vkey = parseVerifyingKey(JSON.parse(await readFile(vkeyPath, "utf8")));
  return { ...withKey(model, vkey), zkeyPath, vkeyPath, setupCached: cached };
}

/** What the registry is told of a model (ERC-7992). */
export const commitmentOf = (model: KeyedModel, uri: string): ModelCommitment => ({
  modelHash: model.modelHash,
  circuitHash: model.circuitHash,
  vkHash: model.keyId,
  proofSystemId: PROOF_SYSTEM_ID,
  uri,
});
