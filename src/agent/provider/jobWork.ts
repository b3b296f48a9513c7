import { setTimeout as sleep } from "node:timers/promises";
import { FUNDING, type Hex } from "../../codec/statement.ts";
import type { Proven } from "../proving/provingPool.ts";
import type { Intent, Mined } from "../sender/sender.ts";
import { checkOpens } from "./checkFunds.ts";
import { LOOK_AGAIN } from "./certainty.ts";
import { Refusal } from "./desk.ts";
import type { DeskContext } from "./deskContext.ts";
import type { JobRow } from "./jobsTable.ts";
import { KEY_STOPPED } from "./nextStep.ts";
import { OPENED_IN_VAIN } from "./openingFunds.ts";
import { standingOf } from "./standing.ts";

/** Work of a job that takes long: transactions but for settlements, and the proof. */
export type WorkKind = "open" | "acceptBond" | "prove" | "cancel";

/** Does a piece of work and journals what came of it. Doing it again is harmless; what it changed on chain is read there. */
export const WORK: Readonly<Record<WorkKind, (context: DeskContext, row: JobRow, over: AbortSignal) => Promise<void>>> =
  { open, acceptBond, prove, cancel };

async function open(context: DeskContext, row: JobRow): Promise<void> {
  const { escrow } = context.chain;
  const data = escrow.interface.encodeFunctionData("openWithSignature", [row.job, row.signature, row.fundingData]);
  try {
    const mined = await context.sender.submit(intent(context, row, "open", data), context.closing);
    const { hash: transaction, blockNumber, blockHash } = mined;
    if (mined.succeeded) return context.jobs.update(row.id, { opened: { transaction, blockNumber, blockHash } });
  } catch (error) {
    if (context.closing.aborted || !(await isRefused(context, row))) throw error;
    return;
  }
  // Asked again, not sent again: a wallet can answer a simulation otherwise than a block, and each time costs gas.
  while ((await standingOf(context.chain, row, "latest")) === "None") {
    if (context.certainty.confirms(row.id, OPENED_IN_VAIN))
      return context.jobs.update(row.id, { givenUp: OPENED_IN_VAIN });
    await sleep(LOOK_AGAIN, undefined, { signal: context.closing });
  }
}

/** Gives a job up where the node says so again and again; throws before, so that it is asked again. */
function giveUp({ certainty, jobs }: DeskContext, { id }: JobRow, reason: string): void {
  if (!certainty.confirms(id, reason)) throw new Error(`asking again whether ${reason}`);
  jobs.update(id, { givenUp: reason });
}

/** Whether it is the chain that refuses, not the node that fails. Without the money the job ends before it is proven. */
async function isRefused(context: DeskContext, row: JobRow): Promise<boolean> {
  try {
    await checkOpens(context, row);
    context.certainty.forget(row.id);
    return false;
  } catch (error) {
    if (!(error instanceof Refusal)) return false;
    // Opened meanwhile by somebody else, or revoked: the next look finds out.
    if (error.code !== "nonce-used") giveUp(context, row, error.message);
    return true;
  }
}

async function acceptBond(context: DeskContext, row: JobRow): Promise<void> {
  const data = context.chain.escrow.interface.encodeFunctionData("accept", [row.job, "0x"]);
  const value = row.job.funding === FUNDING.native ? row.job.bond : 0n;
  requireSucceeded(await context.sender.submit({ ...intent(context, row, "accept", data), value }, context.closing));
}

async function cancel(context: DeskContext, row: JobRow): Promise<void> {
  const data = context.chain.escrow.interface.encodeFunctionData("cancel", [row.job]);
  requireSucceeded(await context.sender.submit(intent(context, row, "cancel", data), context.closing));
}

function requireSucceeded({ succeeded, hash }: Mined): void {
  if (!succeeded) throw new Error(`transaction ${hash} was mined and reverted`);
}

/** A desk that closes leaves the task with the pool; a job that is over takes it back. */
async function prove(context: DeskContext, row: JobRow, over: AbortSignal): Promise<void> {
  const { chain, closing, jobs, log, offers } = context;
  const { keyId } = offers.get(row.job.modelId)!.model;
  if (await chain.registry.isStopped(keyId)) return giveUp(context, row, KEY_STOPPED);
  let proven: Proven;
  try {
    proven = await proofOf(context, row, over);
  } catch (error) {
    if (closing.aborted || over.aborted || isPassing(error)) throw error;
    log.error({ job: row.id, error: (error as Error).message }, "cannot be proven");
    return jobs.update(row.id, { givenUp: "the proof could not be made" });
  }
  if (closing.aborted) return;
  jobs.update(row.id, { proof: proven.proof });
  log.info({ job: row.id, seconds: proven.seconds }, "proven");
}

/** A pool that closes and a disk that is full say nothing about the job: it is tried again. */
const isPassing = (error: unknown): boolean =>
  (error as Error).name === "AbortError" || typeof (error as { code?: unknown }).code === "string";

async function proofOf({ offers, pool }: DeskContext, row: JobRow, over: AbortSignal): Promise<Proven> {
  const task = { model: offers.get(row.job.modelId)!.name, opening: row.opening!, subject: row.id };
  const proven = await pool.prove(task, over);
  if (proven.words.join() !== row.words!.join()) throw new Error("the prover's words are not the reference's");
  return proven;
}

const intent = ({ chain }: DeskContext, { id }: JobRow, verb: string, data: Hex): Intent => ({
  purpose: `${verb}:${id}`,
  to: String(chain.escrow.target),
  data,
});
