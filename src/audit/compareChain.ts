import type { HardhatEthers } from "@nomicfoundation/hardhat-ethers/types";
import { Contract, keccak256 } from "ethers";
import type { ModelRegistry } from "../../build/hardhat/types/index.ts";
import type { DeploymentRecord } from "../chain/record.ts";
import { verifyCall } from "../chain/verifyClaim.ts";
import { keyIdOf, modelIdOf, toBytes32, type VerifyingKey } from "../codec/statement.ts";
import { InputError } from "../errors.ts";
import type { Claim } from "../model/claim.ts";
import { commitmentOf, type KeyedModel } from "../model/setupModel.ts";
import { type AuditRow, compare } from "./auditReport.ts";
import type { CompiledContract, CompiledContracts } from "./compileContracts.ts";
import { linksOf } from "./links.ts";
import { saidOf, VALID } from "./verifyOnEvm.ts";

/** A network, as far as it is read, with its deployment record. */
export interface RecordedChain {
  readonly name: string;
  readonly ethers: Pick<HardhatEthers, "provider">;
  readonly record: DeploymentRecord;
}

/** Throws InputError where the chain answers with another id than the record's. */
export async function requireChainOf({ name, ethers, record }: RecordedChain): Promise<void> {
  const { chainId } = await ethers.provider.getNetwork();
  if (chainId === BigInt(record.chainId)) return;
  throw new InputError(
    `network ${name}: the deployment record is of chain ${record.chainId} (chainId), the chain that answers is ${chainId}`,
  );
}

/** Compares the code of every recorded contract, immutables apart, and its recorded hash. */
export async function compareCode(
  { ethers, record }: RecordedChain,
  compiled: CompiledContracts,
  template: string,
): Promise<AuditRow[]> {
  const link = linksOf(template).code;
  const rows: AuditRow[] = [];
  for (const [name, contract] of Object.entries(compiled) as [keyof CompiledContracts, CompiledContract][]) {
    const { address, runtimeCodeHash } = record.contracts[name];
    const code = await ethers.provider.getCode(address);
    const where = `chain: code of ${name} at ${address}, immutables apart`;
    const recomputed = keccak256(withoutImmutables(contract.runtimeCode, contract));
    const claimed = code === "0x" ? "no code" : keccak256(withoutImmutables(code, contract));
    rows.push(compare(link, "chain", where, { recomputed, claimed }));
    // The code itself was compared in the row before; this is the record's word of it.
    const recorded = { recomputed: keccak256(code), claimed: runtimeCodeHash };
    rows.push(compare(link, "record", `record: contracts.${name}.runtimeCodeHash`, recorded));
  }
  return rows;
}

/** The code with zeros where the compiler leaves room for immutables; of code of another length the rest as it is. */
function withoutImmutables(code: string, { immutables }: CompiledContract): string {
  const bytes = Buffer.from(code.slice(2), "hex");
  for (const { start, length } of immutables) bytes.fill(0, start, start + length);
  return `0x${bytes.toString("hex")}`;
}

/** Compares what the record says of a model with what was rebuilt. */
export function compareRecord(record: DeploymentRecord, { model, setup }: RecordedModel): AuditRow[] {
  const name = model.graph.name;
  const recorded = modelIn(record, name);
  const links = linksOf(model.emitted.template);
  const { keyId, wordCount, modelHash, circuitHash } = model;
  const wanted = { modelHash, circuitHash, keyId, wordCount, setup };
  const link = { modelHash: links.graph, circuitHash: links.r1cs, keyId: links.keyId, wordCount: links.keyId };
  return Object.entries(wanted).map(([entry, value]) =>
    compare({ ...link, setup: links.zkey }[entry as keyof typeof wanted], "record", `record: models.${name}.${entry}`, {
      recomputed: String(value),
      claimed: String(recorded[entry as keyof typeof wanted]),
    }),
  );
}

interface RecordedModel {
  readonly model: KeyedModel;
  readonly setup: string;
}

