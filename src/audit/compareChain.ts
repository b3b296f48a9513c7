import type { HardhatEthers } from "@nomicfoundation/hardhat-ethers/types";
import { Contract, keccak256 } from "ethers";
import type { ModelRegistry } from "../../build/hardhat/types/index.ts";
import { checkRecord } from "../chain/checkRecord.ts";
import { knownGoodClaim, type DeploymentRecord, type ModelRecord } from "../chain/record.ts";
import { verifyCall } from "../chain/verifyClaim.ts";
import { keyIdOf, modelIdOf, toBytes32, type VerifyingKey } from "../codec/statement.ts";
import { InputError } from "../errors.ts";
import { verifyProof } from "../groth16/verify.ts";
import type { Claim } from "../model/claim.ts";
import { signalsOf } from "../model/infer.ts";
import { commitmentOf, type KeyedModel } from "../model/setupModel.ts";
import type { ConstructedCode } from "./runConstructors.ts";
import { type AuditRow, compare } from "./auditReport.ts";
import { CONTRACT_NAMES, type CompiledContract, type CompiledContracts } from "./compileContracts.ts";
import { linksOf } from "./links.ts";
import { INVALID, saidOf, VALID } from "./verifyOnEvm.ts";

/** A network with its deployment record. */
export interface RecordedChain {
  readonly name: string;
  readonly ethers: HardhatEthers;
  readonly record: DeploymentRecord;
}

/** A rebuilt model with a proof made under its key, and how lock.json should say that the key was made. */
export interface ProvenModel {
  readonly model: KeyedModel;
  readonly setup: string;
  readonly claim: Claim;
}

/** Freshly compiled contracts, and the code that their constructors leave with the record's arguments. */
export interface FreshCode {
  readonly compiled: CompiledContracts;
  readonly constructed: ConstructedCode;
}

/**
 * Compares record and chain with freshly compiled contracts and a rebuilt model. A registry whose code is another's is
 * asked nothing: it could answer anything. Throws InputError where the record has no model of the name, or the chain stops
 * answering.
 */
export async function compareChain(chain: RecordedChain, code: FreshCode, proven: ProvenModel): Promise<AuditRow[]> {
  const { model } = proven;
  const { template } = model.emitted;
  const recorded = modelIn(chain.record, model.graph.name);
  return whileAnswering(chain.name, async () => {
    const fields = await compareRecord(chain, model.graph.name, template);
    const codeRows = await compareCode(chain, code, fields, template);
    const isGenuine = codeRows.every(({ compared, ok }) => ok || !compared.includes("ModelRegistry"));
    const asked = isGenuine ? await compareModel(chain, code.compiled.ModelRegistry.abi, recorded, proven) : [];
    return [...codeRows, ...compareRecorded(recorded, proven), ...asked, ...fields];
  });
}

/** The message of a dropped connection is not passed on: it holds the URL, and with it maybe an access key. */
async function whileAnswering<Result>(network: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const { cause } = error as { cause?: { name?: string } };
    if (cause?.name !== "RequestError") throw error;
    throw new InputError(`network ${network}: stopped answering; want a node that stays for the whole audit`);
  }
}

/** Throws InputError where the record has no model of the name. */
export function modelIn({ network, models }: DeploymentRecord, name: string): ModelRecord {
  if (Object.hasOwn(models, name)) return models[name];
  const known = Object.keys(models).join(", ") || "none at all";
  throw new InputError(`deployment record of ${network}: models: has no ${name}, only ${known}`);
}

/**
 * Compares the code of every recorded contract twice: immutables apart, which needs nothing of the record, and as its
 * constructor leaves it. Where the record errs in what constructors see, so do they.
 */
async function compareCode(
  { ethers, record }: RecordedChain,
  { compiled, constructed }: FreshCode,
  fields: readonly AuditRow[],
  template: string,
): Promise<AuditRow[]> {
  const link = linksOf(template).code;
  const rows: AuditRow[] = [];
  const found = await Promise.all(
    CONTRACT_NAMES.map((name) => ethers.provider.getCode(record.contracts[name].address)),
  );
  const isMisrecorded =
    found.includes("0x") || fields.some(({ compared, ok }) => !ok && /(chainId|\.address|\.arguments)$/.test(compared));
  for (const [index, name] of CONTRACT_NAMES.entries()) {
    const code = found[index];
    const recomputed = codeHash(compiled[name].runtimeCode, compiled[name]);
    if (code === "0x") {
      const values = { recomputed, claimed: "no code there" };
      rows.push(compare(link, "record", `record: contracts.${name}.address`, values));
      continue;
    }
    const claimed = codeHash(code, compiled[name]);
    rows.push(compare(link, "chain", `chain: code of ${name}, immutables apart`, { recomputed, claimed }));
    rows.push(
      compare(link, isMisrecorded ? "record" : "chain", `chain: code of ${name}, as its constructor leaves it`, {
        recomputed: keccak256(constructed[name]),
        claimed: keccak256(code),
      }),
    );
  }
  return rows;
}

/** keccak-256 of code with zeros where the constructor writes immutables. */
function codeHash(code: string, { immutables }: CompiledContract): string {
  const bytes = Buffer.from(code.slice(2), "hex");
  for (const { start, length } of immutables) bytes.fill(0, start, start + length);
  return keccak256(bytes);
}

