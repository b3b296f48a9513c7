import { secondsUntilSettled } from "./checkTime.ts";
import type { DeskContext } from "./deskContext.ts";
import { depthFor } from "./deskPolicy.ts";
import type { JobProgress, JobRow } from "./jobsTable.ts";
import { findSettlement } from "./findSettlement.ts";
import { isPrepaid, standingOf, tagAtDepth, type Standing } from "./standing.ts";

/**
 * What to do for a job now: journal what was seen, have work done outside, hand over to be settled, look again soon, or
 * nothing.
 */
export type NextStep =
  | { readonly kind: "record"; readonly changes: Partial<JobProgress> }
  | { readonly kind: "open" | "acceptBond" | "prove" | "cancel" | "settle" | "wait" | "lookAgain" };

const WAIT: NextStep = { kind: "wait" };
const record = (changes: Partial<JobProgress>): NextStep => ({ kind: "record", changes });

/** Looks at a job that is not over and at the chain, and says what comes next. Looking again never does harm. */
export async function nextStep(context: DeskContext, row: JobRow): Promise<NextStep> {
  const standing = await standingOf(context.chain, row, "latest");
  switch (standing) {
    case "Settled":
      return afterPayment(context, row);
    case "Funded":
    case "Accepted":
      return isPrepaid(row) ? orderSecured(context, row) : whileOpen(context, row, standing);
    case "None":
      return beforeOpening(context, row);
    default:
      return afterRefund(context, row, standing);
  }
}

/** Paid: what is left is to see it deep enough. */
async function afterPayment(context: DeskContext, row: JobRow): Promise<NextStep> {
  if (row.status !== "settled") {
    const settled = row.settled ?? (await findSettlement(context, row));
    return record({ status: "settled", settled, reason: undefined, batch: undefined });
  }
  const { finalDepth } = context.policy;
  if ((await standingAt(context, row, finalDepth)) !== "Settled") return WAIT;
  return end(context, row, { status: "final" });
}

/** The nonce is spent without a payment. */
async function afterRefund(context: DeskContext, row: JobRow, standing: Standing): Promise<NextStep> {
  if (row.status !== "closed") return close(row, REASONS[standing] ?? standing);
  const isDeep = (await standingAt(context, row, context.policy.finalDepth)) === standing;
  return isDeep ? end(context, row, {}) : WAIT;
}

/** Nothing changes the job any more: so says the node, and must say so again. */
const end = ({ certainty }: DeskContext, row: JobRow, changes: Partial<JobProgress>): NextStep =>
  certainty.confirms(row.id, `over as ${row.status}`)
    ? record({ ...changes, over: true, opening: undefined })
    : { kind: "lookAgain" };

const REASONS: Partial<Record<Standing, string>> = {
  Refunded: "the deposit went back to the client",
  Revoked: "the client revoked the nonce",
  OtherTerms: "the client opened another job with the nonce",
};

/** The escrow knows nothing of it: it was never opened, or a reorganisation undid that. */
async function beforeOpening(context: DeskContext, row: JobRow): Promise<NextStep> {
  if (row.givenUp !== undefined) return closeForGood(context, row, row.givenUp);
  if (context.clock.hasPassed(row.job.deadline)) return closeForGood(context, row, EXPIRED);
  const waits = row.status === "waiting" || row.status === "accepted";
  if (!waits) return record({ status: "accepted", reason: undefined, opened: undefined, settled: undefined });
  // What its client opened on chain, only its client can open again.
  if (row.signature === "0x") return WAIT;
  if (row.proof === undefined && (await isTooLate(context, row))) return record({ givenUp: TOO_LATE });
  return { kind: "open" };
}

/** The deposit of a prepaid order was secured when it was accepted. */
async function orderSecured(context: DeskContext, row: JobRow): Promise<NextStep> {
  if (row.givenUp !== undefined) return closeForGood(context, row, row.givenUp);
  if (context.clock.hasPassed(row.job.deadline)) return closeForGood(context, row, EXPIRED);
  if (row.proof !== undefined) return proven(context, row);
  return beforeProof(context, row);
}

