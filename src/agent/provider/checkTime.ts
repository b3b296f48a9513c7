import type { Job } from "../../codec/statement.ts";
import { Refusal } from "./desk.ts";
import type { DeskContext } from "./deskContext.ts";
import { blockSecondsOf } from "./deskPolicy.ts";
import type { Offer } from "./offer.ts";
import { isPrepaid } from "./standing.ts";

/** Seconds until a job that is taken now would be settled, without any margin. */
export async function secondsUntilSettled({ pool, policy }: DeskContext, job: Job, offer: Offer): Promise<number> {
  return Math.ceil(await pool.secondsUntilProven(offer.name)) + blockSecondsOf(policy, job, isPrepaid({ job }));
}

/** Throws Refusal unless a job can be settled in time, by the chain's clock, with the policy's margin. */
export async function checkFeasible(context: DeskContext, job: Job, offer: Offer): Promise<void> {
  const { clock, policy } = context;
  const seconds = BigInt((await secondsUntilSettled(context, job, offer)) + policy.marginSeconds);
  const { now } = clock;
  if (job.deadline <= now) throw new Refusal("order-expired", `deadline: ${job.deadline} has passed, it is ${now}`);
  if (job.deadline < now + seconds)
    throw new Refusal("deadline-too-near", `deadline: got ${job.deadline}, want ${now + seconds} or later`);
  const acceptable = now + BigInt(policy.marginSeconds);
  if (job.bond > 0n && job.acceptBy < acceptable)
    throw new Refusal("deadline-too-near", `acceptBy: got ${job.acceptBy}, want ${acceptable} or later`);
}

/** Throws Refusal where an order's deadline is further ahead than the offer allows; its client may know a later block. */
export function checkNotTooFar({ clock, policy }: DeskContext, job: Job, { maxSeconds }: Offer): void {
  const latest = clock.now + BigInt(maxSeconds + policy.marginSeconds);
  if (job.deadline > latest)
    throw new Refusal("deadline-too-far", `deadline: got ${job.deadline}, want ${latest} or earlier`);
}
