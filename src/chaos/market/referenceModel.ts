import { FUNDING, type Hex, type Job } from "../../codec/statement.ts";
import { DEPOSIT_OF, type Entry, ESCROW_CREDIT, PREPAID_CREDIT, TOKENS } from "./ledger.ts";

/** How a job ended on the chain; of prepaid orders there are only None and Settled. */
export type EndState = "None" | "Funded" | "Accepted" | "Settled" | "Refunded" | "Revoked";

export interface Ended {
  readonly job: Job;
  readonly state: EndState;
}

/** The terms of the contracts that the model needs. */
export interface LedgerTerms {
  readonly escrow: Hex;
  readonly prepaid: Hex;
  readonly tollCollector: Hex;
  readonly tollBps: number;
}

/**
 * What ended jobs without bonds and royalties have done to everybody's money, from their terms alone: written from the
 * contracts' documentation and knowing nothing of the agents.
 */
export const entriesOf = (ended: readonly Ended[], terms: LedgerTerms): Entry[] =>
  ended.flatMap((one) => (one.job.funding === FUNDING.prepaid ? entriesOfOrder(one, terms) : entriesOfJob(one, terms)));

function entriesOfOrder({ job, state }: Ended, terms: LedgerTerms): Entry[] {
  if (state !== "Settled") return [];
  return [{ line: `${DEPOSIT_OF} ${job.client}`, amount: -job.amount }, ...shares(job, PREPAID_CREDIT, terms)];
}

function entriesOfJob({ job, state }: Ended, terms: LedgerTerms): Entry[] {
  if (state === "None" || state === "Revoked") return [];
  const deposited = [
    { line: `${TOKENS} ${job.client}`, amount: -job.amount },
    { line: `${TOKENS} ${terms.escrow}`, amount: job.amount },
  ];
  if (state === "Refunded") return [...deposited, { line: `${ESCROW_CREDIT} ${job.client}`, amount: job.amount }];
  return state === "Settled" ? [...deposited, ...shares(job, ESCROW_CREDIT, terms)] : deposited;
}

/** The toll rounds down, the provider gets the rest. */
function shares({ provider, amount }: Job, credit: string, { tollCollector, tollBps }: LedgerTerms): Entry[] {
  const toll = (amount * BigInt(tollBps)) / 10_000n;
  return [
    { line: `${credit} ${provider}`, amount: amount - toll },
    { line: `${credit} ${tollCollector}`, amount: toll },
  ];
}
