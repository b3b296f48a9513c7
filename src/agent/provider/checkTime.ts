import type { Job } from "../../codec/statement.ts";
import { Refusal } from "./desk.ts";
import type { DeskContext } from "./deskContext.ts";
import { blockSecondsOf } from "./deskPolicy.ts";
import type { Offer } from "./offer.ts";
import { isPrepaid } from "./standing.ts";

/** Seconds until a job would be settled, without any margin; `ahead` are jobs by offer that are proven before it. */
export async function secondsUntilSettled(
  { pool, policy }: DeskContext,
  job: Job,
  offer: Offer,
  ahead?: ReadonlyMap<string, number>,
): Promise<number> {
  return Math.ceil(await pool.secondsUntilProven(offer.name, ahead)) + blockSecondsOf(policy, job, isPrepaid({ job }));
}

/**
 * Throws Refusal unless a job can be proven after those that were taken before, and settled in time, by the chain's clock,
 * with the policy's margin.
 */
export async function checkFeasible(context: DeskContext, job: Job, offer: Offer): Promise<void> {
  const { now } = context.clock;
  if (job.deadline <= now) throw new Refusal("order-expired", `deadline: ${job.deadline} has passed, it is ${now}`);
  const ahead = context.jobs.countAccepted();
  const seconds = (await secondsUntilSettled(context, job, offer, ahead)) + context.policy.marginSeconds;
  if (!Number.isFinite(seconds)) throw new Refusal("too-busy", `nothing proves ${offer.name} now, try again later`);
  requireLater("deadline", job.deadline, now + BigInt(seconds));
  if (job.bond === 0n) return;
  requireLater("acceptBy", job.acceptBy, now + BigInt(context.policy.marginSeconds));
  // The bond may be put up in the last second before `acceptBy`, and is lost if there is no time left then.
  requireLater("deadline", job.deadline, job.acceptBy + BigInt(seconds));
}

function requireLater(name: string, got: bigint, earliest: bigint): void {
  if (got < earliest) throw new Refusal("deadline-too-near", `${name}: got ${got}, want ${earliest} or later`);
}

/** Throws Refusal where an order's deadline is further ahead than the offer allows; its client may know a later block. */
export function checkNotTooFar({ clock, policy }: DeskContext, job: Job, { maxSeconds }: Offer): void {
  const latest = clock.now + BigInt(maxSeconds + policy.marginSeconds);
  if (job.deadline > latest)
    throw new Refusal("deadline-too-far", `deadline: got ${job.deadline}, want ${latest} or earlier`);
}
