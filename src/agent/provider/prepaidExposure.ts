import type { Order } from "../order.ts";
import { Refusal } from "./desk.ts";
import type { DeskContext } from "./deskContext.ts";
import { depthFor } from "./deskPolicy.ts";
import type { JobRow } from "./jobsTable.ts";
import { tagAtDepth } from "./standing.ts";

/** What nothing but this provider's settlements can take from a deposit before `until`, as one block had it. */
export interface SecuredDeposit {
  readonly block: { readonly number: number; readonly timestamp: bigint };
  readonly amount: bigint;
  readonly until: bigint;
}

/**
 * What of the client's deposit is promised to orders that were served and, as of a block, neither settled nor expired.
 * An order that was settled after that block still counts: the deposit read there still holds its amount.
 */
export function exposureAt(
  { jobs }: DeskContext,
  { contract, job }: Pick<Order, "contract" | "job">,
  block: SecuredDeposit["block"],
): { amount: bigint; until: bigint } {
  const counted = jobs
    .notOverOf(contract, job.client)
    .filter((row) => row.job.token === job.token && isPromised(row, block))
    .map((row) => row.job);
  return {
    amount: counted.reduce((sum, { amount }) => sum + amount, 0n),
    until: counted.reduce((latest, { deadline }) => (deadline > latest ? deadline : latest), 0n),
  };
}

function isPromised({ status, settled, job, givenUp }: JobRow, block: SecuredDeposit["block"]): boolean {
  if (givenUp !== undefined || job.deadline <= block.timestamp) return false;
  return status !== "settled" || settled === undefined || settled.blockNumber > block.number;
}

/**
 * Reads what secures an order and all others of its client and token, at a block deep enough to stay (the rule of
 * IPrepaidOrders: up to the latest of their deadlines). Throws Refusal where that does not cover them.
 */
export async function checkSecured(context: DeskContext, order: Order): Promise<SecuredDeposit> {
  const { client, provider, token, deadline } = order.job;
  const block = await blockOfDeposit(context, order);
  const { until } = exposureAt(context, order, block);
  const latest = until > deadline ? until : deadline;
  const { number: blockTag } = block;
  const { prepaid } = context.chain;
  const [life, amount] = await Promise.all([
    prepaid.MAX_ORDER_LIFE(),
    prepaid.securedUntil(client, provider, token, latest, { blockTag }),
  ]);
  requireWithinLife(deadline, block.timestamp + life);
  const secured = { block, amount, until: latest };
  requireCovered(context, order, secured);
  return secured;
}

/** Throws Refusal unless the deposit covers the order beside all that were taken until now. */
export function requireCovered(context: DeskContext, order: Order, { block, amount, until }: SecuredDeposit): void {
  const promised = exposureAt(context, order, block);
  const needed = promised.amount + order.job.amount;
  if (needed > amount)
    throw new Refusal(
      "insufficient-funds",
      `deposit: ${amount} is secured until ${until}, want ${needed}, of which ${promised.amount} is for other orders`,
    );
}

/** Whether an order with a later deadline was taken since: then what is secured must be read until that one. */
export const isOutdated = (context: DeskContext, order: Order, { block, until }: SecuredDeposit): boolean =>
  exposureAt(context, order, block).until > until;

/** Nothing is secured beyond the longest life of an order. */
function requireWithinLife(deadline: bigint, latest: bigint): void {
  if (deadline > latest)
    throw new Refusal("deadline-too-far", `deadline: got ${deadline}, want ${latest} or earlier for a prepaid order`);
}

/** The newest block in which a deposit is believed that pays for this order and all that are served already. */
async function blockOfDeposit(context: DeskContext, order: Order): Promise<SecuredDeposit["block"]> {
  const { chain, clock, policy } = context;
  const { amount: promised } = exposureAt(context, order, clock.head);
  const tag = tagAtDepth(clock.head.number, depthFor(policy, promised + order.job.amount)) ?? 0;
  const deployed = chain.record.contracts.PrepaidOrders.block;
  const block = await chain.provider.getBlock(tag === "latest" ? tag : Math.max(Number(tag), deployed));
  if (block === null) throw new Refusal("chain-unavailable", `block ${tag} cannot be read, try again`);
  return { number: block.number, timestamp: BigInt(block.timestamp) };
}
