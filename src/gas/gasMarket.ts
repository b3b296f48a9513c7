import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { type ContractTransactionResponse, keccak256 } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import type {
  InferenceEscrow,
  ModelRegistry,
  PrepaidOrders,
  SettlementRegistry,
  TestToken,
} from "../../build/hardhat/types/index.ts";
import type { Hex, Job } from "../codec/statement.ts";
import { FUNDING, PROOF_SYSTEM_ID, modelIdOf, toBytes32 } from "../codec/statement.ts";
import { SCALAR_ORDER } from "../field.ts";
import { type MeasuredKey, measuredKey } from "./measuredKey.ts";

/** Models of a market, each with a key of its own. */
const MODELS = 8;
/** 2100-01-01, fixed so that calldata, and with it gas, does not depend on the day. */
export const START = 4_102_444_800n;
export const DEADLINE = START + 1_000_000n;
/** 30 days, so that the deadline is within the life of a prepaid order. */
const ORDER_LIFE = 2_592_000n;
export const AMOUNT = 1_000_000n;
export const TOLL_BPS = 50n;
/** Output of every measured job: one word with few zero bytes. */
export const WORDS: readonly bigint[] = [2n ** 240n - 12_345n];
const NO_ONE = `0x${"0".repeat(40)}`;
const REGISTER = "registerModel((bytes32,bytes32,bytes32,bytes4,string),uint16,address)";

export interface MeasuredModel extends MeasuredKey {
  readonly modelId: bigint;
}

/** Contracts, parties and models that gas is measured with. */
export interface GasMarket {
  readonly connection: NetworkConnection;
  readonly chainId: bigint;
  readonly registry: ModelRegistry;
  readonly settlement: SettlementRegistry;
  readonly escrow: InferenceEscrow;
  readonly prepaid: PrepaidOrders;
  readonly token: TestToken;
  readonly client: HardhatEthersSigner;
  readonly provider: HardhatEthersSigner;
  readonly tollCollector: HardhatEthersSigner;
  /** Without a royalty. */
  readonly models: readonly MeasuredModel[];
  /** The first model's key with a royalty of 2.5 %. */
  readonly royaltyModel: MeasuredModel;
}

/** Deploys a market on `connection`, a fresh network whose clock it moves. */
export async function deployGasMarket(connection: NetworkConnection): Promise<GasMarket> {
  const { ethers, networkHelpers } = connection;
  const [client, provider, tollCollector, royaltyReceiver] = await ethers.getSigners();
  const registry = await ethers.deployContract("ModelRegistry");
  const settlement = await ethers.deployContract("SettlementRegistry", [registry]);
  const prepaid = await ethers.deployContract("PrepaidOrders", [registry, tollCollector, TOLL_BPS, ORDER_LIFE]);
  const escrow = await ethers.deployContract("InferenceEscrow", [registry, tollCollector, TOLL_BPS]);
  const token = await ethers.deployContract("TestToken");
  await token.mint(client, 1_000n * AMOUNT);
  await token.approve(prepaid, 500n * AMOUNT);
  await token.approve(await escrow.collectorOf(FUNDING.allowance), 500n * AMOUNT);
  await networkHelpers.time.increaseTo(START);
  const { chainId } = await ethers.provider.getNetwork();
  const register = async (key: MeasuredKey, royaltyBps: number, royaltyTo: Hex): Promise<MeasuredModel> => {
    const [modelHash, circuitHash] = [ethers.id("model"), ethers.id("circuit")];
    const commitment = { modelHash, circuitHash, vkHash: key.keyId, proofSystemId: PROOF_SYSTEM_ID, uri: "" };
    await registry.publishKey(key.key, 1);
    await registry[REGISTER](commitment, royaltyBps, royaltyTo);
    const address = await registry.getAddress();
    return { ...key, modelId: modelIdOf(chainId, address, client.address, commitment, royaltyBps, royaltyTo) };
  };
  const models: MeasuredModel[] = [];
  for (let index = 0; index < MODELS; index++) models.push(await register(measuredKey(index), 0, NO_ONE));
  const royaltyModel = await register(measuredKey(0), 250, royaltyReceiver.address);
  const contracts = { registry, settlement, escrow, prepaid, token };
  return { connection, chainId, ...contracts, client, provider, tollCollector, models, royaltyModel };
}

/** Terms of the job with a nonce, for the market's parties. */
export const termsOf = ({ client, provider, token }: GasMarket, model: MeasuredModel, nonce: bigint): Job => ({
  client: client.address,
  provider: provider.address,
  token: token.target as Hex,
  amount: AMOUNT,
  bond: 0n,
  modelId: model.modelId,
  inputCommitment: inputCommitmentOf(nonce),
  acceptBy: 0n,
  deadline: DEADLINE,
  funding: FUNDING.allowance,
  nonce,
});

/** A number below r, another for each number, with as few zero bytes as a hash has. */
export const inputCommitmentOf = (number: bigint): Hex =>
  toBytes32(BigInt(keccak256(toBytes32(number))) % SCALAR_ORDER);

/** An address that nobody has the key of, another for each number. */
export const payeeOf = ({ connection: { ethers } }: GasMarket, number: number): Hex =>
  ethers.getAddress(ethers.id(`payee ${number}`).slice(0, 42));

/** Gas of a whole transaction. */
export async function gasOf(sent: Promise<ContractTransactionResponse>): Promise<number> {
  const receipt = await (await sent).wait();
  if (receipt === null) throw new Error("a transaction of the measurement was not mined");
  return Number(receipt.gasUsed);
}
