import type { InferenceEscrow } from "../../../build/hardhat/types/index.ts";
import { contractAt } from "../../chain/shippedContracts.ts";
import type { Agent, TradingPlace } from "./tradingPlace.ts";

/** One job of the escrow, from its events. Amounts are in the token's base units. */
export interface Deal {
  readonly jobId: string;
  readonly buyer: Agent;
  readonly provider: Agent;
  readonly model: string;
  readonly amount: bigint;
  readonly outcome: "paid against the proof" | "refunded" | "open";
  /** What the provider got of the amount. */
  readonly payout: bigint;
  /** The transaction that ended it. */
  readonly transaction?: string;
}

/** All jobs of the escrow, in the order in which they were opened. */
export async function readDeals(place: TradingPlace): Promise<Deal[]> {
  const { record, provider } = place;
  const escrow = await contractAt<InferenceEscrow>(
    "InferenceEscrow",
    record.contracts.InferenceEscrow.address,
    provider,
  );
  const opened = await escrow.queryFilter(escrow.filters.JobOpened());
  const settled = byJob(await escrow.queryFilter(escrow.filters.JobSettled()));
  const refunded = byJob(await escrow.queryFilter(escrow.filters.JobRefunded()));
  return opened.map(({ args: { jobId, job } }) => {
    const payment = settled.get(jobId);
    const refund = refunded.get(jobId);
    return {
      jobId,
      buyer: agentAt(place, job.client),
      provider: agentAt(place, job.provider),
      model: modelOf(place, job.modelId),
      amount: job.amount,
      outcome: payment ? "paid against the proof" : refund ? "refunded" : "open",
      payout: payment?.args.payout ?? 0n,
      transaction: (payment ?? refund)?.transactionHash,
    };
  });
}

const byJob = <Log extends { readonly args: { readonly jobId: string } }>(logs: readonly Log[]): Map<string, Log> =>
  new Map(logs.map((log) => [log.args.jobId, log]));

const agentAt = ({ agents }: TradingPlace, address: string): Agent =>
  (Object.keys(agents) as Agent[]).find((name) => agents[name].address === address)!;

const modelOf = ({ record }: TradingPlace, modelId: bigint): string =>
  Object.keys(record.models).find((name) => BigInt(record.models[name].modelId) === modelId)!;
