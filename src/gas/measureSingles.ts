import { frameGas } from "../chain/frameGas.ts";
import { jobIdOf, type Hex, type Job } from "../codec/statement.ts";
import { DEADLINE, type GasMarket, type MeasuredModel, WORDS, gasOf, inputCommitmentOf, termsOf } from "./gasMarket.ts";

/** Gas of the operations on one job: `verify` the registry's own frame with storage and key cold, the others transactions. */
export interface SingleFigures {
  readonly verify: number;
  readonly open: number;
  readonly settle: number;
  readonly settleRoyalty: number;
  readonly refund: number;
}

/** Every credit slot that a measured settlement writes is in use before, as it is for a provider at work. */
export async function measureSingles(market: GasMarket): Promise<SingleFigures> {
  const [free] = market.models;
  await openAndSettle(market, free, 1n);
  const { open, settle } = await openAndSettle(market, free, 2n);
  await openAndSettle(market, market.royaltyModel, 3n);
  const settleRoyalty = (await openAndSettle(market, market.royaltyModel, 4n)).settle;
  const verify = await verifyFrame(market, free);
  return { verify, open, settle, settleRoyalty, refund: await openAndRefund(market, free) };
}

async function openAndSettle(market: GasMarket, model: MeasuredModel, nonce: bigint) {
  const { escrow, chainId } = market;
  const job = termsOf(market, model, nonce);
  const open = await gasOf(escrow.open(job, "0x"));
  const proof = model.prove(job.inputCommitment, WORDS, jobIdOf(job, chainId, escrow.target as Hex));
  return { open, settle: await gasOf(escrow.settle(job, [...WORDS], [...proof])) };
}

/** Moves the clock past the jobs' deadline, so nothing is settled afterwards. */
async function openAndRefund(market: GasMarket, model: MeasuredModel): Promise<number> {
  const { escrow, connection } = market;
  const jobs: Job[] = [5n, 6n].map((nonce) => ({ ...termsOf(market, model, nonce), deadline: DEADLINE + 1n }));
  for (const job of jobs) await escrow.open(job, "0x");
  await connection.networkHelpers.time.increaseTo(DEADLINE + 1n);
  await escrow.refund(jobs[0]);
  return gasOf(escrow.refund(jobs[1]));
}

/** Sends the view as a transaction of its own, so that nothing but the registry's account is warm. */
async function verifyFrame({ registry, connection, client }: GasMarket, model: MeasuredModel): Promise<number> {
  const subject = connection.ethers.id("subject");
  const input = inputCommitmentOf(0n);
  const proof = model.prove(input, WORDS, subject);
  const data = registry.interface.encodeFunctionData("verify", [model.keyId, input, [...WORDS], subject, [...proof]]);
  const to = await registry.getAddress();
  const { hash } = await client.sendTransaction({ to, data });
  return frameGas(connection.provider, hash, to);
}
