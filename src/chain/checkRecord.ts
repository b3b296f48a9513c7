import type { HardhatEthers } from "@nomicfoundation/hardhat-ethers/types";
import { keccak256, type Log, type TransactionReceipt } from "ethers";
import type { ModelRegistry } from "../../build/hardhat/types/index.ts";
import { FUNDING, modelIdOf, PROOF_SYSTEM_ID, toBytes32 } from "../codec/statement.ts";
import { isDealerKey } from "../setup/dealerConstants.ts";
import { answer } from "./answer.ts";
import { CREATE_X, CREATED_TOPIC } from "./createX.ts";
import { knownGoodClaim, type ContractRecord, type DeploymentRecord, type ModelRecord } from "./record.ts";
import { verifyCall } from "./verifyClaim.ts";

/** One comparison of a record with the chain that it is about. */
export interface RecordCheck {
  /** The field of the record, for example `contracts.ModelRegistry.runtimeCodeHash`. */
  readonly name: string;
  readonly ok: boolean;
  /** What was found; for a difference, what the record says too. */
  readonly detail: string;
}

type Provider = HardhatEthers["provider"];

/** Views that return the arguments of a constructor, in order. */
const ARGUMENT_GETTERS = {
  ModelRegistry: [],
  SettlementRegistry: ["REGISTRY"],
  InferenceEscrow: ["REGISTRY", "TOLL_COLLECTOR", "TOLL_BPS"],
  PrepaidOrders: ["REGISTRY", "TOLL_COLLECTOR", "TOLL_BPS", "MAX_ORDER_LIFE"],
} as const;

const COLLECTORS = {
  AllowanceCollector: FUNDING.allowance,
  AuthorizationCollector: FUNDING.authorization,
  NativeCollector: FUNDING.native,
  Permit2Collector: FUNDING.permit2,
} as const;

/**
 * Compares every field of a record that a chain can tell with the chain: code, arguments through getters, deployments,
 * models and their known-good proofs. Not seen from a chain: the network's and the models' names, the commit, and whether a
 * setup that is not the dealer's was a ceremony. Throws only where the chain does not answer.
 */
export async function checkRecord(record: DeploymentRecord, ethers: HardhatEthers): Promise<readonly RecordCheck[]> {
  const { chainId } = await ethers.provider.getNetwork();
  const checks = [compare("chainId", record.chainId, Number(chainId))];
  for (const name of Object.keys(ARGUMENT_GETTERS) as (keyof typeof ARGUMENT_GETTERS)[]) {
    checks.push(...(await checkDeployed(name, record.contracts[name], ethers)));
  }
  for (const name of Object.keys(COLLECTORS) as (keyof typeof COLLECTORS)[]) {
    checks.push(...(await checkCollector(name, record, ethers)));
  }
  const registry = await ethers.getContractAt("ModelRegistry", record.contracts.ModelRegistry.address);
  for (const [name, model] of Object.entries(record.models)) {
    checks.push(...(await checkModel(`models.${name}`, model, registry, ethers.provider, chainId)));
  }
  return checks;
}

async function checkDeployed(
  name: keyof typeof ARGUMENT_GETTERS,
  recorded: ContractRecord,
  ethers: HardhatEthers,
): Promise<RecordCheck[]> {
  const field = `contracts.${name}`;
  const contract = await ethers.getContractAt(name as string, recorded.address);
  const found: string[] = [];
  for (const getter of ARGUMENT_GETTERS[name]) {
    found.push(await answer(async () => String(await contract.getFunction(getter)())));
  }
  const receipt = await ethers.provider.getTransactionReceipt(recorded.transaction);
  return [
    await checkCode(field, recorded, ethers.provider),
    compare(`${field}.arguments`, listed(recorded.arguments), listed(found)),
    compare(`${field}.transaction`, recorded.address, createdIn(receipt, recorded.address)),
    compare(`${field}.block`, recorded.block, receipt?.blockNumber),
    compare(`${field}.deployer`, recorded.deployer, receipt?.from),
  ];
}

/** A collector is made by the escrow, in the transaction that deploys the escrow. */
async function checkCollector(
  name: keyof typeof COLLECTORS,
  { contracts }: DeploymentRecord,
  ethers: HardhatEthers,
): Promise<RecordCheck[]> {
  const field = `contracts.${name}`;
  const recorded = contracts[name];
  const maker = contracts.InferenceEscrow;
  const escrow = await ethers.getContractAt("InferenceEscrow", maker.address);
  const collector = await ethers.getContractAt(name as "NativeCollector", recorded.address);
  return [
    compare(`${field}.address`, recorded.address, await answer(() => escrow.collectorOf(COLLECTORS[name]))),
    await checkCode(field, recorded, ethers.provider),
    compare(`${field}.arguments`, listed(recorded.arguments), listed([])),
    compare(`${field}.transaction`, recorded.transaction, maker.transaction),
    compare(`${field}.block`, recorded.block, maker.block),
    compare(`${field}.deployer`, recorded.deployer, await answer(() => collector.ESCROW())),
  ];
}

async function checkCode(field: string, recorded: ContractRecord, provider: Provider): Promise<RecordCheck> {
  const code = await provider.getCode(recorded.address);
  const found = code === "0x" ? `no code at ${recorded.address}` : keccak256(code);
  return compare(`${field}.runtimeCodeHash`, recorded.runtimeCodeHash, found);
}

