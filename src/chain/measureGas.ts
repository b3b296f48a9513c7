import type { ContractTransactionResponse } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import type { InferenceEscrow, ModelRegistry } from "../../build/hardhat/types/index.ts";
import { frameGas } from "./frameGas.ts";
import type { Hex, Job, VerifyingKey } from "../codec/statement.ts";
import { FUNDING, PROOF_SYSTEM_ID, contextOf, jobIdOf, keyIdOf, modelIdOf, toBytes32 } from "../codec/statement.ts";

/** A key of one output word, and whoever proves under it: three signals below r to the proof's eight numbers. */
export interface GasProver {
  readonly key: VerifyingKey;
  readonly prove: (signals: readonly bigint[]) => readonly bigint[] | Promise<readonly bigint[]>;
}

/** Gas of each operation: `verify` the registry's own frame with storage and key cold, the others whole transactions. */
export interface GasFigures {
  readonly verify: number;
  readonly open: number;
  readonly settle: number;
  readonly settleRoyalty: number;
  readonly refund: number;
}

interface Market {
  readonly connection: NetworkConnection;
  readonly prover: GasProver;
  readonly registry: ModelRegistry;
  readonly escrow: InferenceEscrow;
  /** Terms that every measured job shares. */
  readonly terms: Omit<Job, "modelId" | "deadline" | "nonce">;
  readonly keyId: Hex;
}

/** 2100-01-01, fixed so that calldata, and with it gas, does not depend on the day. */
const START = 4_102_444_800n;
const AMOUNT = 1_000_000n;
const WORDS = [2n ** 240n - 12_345n];
const INPUT_COMMITMENT = toBytes32(2n ** 252n + 987_654_321n);
const NO_ONE = `0x${"0".repeat(40)}`;
const REGISTER = "registerModel((bytes32,bytes32,bytes32,bytes4,string),uint16,address)";

/**
 * Measures the operations on contracts that it deploys on `connection`, a fresh network whose clock it moves.
 * Every credit slot that a measured settlement writes is in use before, as it is for a provider at work.
 */
export async function measureGas(connection: NetworkConnection, prover: GasProver): Promise<GasFigures> {
  const market = await deployMarket(connection, prover);
  const royaltyReceiver = (await connection.ethers.getSigners())[3].address;
  const free = await registerModel(market, 0, NO_ONE);
  const paid = await registerModel(market, 250, royaltyReceiver);
  await openAndSettle(market, free, 1n);
  const { open, settle } = await openAndSettle(market, free, 2n);
  await openAndSettle(market, paid, 3n);
  const settleRoyalty = (await openAndSettle(market, paid, 4n)).settle;
  return {
    verify: await verifyFrame(market),
    open,
    settle,
    settleRoyalty,
    refund: await openAndRefund(market, free, 5n),
  };
}

async function deployMarket(connection: NetworkConnection, prover: GasProver): Promise<Market> {
  const { ethers, networkHelpers } = connection;
  const [client, provider, tollCollector] = await ethers.getSigners();
  const registry = await ethers.deployContract("ModelRegistry");
  const escrow = await ethers.deployContract("InferenceEscrow", [registry, tollCollector, 50n]);
  const token = await ethers.deployContract("TestToken");
  await registry.publishKey(prover.key, 1);
  await token.mint(client, 100n * AMOUNT);
  await token.approve(await escrow.collectorOf(1), 100n * AMOUNT);
  await networkHelpers.time.increaseTo(START);
  const terms = {
    client: client.address,
    provider: provider.address,
    token: await token.getAddress(),
    amount: AMOUNT,
    bond: 0n,
    inputCommitment: INPUT_COMMITMENT,
    acceptBy: 0n,
    funding: FUNDING.allowance,
  };
  return { connection, prover, registry, escrow, terms, keyId: keyIdOf(prover.key, WORDS.length) };
}

async function registerModel(market: Market, royaltyBps: number, royaltyTo: Hex): Promise<bigint> {
  const { registry, keyId, connection, terms } = market;
  const commitment = {
    modelHash: connection.ethers.id("model"),
    circuitHash: connection.ethers.id("circuit"),
    vkHash: keyId,
    proofSystemId: PROOF_SYSTEM_ID,
    uri: "",
  };
  await registry[REGISTER](commitment, royaltyBps, royaltyTo);
  const { chainId } = await connection.ethers.provider.getNetwork();
  return modelIdOf(chainId, await registry.getAddress(), terms.client, commitment, royaltyBps, royaltyTo);
}

async function openAndSettle(market: Market, modelId: bigint, nonce: bigint) {
  const { escrow, keyId, connection, terms } = market;
  const job: Job = { ...terms, modelId, deadline: START + 1_000_000n, nonce };
  const open = await gasOf(escrow.open(job, "0x"));
  const { chainId } = await connection.ethers.provider.getNetwork();
  const proof = await prove(market, jobIdOf(job, chainId, await escrow.getAddress()), keyId);
  return { open, settle: await gasOf(escrow.settle(job, WORDS, proof)) };
}

async function openAndRefund(market: Market, modelId: bigint, nonce: bigint): Promise<number> {
  const { escrow, connection, terms } = market;
  const refundNext = async (offset: bigint): Promise<number> => {
    const job: Job = { ...terms, modelId, deadline: START + 2_000_000n + offset, nonce: nonce + offset };
    await escrow.open(job, "0x");
    await connection.networkHelpers.time.increaseTo(job.deadline);
    return gasOf(escrow.refund(job));
  };
  await refundNext(0n);
  return refundNext(1_000_000n);
}

/** Sends the view as a transaction of its own, so that nothing but the registry's account is warm. */
async function verifyFrame({ registry, connection, prover, keyId }: Market): Promise<number> {
  const subject = connection.ethers.id("subject");
  const proof = await prove({ prover }, subject, keyId);
  const data = registry.interface.encodeFunctionData("verify", [keyId, INPUT_COMMITMENT, WORDS, subject, proof]);
  const to = await registry.getAddress();
  const [signer] = await connection.ethers.getSigners();
  const { hash } = await signer.sendTransaction({ to, data });
  return frameGas(connection.provider, hash, to);
}

async function prove({ prover }: Pick<Market, "prover">, subject: Hex, keyId: Hex): Promise<bigint[]> {
  const context = contextOf(keyId, BigInt(INPUT_COMMITMENT), subject, WORDS);
  return [...(await prover.prove([BigInt(INPUT_COMMITMENT), WORDS[0], context]))];
}

async function gasOf(sent: Promise<ContractTransactionResponse>): Promise<number> {
  const receipt = await (await sent).wait();
  if (receipt === null) throw new Error("a transaction of the measurement was not mined");
  return Number(receipt.gasUsed);
}
