import type { ContractTransactionResponse } from "ethers";
import { jobIdOf, type Hex, type Job } from "../codec/statement.ts";
import { type GasMarket, type MeasuredModel, WORDS, gasOf, payeeOf, termsOf } from "./gasMarket.ts";
import { BATCH, perItem } from "./perItem.ts";

/** Gas of whole transactions that settle {@link BATCH} items, divided by their number and rounded up. */
export interface BatchFigures {
  /** One model, one payee. */
  readonly settleBatch32: number;
  /** One model, as many payees as jobs. */
  readonly settleBatch32Payees: number;
  /** Eight models, the jobs of each in a row, one payee. */
  readonly settleBatch32Models8: number;
}

/** Every credit slot that a measured batch writes is in use before, filled by a batch alike. */
export async function measureBatches(market: GasMarket): Promise<BatchFigures> {
  const [model] = market.models;
  return {
    settleBatch32: await second(market, (_, nonce) => termsOf(market, model, nonce)),
    settleBatch32Payees: await second(market, (index, nonce) => ({
      ...termsOf(market, model, nonce),
      provider: payeeOf(market, index),
    })),
    settleBatch32Models8: await second(market, (index, nonce) => termsOf(market, modelAt(market, index), nonce)),
  };
}

const modelAt = ({ models }: GasMarket, index: number): MeasuredModel =>
  models[Math.floor((index * models.length) / BATCH)];

/** Gas of an item of the second of two batches. */
async function second(market: GasMarket, termsAt: (index: number, nonce: bigint) => Job): Promise<number> {
  const settle = async (): Promise<ContractTransactionResponse> => {
    const jobs: Job[] = [];
    for (let index = 0; index < BATCH; index++) {
      const nonce = await nextNonce(market);
      jobs.push(termsAt(index, nonce));
      await market.escrow.open(jobs[index], "0x");
    }
    return market.escrow.settleBatch(jobs.map((job) => deliver(market, job)));
  };
  await settle();
  return perItem(await gasOf(settle()));
}

/** As unique as the number of transactions that the client sent, and as short. */
const nextNonce = async ({ client, connection }: GasMarket): Promise<bigint> =>
  BigInt(await connection.ethers.provider.getTransactionCount(client.address)) + 1_000n;

function deliver({ models, escrow, chainId }: GasMarket, job: Job) {
  const model = models.find(({ modelId }) => modelId === job.modelId)!;
  const proof = model.prove(job.inputCommitment, WORDS, jobIdOf(job, chainId, escrow.target as Hex));
  return { job, words: [...WORDS], proof: [...proof] };
}