/** The address itself where the transaction created a contract there, else what the transaction is. */
function createdIn(receipt: TransactionReceipt | null, address: string): string {
  if (receipt === null) return "no such transaction";
  if (receipt.contractAddress === address) return address;
  const created = receipt.logs.some(
    (log) => log.address === CREATE_X && log.topics[0] === CREATED_TOPIC && sameAddress(log.topics[1], address),
  );
  return created ? address : "a transaction that does not deploy it";
}

async function checkModel(
  field: string,
  model: ModelRecord,
  registry: ModelRegistry,
  provider: Provider,
  chainId: bigint,
): Promise<RecordCheck[]> {
  const { modelId, keyId, uri, modelHash, circuitHash, royaltyBps, royaltyTo, owner } = model;
  const commitment = { modelHash, circuitHash, vkHash: keyId, proofSystemId: PROOF_SYSTEM_ID, uri };
  const id = modelIdOf(chainId, await registry.getAddress(), owner, commitment, royaltyBps, royaltyTo);
  const receipt = await provider.getTransactionReceipt(model.transaction);
  return [
    // The id is a hash over the next seven fields: where one is edited, both differ.
    compare(`${field}.modelId`, modelId, toBytes32(id)),
    ...(await checkTerms(field, model, registry)),
    ...(await checkKey(field, model, registry)),
    compare(`${field}.transaction`, modelId, await registeredIn(receipt, modelId, registry)),
    await checkKnownGoodProof(field, model, registry),
  ];
}

async function checkTerms(field: string, model: ModelRecord, registry: ModelRegistry): Promise<RecordCheck[]> {
  const found = await answer(async () => ({
    model: await registry.getModel(model.modelId),
    terms: await registry.termsOf(model.modelId),
  }));
  if (typeof found === "string") return [{ name: `${field}.modelId`, ok: false, detail: found }];
  const [commitment, deprecated, owner] = found.model;
  const stopped = await registry.isStopped(commitment.vkHash);
  return [
    compare(`${field}.modelHash`, model.modelHash, commitment.modelHash),
    compare(`${field}.circuitHash`, model.circuitHash, commitment.circuitHash),
    compare(`${field}.keyId`, model.keyId, commitment.vkHash),
    compare(`${field}.uri`, model.uri, commitment.uri),
    compare(`${field}.owner`, model.owner, owner),
    compare(`${field}.royaltyBps`, model.royaltyBps, Number(found.terms.royaltyBps)),
    compare(`${field}.royaltyTo`, model.royaltyTo, found.terms.royaltyTo),
    compare(`${field}.status`, model.status, stopped ? "stopped" : deprecated ? "deprecated" : "live"),
  ];
}

async function checkKey(field: string, { keyId, wordCount, setup }: ModelRecord, registry: ModelRegistry) {
  const found = await answer(() => registry.getKey(keyId));
  if (typeof found === "string") return [{ name: `${field}.keyId`, ok: false, detail: found }];
  const { alpha, beta, delta } = found.key;
  const ofDealer = isDealerKey({ alpha: [...alpha], beta: [...beta], delta: [...delta], ic: [] });
  return [
    compare(`${field}.wordCount`, wordCount, Number(found.wordCount)),
    compare(
      `${field}.setup`,
      setup === "dealer" ? "dealer" : "not the dealer's",
      ofDealer ? "dealer" : "not the dealer's",
    ),
  ];
}

async function registeredIn(
  receipt: TransactionReceipt | null,
  modelId: string,
  registry: ModelRegistry,
): Promise<string> {
  if (receipt === null) return "no such transaction";
  const { topicHash } = registry.interface.getEvent("ModelRegistered");
  const address = await registry.getAddress();
  const isRegistration = (log: Log) =>
    log.address === address && log.topics[0] === topicHash && log.topics[1] === modelId;
  return receipt.logs.some(isRegistration) ? modelId : "a transaction that does not register it";
}

/** A key that is stopped on chain accepts nothing any more: then its proofs say nothing, and the status tells. */
async function checkKnownGoodProof(
  field: string,
  { keyId, knownGoodProof }: ModelRecord,
  registry: ModelRegistry,
): Promise<RecordCheck> {
  const name = `${field}.knownGoodProof`;
  if ((await answer(() => registry.isStopped(keyId))) === true)
    return { name, ok: true, detail: "not asked: the key is stopped" };
  const call = verifyCall(keyId, knownGoodClaim(knownGoodProof));
  const outcome = await answer(async () => (await registry.verify.staticCall(...call), "accepted by the registry"));
  return compare(name, "accepted by the registry", outcome);
}

function compare(name: string, recorded: string | number, found: string | number | undefined): RecordCheck {
  const ok = recorded === found;
  return { name, ok, detail: ok ? String(found) : `recorded ${recorded}, found ${found ?? "nothing"}` };
}

/** Quoted, so that arguments cannot be mistaken for one, or an empty one for none. */
const listed = (given: readonly string[]): string => JSON.stringify(given);

const sameAddress = (topic: string, address: string): boolean => BigInt(topic) === BigInt(address);
