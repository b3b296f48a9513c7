import type { HardhatEthers, HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { type BaseContract, type ContractTransactionReceipt, keccak256 } from "ethers";
import type {
  InferenceEscrow,
  ModelRegistry,
  PrepaidOrders,
  SettlementRegistry,
} from "../../build/hardhat/types/index.ts";
import { commitmentOf, type KeyedModel } from "../model/setupModel.ts";
import { DEVELOPMENT_CHAIN_ID, isDealerKey } from "../setup/dealerConstants.ts";
import { setupKindOf } from "../setup/setupKindOf.ts";
import { recordPath, writeRecord, type ContractRecord, type DeploymentRecord, type ModelRecord } from "./record.ts";
import { InputError } from "../errors.ts";
import { FUNDING, modelIdOf, toBytes32 } from "../codec/statement.ts";

/** The contracts of one deployment. */
export interface Tollgate {
  readonly registry: ModelRegistry;
  readonly settlement: SettlementRegistry;
  readonly escrow: InferenceEscrow;
  readonly prepaid: PrepaidOrders;
}

/** Immutable terms of the contracts that hold money. */
export interface PaymentTerms {
  /** Basis points of every settled amount, at most 100. */
  readonly tollBps: number;
  readonly tollCollector: string;
  /** Longest life of a prepaid order, which is also what withdrawing a deposit takes: seconds, 10 minutes to 30 days. */
  readonly orderLife: number;
}

/** A royalty that a model's owner takes of every settled amount, at most 1,000 basis points. */
export interface RoyaltyTerms {
  readonly royaltyBps: number;
  readonly royaltyTo: string;
}

/** A model as it was registered: its record but for the known-good proof. */
export type Registration = Omit<ModelRecord, "knownGoodProof">;

/** Deploys registry, settlement registry, escrow (which makes its collectors) and prepaid orders from `deployer`. */
export async function deployTollgate(
  ethers: HardhatEthers,
  deployer: HardhatEthersSigner,
  { tollCollector, tollBps, orderLife }: PaymentTerms,
): Promise<Tollgate> {
  const registry = await ethers.deployContract("ModelRegistry", [], deployer);
  const settlement = await ethers.deployContract("SettlementRegistry", [registry], deployer);
  const escrow = await ethers.deployContract("InferenceEscrow", [registry, tollCollector, tollBps], deployer);
  const orderTerms = [registry, tollCollector, tollBps, orderLife];
  const prepaid = await ethers.deployContract("PrepaidOrders", orderTerms, deployer);
  await Promise.all([registry, settlement, escrow, prepaid].map((contract) => contract.waitForDeployment()));
  return { registry, settlement, escrow, prepaid };
}

/** Publishes a model's key; anyone may, and again without effect. */
export async function publishKey(registry: ModelRegistry, { key, wordCount }: KeyedModel): Promise<void> {
  await (await registry.publishKey(key, wordCount)).wait();
}

/** Throws InputError for a dealer's key, under which anybody forges, off chain 31337. */
export function refuseDealerKeyOffDevelopment({ vkey }: Pick<KeyedModel, "vkey">, chainId: bigint): void {
  if (chainId === DEVELOPMENT_CHAIN_ID || !isDealerKey(vkey)) return;
  throw new InputError(`chain ${chainId}: the key is the dealer's, whose secrets are public; want chain 31337`);
}

/**
 * Publishes a model's key and registers the model for `owner`. Throws InputError before the first
 * transaction for a dealer's key off chain 31337, and for a key of a setup that cannot be recorded yet.
 */
export async function registerModel(
  registry: ModelRegistry,
  owner: HardhatEthersSigner,
  model: KeyedModel,
  uri: string,
  { royaltyBps, royaltyTo }: RoyaltyTerms,
): Promise<Registration> {
  const { chainId } = await owner.provider!.getNetwork();
  refuseDealerKeyOffDevelopment(model, chainId);
  const setup = setupKindOf(model.vkey);
  const asOwner = registry.connect(owner);
  await publishKey(asOwner, model);
  const commitment = commitmentOf(model, uri);
  const register = asOwner["registerModel((bytes32,bytes32,bytes32,bytes4,string),uint16,address)"];
  const receipt = await (await register(commitment, royaltyBps, royaltyTo)).wait();
  const address = await registry.getAddress();
  return {
    modelId: toBytes32(modelIdOf(chainId, address, owner.address, commitment, royaltyBps, royaltyTo)),
    owner: owner.address,
    keyId: model.keyId,
    wordCount: model.wordCount,
    modelHash: model.modelHash,
    circuitHash: model.circuitHash,
    uri,
    royaltyBps,
    royaltyTo,
    setup,
    status: "live",
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
  { registry, settlement, escrow, prepaid }: Tollgate,
  { tollCollector, tollBps, orderLife }: PaymentTerms,
  network: { readonly name: string; readonly chainId: number; readonly commit: string | null },
  models: Record<string, ModelRecord>,
): Promise<DeploymentRecord> {
  const registryAddress = await registry.getAddress();
  const paymentArguments = [registryAddress, tollCollector, String(tollBps)];
  const recordAt = async (contract: BaseContract, constructorArguments: string[]) =>
    contractRecord(await contract.getAddress(), contract, constructorArguments);
  const collectorOf = async (funding: number) => contractRecord(await escrow.collectorOf(funding), escrow, []);
  return {
    network: network.name,
    chainId: network.chainId,
    commit: network.commit,
    contracts: {
      ModelRegistry: await recordAt(registry, []),
      SettlementRegistry: await recordAt(settlement, [registryAddress]),
      InferenceEscrow: await recordAt(escrow, paymentArguments),
      PrepaidOrders: await recordAt(prepaid, [...paymentArguments, String(orderLife)]),
      AllowanceCollector: await collectorOf(FUNDING.allowance),
      AuthorizationCollector: await collectorOf(FUNDING.authorization),
      NativeCollector: await collectorOf(FUNDING.native),
      Permit2Collector: await collectorOf(FUNDING.permit2),
    },
    models,
  };
}

/** `creator` is the contract whose deployment transaction made the one at `address`: the same, or its maker. */
async function contractRecord(
  address: string,
  creator: BaseContract,
  constructorArguments: string[],
): Promise<ContractRecord> {
  const creatorAddress = await creator.getAddress();
  const provider = creator.runner!.provider!;
  const receipt = (await creator.deploymentTransaction()!.wait()) as ContractTransactionReceipt;
  return {
    address,
    transaction: receipt.hash,
    block: receipt.blockNumber,
    deployer: address === creatorAddress ? receipt.from : creatorAddress,
    arguments: constructorArguments,
    runtimeCodeHash: keccak256(await provider.getCode(address)),
  };
}
