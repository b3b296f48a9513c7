import type { JobView } from "../../agent/provider/desk.ts";
import { FUNDING, JOB_STATES, type Hex, type Job } from "../../codec/statement.ts";
import { TOLL_BPS, type ChaosMarket } from "./chaosMarket.ts";
import { afterEntries, differences, type Entry, type Ledger, readLedger } from "./ledger.ts";
import { type EndState, type Ended, entriesOf } from "./referenceModel.ts";

/** An order as its client and its provider saw it when all faults were over. */
export interface Served {
  readonly id: Hex;
  readonly way: string;
  readonly job: Job;
  /** What the provider says of it; undefined where it knows of no such job. */
  readonly view: JobView | undefined;
  /** Why the provider did not take it, where it did not. */
  readonly refusal?: string;
}

/**
 * What must hold once nothing fails any more; one sentence for each thing that does not. `others` is what moved money
 * besides the orders.
 */
export async function judge(
  market: ChaosMarket,
  before: Ledger,
  served: readonly Served[],
  others: readonly Entry[],
): Promise<string[]> {
  const states = new Map<Hex, EndState>();
  for (const { id, job } of served) states.set(id, await endStateOf(market, job));
  const payments = await countPayments(market);
  const violations = served.flatMap((one) => flawsOf(one, states.get(one.id)!, payments.get(one.id) ?? 0));
  const ids = new Set(served.map(({ id }) => id));
  for (const [id, count] of payments)
    if (!ids.has(id)) violations.push(`${id}: paid ${count} times, ordered by nobody`);
  const ended: Ended[] = served.map(({ id, job }) => ({ job, state: states.get(id)! }));
  const wanted = afterEntries(before, [...entriesOf(ended, terms(market)), ...others]);
  return [...violations, ...differences(await readLedger(market), wanted)];
}

function flawsOf({ id, way, view, refusal }: Served, state: EndState, payments: number): string[] {
  const name = `${way} ${id}`;
  const flaws: string[] = [];
  if (payments !== (state === "Settled" ? 1 : 0)) flaws.push(`${name}: ${state} on the chain, paid ${payments} times`);
  // What its client revoked in time is owed by nobody.
  if (way === "revoked" && state === "Revoked" && (view === undefined || view.status === "closed")) return flaws;
  if (view === undefined) return [...flaws, `${name}: lost, ${refusal ?? "the provider does not know it"}`];
  if (state !== "Settled") flaws.push(`${name}: lost, ${state} on the chain, ${describe(view)} at the provider`);
  if (view.status !== "final") flaws.push(`${name}: ${describe(view)} at the provider, want final`);
  return flaws;
}

const describe = ({ status, reason }: JobView): string => (reason === undefined ? status : `${status} (${reason})`);

const terms = ({ chain, parties }: ChaosMarket) => ({
  escrow: String(chain.escrow.target),
  prepaid: String(chain.prepaid.target),
  tollCollector: parties.tollCollector,
  tollBps: TOLL_BPS,
});

/** The state on the chain, without a proxy between. */
export async function endStateOf({ chain }: ChaosMarket, job: Job): Promise<EndState> {
  if (job.funding !== FUNDING.prepaid) return JOB_STATES[Number(await chain.escrow.stateOf(job))];
  return (await chain.prepaid.isNonceUsed(job.client, job.provider, job.nonce)) ? "Settled" : "None";
}

/** How many payments the chain's events tell of, by job or order. */
async function countPayments({ chain }: ChaosMarket): Promise<Map<Hex, number>> {
  const { escrow, prepaid } = chain;
  const jobs = await escrow.queryFilter(escrow.filters.JobSettled(), 0);
  const orders = await prepaid.queryFilter(prepaid.filters.OrderSettled(), 0);
  const ids = [...jobs.map(({ args }) => args.jobId), ...orders.map(({ args }) => args.orderId)];
  const counts = new Map<Hex, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}