/** The escrow holds the deposit. */
async function whileOpen(context: DeskContext, row: JobRow, standing: Standing): Promise<NextStep> {
  const { clock } = context;
  const { job } = row;
  const lacksBond = job.bond > 0n && standing === "Funded";
  if (clock.hasPassed(job.deadline)) return closeForGood(context, row, row.givenUp ?? EXPIRED);
  if (lacksBond && clock.hasPassed(job.acceptBy))
    return closeForGood(context, row, row.givenUp ?? "the bond was not put up in time");
  if (row.givenUp !== undefined) return { kind: "cancel" };
  if (row.proof !== undefined) return lacksBond ? { kind: "acceptBond" } : proven(context, row);
  if (row.opening === undefined)
    return row.status === "waiting" ? WAIT : record({ status: "waiting", reason: undefined });
  const isDeep = row.status === "funded" || (await isDeepEnough(context, row));
  if (isDeep && !lacksBond) return beforeProof(context, row);
  if (row.status !== "accepted") return record({ status: "accepted", reason: undefined, settled: undefined });
  if (await isTooLate(context, row)) return record({ givenUp: TOO_LATE });
  return isDeep ? { kind: "acceptBond" } : WAIT;
}

async function isDeepEnough(context: DeskContext, row: JobRow): Promise<boolean> {
  const standing = await standingAt(context, row, depthFor(context.policy, row.job.amount));
  return standing === "Funded" || standing === "Accepted";
}

/**
 * The money is safe. While it is proven, what counts is not how long another proof would take but whether there is still
 * a block to settle in. A model that is no longer offered waits until it is again.
 */
function beforeProof(context: DeskContext, row: JobRow): NextStep {
  if (isLastBlock(context, row)) return record({ givenUp: TOO_LATE });
  if (row.status !== "funded") return record({ status: "funded", reason: undefined, settled: undefined });
  return context.offers.has(row.job.modelId) ? { kind: "prove" } : WAIT;
}

function proven(context: DeskContext, row: JobRow): NextStep {
  if (row.status !== "proven") return record({ status: "proven", reason: undefined, settled: undefined });
  return isLastBlock(context, row) ? WAIT : { kind: "settle" };
}

/** Whether a settlement that is sent now might be mined at the deadline, and revert. */
export const isLastBlock = ({ clock, policy }: DeskContext, { job }: JobRow): boolean =>
  job.deadline <= clock.now + BigInt(policy.blockSeconds);

const EXPIRED = "the deadline passed before it was settled";
export const KEY_STOPPED = "the model's key was stopped by a contradiction";
const TOO_LATE = "it can no longer be proven and settled before its deadline";

const close = (row: JobRow, reason: string): NextStep =>
  record({ status: "closed", reason: row.reason ?? reason, batch: undefined, settled: undefined });

/** Closes what no later block can change; only a reorganisation can, for as long as it might reach back. */
function closeForGood(context: DeskContext, row: JobRow, reason: string): NextStep {
  const { clock, policy } = context;
  if (row.status !== "closed") return close(row, reason);
  const settlesDown = row.job.deadline + BigInt(policy.finalDepth * policy.blockSeconds);
  return clock.hasPassed(settlesDown) ? end(context, row, {}) : WAIT;
}

async function standingAt({ chain, clock }: DeskContext, row: JobRow, depth: number): Promise<Standing | undefined> {
  const tag = tagAtDepth(clock.head.number, depth);
  return tag === undefined ? undefined : standingOf(chain, row, tag);
}

/** Whether the deadline would come before the proof could be made and settled. */
async function isTooLate(context: DeskContext, row: JobRow): Promise<boolean> {
  const offer = context.offers.get(row.job.modelId);
  if (offer === undefined) return false;
  const seconds = await secondsUntilSettled(context, row.job, offer);
  return row.job.deadline <= context.clock.now + BigInt(seconds);
}