/** What the record says of a model beside what was rebuilt; its proof in JavaScript under the rebuilt key. */
function compareRecorded(recorded: ModelRecord, { model, setup }: ProvenModel): AuditRow[] {
  const links = linksOf(model.emitted.template);
  const { modelHash, circuitHash, keyId, wordCount } = model;
  const row = (link: string, entry: "modelHash" | "circuitHash" | "setup" | "keyId" | "wordCount", value: unknown) =>
    compare(link, "record", recordEntry(model, entry), { recomputed: String(value), claimed: String(recorded[entry]) });
  return [
    row(links.graph, "modelHash", modelHash),
    row(links.r1cs, "circuitHash", circuitHash),
    row(links.zkey, "setup", setup),
    row(links.keyId, "keyId", keyId),
    row(links.keyId, "wordCount", wordCount),
    compare(links.proof, "record", `${recordEntry(model, "knownGoodProof")}, in JavaScript`, {
      recomputed: VALID,
      claimed: saidInJavaScript(model, knownGoodClaim(recorded.knownGoodProof)),
    }),
  ];
}

const recordEntry = ({ graph }: KeyedModel, entry: string): string => `record: models.${graph.name}.${entry}`;

/** What the strict verifier says of a claim under the rebuilt key. */
export const saidInJavaScript = ({ vkey, keyId }: KeyedModel, claim: Claim): string =>
  verifyProof(vkey, signalsOf(claim, keyId, claim.subject), claim.proof) ? VALID : INVALID;

/** Asks the registry for the model's key and commitment, and has it verify a proof made under the rebuilt key. */
async function compareModel(
  { ethers, record }: RecordedChain,
  registryAbi: CompiledContract["abi"],
  { modelId }: ModelRecord,
  { model, claim }: ProvenModel,
): Promise<AuditRow[]> {
  const { address } = record.contracts.ModelRegistry;
  const registry = new Contract(address, registryAbi, ethers.provider) as unknown as ModelRegistry;
  const found = await saidOf(registry, () => registry.termsOf(modelId));
  const links = linksOf(model.emitted.template);
  if (found !== VALID) {
    const values = { recomputed: "a model of the registry", claimed: found };
    return [compare(links.chainModel, "record", recordEntry(model, "modelId"), values)];
  }
  const said = await saidOf(registry, () => registry.verify(...verifyCall(model.keyId, claim)));
  return [
    ...(await keyRows(registry, modelId, model)),
    ...(await commitmentRows(registry, modelId, record, model)),
    compare(links.proof, "chain", "chain: ModelRegistry.verify", { recomputed: VALID, claimed: said }),
  ];
}

/** The key that the model's terms name, as it is stored. */
async function keyRows(registry: ModelRegistry, modelId: string, model: KeyedModel): Promise<AuditRow[]> {
  const link = linksOf(model.emitted.template).chainKey;
  const { keyId } = await registry.termsOf(modelId);
  const [stored, wordCount, stopped] = await registry.getKey(keyId);
  const key = (stored as unknown as { toObject(deep: boolean): VerifyingKey }).toObject(true);
  const row = (asked: string, recomputed: string, claimed: string) =>
    compare(link, "chain", `chain: ${asked}`, { recomputed, claimed });
  return [
    row("termsOf(modelId).keyId", model.keyId, keyId),
    row("hash of getKey(keyId)", keyIdOf(model.key, model.wordCount), keyIdOf(key, Number(wordCount))),
    row("getKey(keyId).stopped", "false", String(stopped)),
  ];
}

/** The model's commitment, and its id, which covers chain, registry, owner, commitment and royalty. */
async function commitmentRows(
  registry: ModelRegistry,
  modelId: string,
  { chainId, contracts }: DeploymentRecord,
  model: KeyedModel,
): Promise<AuditRow[]> {
  const link = linksOf(model.emitted.template).chainModel;
  const [claimed, , owner] = await registry.getModel(modelId);
  const { royaltyBps, royaltyTo } = await registry.termsOf(modelId);
  const wanted = commitmentOf(model, claimed.uri);
  const { address } = contracts.ModelRegistry;
  const id = toBytes32(modelIdOf(BigInt(chainId), address, owner, wanted, Number(royaltyBps), royaltyTo));
  const entries = ["modelHash", "circuitHash", "vkHash", "proofSystemId"] as const;
  return [
    ...entries.map((entry) =>
      compare(link, "chain", `chain: getModel(modelId).${entry}`, {
        recomputed: wanted[entry],
        claimed: claimed[entry],
      }),
    ),
    compare(link, "record", recordEntry(model, "modelId"), { recomputed: id, claimed: modelId }),
  ];
}

/** Every field of the record that a chain can tell, other models' apart. */
async function compareRecord({ ethers, record }: RecordedChain, name: string, template: string): Promise<AuditRow[]> {
  const link = linksOf(template).record;
  const checks = (await checkRecord(record, ethers)).filter(
    (check) => !check.name.startsWith("models.") || check.name.startsWith(`models.${name}.`),
  );
  return checks.map(({ name: entry, ok, detail }) => {
    const [recorded, found] = ok ? [detail, detail] : partsOf(detail);
    return { link, source: "record", compared: `record: ${entry}`, recomputed: found, claimed: recorded, ok };
  });
}

/** "recorded X, found Y" in two; any other text is what was found. */
function partsOf(detail: string): [recorded: string, found: string] {
  const parts = /^recorded (.*), found (.*)$/s.exec(detail);
  return parts === null ? ["as recorded", detail] : [parts[1], parts[2]];
}
