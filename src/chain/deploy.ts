import { keccak256, type BaseContract, type Provider, type Signer } from "ethers";
import type {
  InferenceEscrow,
  ModelRegistry,
  PrepaidOrders,
  SettlementRegistry,
} from "../../build/hardhat/types/index.ts";
import { commitmentOf, type KeyedModel } from "../model/setupModel.ts";
import { DEVELOPMENT_CHAIN_ID, isDealerKey } from "../setup/dealerConstants.ts";
import {
  recordPath,
  writeRecord,
  type ContractName,
  type ContractRecord,
  type DeploymentRecord,
  type ModelRecord,
} from "./record.ts";
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

/** What a record says of where and from what it was deployed. */
export interface RecordedNetwork {
  readonly name: string;
  readonly chainId: number;
  readonly commit: string | null;
}

/** The contracts that a transaction of its own deploys. */
export type DeployedName = "ModelRegistry" | "SettlementRegistry" | "InferenceEscrow" | "PrepaidOrders";

/** A royalty that a model's owner takes of every settled amount, at most 1,000 basis points. */
export interface RoyaltyTerms {
  readonly royaltyBps: number;
  readonly royaltyTo: string;
}

/** Deploys contracts by name: Hardhat's ethers from the project's artefacts, `shippedContracts` from the package's. */
export interface ContractDeployer {
  readonly deployContract: (name: string, args: unknown[], signer: Signer) => Promise<BaseContract>;
}

/** A signer that knows its address at once, as wallets and the signers of nodes do. */
export type Account = Signer & { readonly address: string };
/** A model as it was registered: its record but for how its key was made and the known-good proof. */
export type Registration = Omit<ModelRecord, "setup" | "knownGoodProof">;

/** Deploys registry, settlement registry, escrow (which makes its collectors) and prepaid orders from `deployer`. */
export async function deployTollgate(
  ethers: ContractDeployer,
  deployer: Signer,
  { tollCollector, tollBps, orderLife }: PaymentTerms,
): Promise<Tollgate> {
  const deploy = (name: string, ...args: unknown[]) => ethers.deployContract(name, args, deployer);
  const registry = (await deploy("ModelRegistry")) as ModelRegistry;
  const settlement = (await deploy("SettlementRegistry", registry)) as SettlementRegistry;
  const escrow = (await deploy("InferenceEscrow", registry, tollCollector, tollBps)) as InferenceEscrow;
  const prepaid = (await deploy("PrepaidOrders", registry, tollCollector, tollBps, orderLife)) as PrepaidOrders;
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
 * Publishes a model's key and registers the model for `owner`. Throws InputError before the first transaction for a dealer's
 * key off chain 31337.
 */
export async function registerModel(
  registry: ModelRegistry,
  owner: Account,
  model: KeyedModel,
  uri: string,
  { royaltyBps, royaltyTo }: RoyaltyTerms,
): Promise<Registration> {
  const { chainId } = await owner.provider!.getNetwork();
  refuseDealerKeyOffDevelopment(model, chainId);
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
  terms: PaymentTerms,
  network: RecordedNetwork,
  models: Record<string, ModelRecord>,
): Promise<DeploymentRecord> {
  const addresses = {
    ModelRegistry: await registry.getAddress(),
    SettlementRegistry: await settlement.getAddress(),
    InferenceEscrow: await escrow.getAddress(),
    PrepaidOrders: await prepaid.getAddress(),
    AllowanceCollector: await escrow.collectorOf(FUNDING.allowance),
    AuthorizationCollector: await escrow.collectorOf(FUNDING.authorization),
    NativeCollector: await escrow.collectorOf(FUNDING.native),
    Permit2Collector: await escrow.collectorOf(FUNDING.permit2),
  };
  const contracts = await recordContracts(registry.runner!.provider!, addresses, terms, {
    ModelRegistry: registry.deploymentTransaction()!.hash,
    SettlementRegistry: settlement.deploymentTransaction()!.hash,
    InferenceEscrow: escrow.deploymentTransaction()!.hash,
    PrepaidOrders: prepaid.deploymentTransaction()!.hash,
  });
  return { network: network.name, chainId: network.chainId, commit: network.commit, contracts, models };
}

/** Describes the contracts at `addresses`, given the transactions that deployed them. */
export async function recordContracts(
  provider: Provider,
  addresses: Readonly<Record<ContractName, string>>,
  { tollCollector, tollBps, orderLife }: PaymentTerms,
  transactions: Readonly<Record<DeployedName, string>>,
): Promise<DeploymentRecord["contracts"]> {
  const payment = [addresses.ModelRegistry, tollCollector, String(tollBps)];
  const deployed = async (name: DeployedName, constructorArguments: string[]): Promise<ContractRecord> => {
    const receipt = await provider.getTransactionReceipt(transactions[name]);
    if (receipt === null) throw new Error(`${name}: the chain does not know transaction ${transactions[name]}`);
    return {
      address: addresses[name],
      transaction: receipt.hash,
      block: receipt.blockNumber,
      deployer: receipt.from,
      arguments: constructorArguments,
      runtimeCodeHash: keccak256(await provider.getCode(addresses[name])),
    };
  };
  const escrow = await deployed("InferenceEscrow", payment);
  const collector = async (name: ContractName): Promise<ContractRecord> => ({
    ...escrow,
    address: addresses[name],
    deployer: escrow.address,
    arguments: [],
    runtimeCodeHash: keccak256(await provider.getCode(addresses[name])),
  });
  return {
    ModelRegistry: await deployed("ModelRegistry", []),
    SettlementRegistry: await deployed("SettlementRegistry", [addresses.ModelRegistry]),
    InferenceEscrow: escrow,
    PrepaidOrders: await deployed("PrepaidOrders", [...payment, String(orderLife)]),
    AllowanceCollector: await collector("AllowanceCollector"),
    AuthorizationCollector: await collector("AuthorizationCollector"),
    NativeCollector: await collector("NativeCollector"),
    Permit2Collector: await collector("Permit2Collector"),
  };
}
