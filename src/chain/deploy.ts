import type { HardhatEthers, HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { type BaseContract, type ContractTransactionReceipt, keccak256 } from "ethers";
import type { InferenceEscrow, ModelRegistry, SettlementRegistry } from "../../build/hardhat/types/index.ts";
import { commitmentOf, type KeyedModel } from "../model/setupModel.ts";
import { DEVELOPMENT_CHAIN_ID, isDealerKey } from "../setup/dealerConstants.ts";
import { recordPath, writeRecord, type ContractRecord, type DeploymentRecord, type ModelRecord } from "./record.ts";
import { InputError } from "../errors.ts";
import { modelIdOf, toBytes32 } from "./statement.ts";

/** The contracts of one deployment. */
export interface Tollgate {
  readonly registry: ModelRegistry;
  readonly settlement: SettlementRegistry;
  readonly escrow: InferenceEscrow;
}

/** Immutable terms of an escrow. */
export interface TollTerms {
  /** Basis points of every settled amount, at most 100. */
  readonly tollBps: number;
  readonly tollCollector: string;
}

/** A royalty that a model's owner takes of every settled amount, at most 1,000 basis points. */
export interface RoyaltyTerms {
  readonly royaltyBps: number;
  readonly royaltyTo: string;
}

/** Deploys registry, settlement registry and escrow (which makes its collector) from `deployer`. */
export async function deployTollgate(
  ethers: HardhatEthers,
  deployer: HardhatEthersSigner,
  { tollCollector, tollBps }: TollTerms,
): Promise<Tollgate> {
  const registry = await ethers.deployContract("ModelRegistry", [], deployer);
  const settlement = await ethers.deployContract("SettlementRegistry", [registry], deployer);
  const escrow = await ethers.deployContract("InferenceEscrow", [registry, tollCollector, tollBps], deployer);
  await Promise.all([registry, settlement, escrow].map((contract) => contract.waitForDeployment()));
  return { registry, settlement, escrow };
}

/** Publishes a model's key; anyone may, and again without effect. */
export async function publishKey(registry: ModelRegistry, { key, wordCount }: KeyedModel): Promise<void> {
  const { alpha, beta, delta, ic } = key;
  const argument = {
    alpha: [alpha[0], alpha[1]] as [bigint, bigint],
    beta: [beta[0], beta[1], beta[2], beta[3]] as [bigint, bigint, bigint, bigint],
    delta: [delta[0], delta[1], delta[2], delta[3]] as [bigint, bigint, bigint, bigint],
    ic: ic.map(([x, y]) => [x, y]) as [[bigint, bigint], [bigint, bigint], [bigint, bigint], [bigint, bigint]],
  };
  await (await registry.publishKey(argument, wordCount)).wait();
}

/** Throws InputError for a dealer's key, under which anybody forges, off chain 31337. */
export function requireTrustworthyKey({ vkey }: KeyedModel, chainId: bigint): void {
  if (chainId === DEVELOPMENT_CHAIN_ID || !isDealerKey(vkey)) return;
  throw new InputError(`chain ${chainId}: the key is the dealer's, whose secrets are public; want chain 31337`);
}

/** Publishes a model's key and registers the model for `owner`. Throws InputError for a dealer's key off chain 31337. */
export async function registerModel(
  registry: ModelRegistry,
  owner: HardhatEthersSigner,
  model: KeyedModel,
  uri: string,
  { royaltyBps, royaltyTo }: RoyaltyTerms,
): Promise<ModelRecord> {
  const { chainId } = await owner.provider!.getNetwork();
  requireTrustworthyKey(model, chainId);
  const asOwner = registry.connect(owner);
  await publishKey(asOwner, model);
  const commitment = commitmentOf(model, uri);
  const register = asOwner["registerModel((bytes32,bytes32,bytes32,bytes4,string),uint16,address)"];
  const receipt = await (await register(commitment, royaltyBps, royaltyTo)).wait();
  const address = await registry.getAddress();
  return {
    modelId: toBytes32(modelIdOf(chainId, address, owner.address, commitment, royaltyBps, royaltyTo)),
    keyId: model.keyId,
    wordCount: model.wordCount,
    modelHash: model.modelHash,
    circuitHash: model.circuitHash,
    setup: "dealer",
    transaction: receipt!.hash,
  };
}

/** Writes the record of a deployment, read back from the chain; returns its path. */
export async function saveRecord(...deployment: Parameters<typeof recordOf>): Promise<string> {
  const record = await recordOf(...deployment);
  const path = recordPath(record.network, record.chainId);
  await writeRecord(path, record);
  return path;
}

/** Describes a deployment as its record, read back from the chain. */
export async function recordOf(
  { registry, settlement, escrow }: Tollgate,
  terms: TollTerms,
  network: { readonly name: string; readonly chainId: number; readonly commit: string | null },
  models: Record<string, ModelRecord>,
): Promise<DeploymentRecord> {
  const registryAddress = await registry.getAddress();
  const collector = registry.attach(await escrow.ALLOWANCE_COLLECTOR());
  const escrowArguments = [registryAddress, terms.tollCollector, String(terms.tollBps)];
  return {
    network: network.name,
    chainId: network.chainId,
    commit: network.commit,
    contracts: {
      ModelRegistry: await contractRecord(registry, registry, []),
      SettlementRegistry: await contractRecord(settlement, settlement, [registryAddress]),
      InferenceEscrow: await contractRecord(escrow, escrow, escrowArguments),
      AllowanceCollector: await contractRecord(collector, escrow, []),
    },
    models,
  };
}

/** `creator` is the contract whose deployment transaction made `contract`: itself, or the one that created it. */
async function contractRecord(
  contract: BaseContract,
  creator: BaseContract,
  constructorArguments: string[],
): Promise<ContractRecord> {
  const address = await contract.getAddress();
  const provider = creator.runner!.provider!;
  const receipt = (await creator.deploymentTransaction()!.wait()) as ContractTransactionReceipt;
  return {
    address,
    transaction: receipt.hash,
    block: receipt.blockNumber,
    deployer: contract === creator ? receipt.from : await creator.getAddress(),
    arguments: constructorArguments,
    runtimeCodeHash: keccak256(await provider.getCode(address)),
  };
}