/** Throws InputError where the record has no model of the name. */
export function modelIn({ network, models }: DeploymentRecord, name: string): DeploymentRecord["models"][string] {
  if (Object.hasOwn(models, name)) return models[name];
  const known = Object.keys(models).join(", ") || "none at all";
  throw new InputError(`deployment record of ${network}: models: has no ${name}, only ${known}`);
}

/** Asks the recorded registry for the model's key and commitment, and has it verify a proof made with the rebuilt key. */
export async function compareModel(
  chain: RecordedChain,
  registryAbi: CompiledContract["abi"],
  model: KeyedModel,
  claim: Claim,
): Promise<AuditRow[]> {
  const { ethers, record } = chain;
  const { modelId } = modelIn(record, model.graph.name);
  const { address } = record.contracts.ModelRegistry;
  const registry = new Contract(address, registryAbi, ethers.provider) as unknown as ModelRegistry;
  const found = await saidOf(registry, () => registry.termsOf.staticCall(modelId));
  const links = linksOf(model.emitted.template);
  const entry = `record: models.${model.graph.name}.modelId`;
  if (found !== VALID) {
    const values = { recomputed: "a model of the registry", claimed: found };
    return [compare(links.chainModel, "record", entry, values)];
  }
  const rows = [...(await keyRows(registry, modelId, model)), ...(await commitmentRows(chain, registry, modelId, model))];
  const said = await saidOf(registry, () => registry.verify.staticCall(...verifyCall(model.keyId, claim)));
  return [...rows, compare(links.proof, "proof", "chain: ModelRegistry.verify", { recomputed: VALID, claimed: said })];
}

/** The key that the model's terms name, as it is stored. */
async function keyRows(registry: ModelRegistry, modelId: string, model: KeyedModel): Promise<AuditRow[]> {
  const link = linksOf(model.emitted.template).chainKey;
  const { keyId } = await registry.termsOf(modelId);
  const [stored, wordCount, stopped] = await registry.getKey(keyId);
  const key = (stored as unknown as { toObject(deep: boolean): VerifyingKey }).toObject(true);
  return [
    compare(link, "chain", "chain: termsOf(modelId).keyId", { recomputed: model.keyId, claimed: keyId }),
    compare(link, "chain", "chain: hash of the key data, getKey(keyId)", {
      recomputed: keyIdOf(model.key, model.wordCount),
      claimed: keyIdOf(key, Number(wordCount)),
    }),
    compare(link, "chain", "chain: getKey(keyId).stopped", { recomputed: "false", claimed: String(stopped) }),
  ];
}

/** The model's commitment; its id covers chain, registry, owner, commitment and royalty. */
async function commitmentRows(
  { ethers, record }: RecordedChain,
  registry: ModelRegistry,
  modelId: string,
  model: KeyedModel,
): Promise<AuditRow[]> {
  const link = linksOf(model.emitted.template).chainModel;
  const [claimed, , owner] = await registry.getModel(modelId);
  const { royaltyBps, royaltyTo } = await registry.termsOf(modelId);
  const { chainId } = await ethers.provider.getNetwork();
  const { modelHash, circuitHash, vkHash, proofSystemId, uri } = commitmentOf(model, claimed.uri);
  const wanted = { modelHash, circuitHash, vkHash, proofSystemId };
  const commitment = { ...wanted, uri };
  const { address } = record.contracts.ModelRegistry;
  const rows = Object.entries(wanted).map(([entry, value]) =>
    compare(link, "chain", `chain: getModel(modelId).${entry}`, {
      recomputed: value,
      claimed: claimed[entry as keyof typeof wanted],
    }),
  );
  const id = toBytes32(modelIdOf(chainId, address, owner, commitment, Number(royaltyBps), royaltyTo));
  const recorded = { recomputed: id, claimed: modelId };
  return [...rows, compare(link, "record", `record: models.${model.graph.name}.modelId`, recorded)];
}
