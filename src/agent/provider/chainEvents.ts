import type { Log, LogDescription } from "ethers";
import { parseJob, jobToJson } from "../wireJson.ts";
import type { Hex, Job } from "../../codec/statement.ts";
import type { Head } from "../watch/chainWatch.ts";
import { checkOpenedTerms, offerOf } from "./checkTerms.ts";
import { Refusal, type JobStatus } from "./desk.ts";
import type { DeskContext } from "./deskContext.ts";
import { newRow, type Place } from "./jobsTable.ts";

/** What a head of the chain changes: jobs to look at, jobs that clients opened, places of settlements. */
export class ChainEvents {
  readonly #context: DeskContext;
  readonly #wake: (id: Hex) => void;

  constructor(context: DeskContext, wake: (id: Hex) => void) {
    this.#context = context;
    this.#wake = wake;
  }

  /** Returns when what the head says is journalled. */
  onHead(head: Head): void {
    head.logs.forEach((log) => this.#onLog(log));
    for (const { id, status, settled } of this.#context.jobs.watched()) {
      if (head.rewoundTo !== undefined || isWorthALook(this.#context, head, status, settled)) this.#wake(id);
    }
  }

  #onLog(log: Log): void {
    const event = this.#eventIn(log);
    if (event?.name === "JobOpened") return this.#onOpened(event.args.jobId as Hex, event.args.job as Job);
    if (event?.name === "JobSettled") return this.#onSettled(event.args.jobId as Hex, log);
    if (event?.name === "OrderSettled") return this.#onSettled(event.args.orderId as Hex, log);
    if (typeof event?.args.jobId === "string") this.#wake(event.args.jobId);
  }

  /** The event of a log; none where it is not one of the contracts, whatever the node says. */
  #eventIn(log: Log): LogDescription | undefined {
    const { escrow, prepaid } = this.#context.chain;
    const contract = [escrow, prepaid].find(({ target }) => target === log.address);
    try {
      const event = contract?.interface.parseLog(log) ?? undefined;
      // Arguments that cannot be decoded throw only when they are read.
      event?.args.toArray(true);
      return event;
    } catch (error) {
      this.#context.log.warn({ error: (error as Error).message }, "a log is no event of the contract that it names");
      return undefined;
    }
  }

  #onSettled(id: Hex, { transactionHash, blockNumber, blockHash }: Log): void {
    const row = this.#context.jobs.find(id);
    if (row === undefined || row.over) return;
    this.#context.jobs.update(id, { settled: { transaction: transactionHash, blockNumber, blockHash } });
    this.#wake(id);
  }

  /** Journals a job that its client opened, if it is one that would be served; otherwise its client gets its money back. */
  #onOpened(id: Hex, args: Job): void {
    const { chain, clock, jobs, log, policy } = this.#context;
    if (args.provider !== this.#context.provider) return;
    if (jobs.find(id) !== undefined) return this.#wake(id);
    const job = jobOfEvent(args);
    try {
      const offer = offerOf(this.#context, job);
      checkOpenedTerms(this.#context, job, offer);
      if (clock.hasPassed(job.deadline - BigInt(policy.marginSeconds))) return;
      const contract = String(chain.escrow.target);
      if (jobs.findNonce({ contract, job }) !== undefined) return;
      jobs.insert(
        newRow(id, { contract, job, signature: "0x", fundingData: "0x" }, offer.name, "chain", clock.head.number),
      );
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      log.info({ job: id, code: error.code }, "a job that was opened is not served");
    }
  }
}

/**
 * What waits for its client, or is over but for a reorganisation, moves by an event or by time, for which the regular
 * look is enough: there may be any number of such jobs, with deadlines ages away.
 */
function isWorthALook(
  { policy }: DeskContext,
  { number }: Head,
  status: JobStatus,
  settled: Place | undefined,
): boolean {
  if (status === "waiting" || status === "closed") return false;
  if (status !== "settled" || settled === undefined) return true;
  return number - settled.blockNumber + 1 >= policy.finalDepth;
}

/** An event's arguments by their names, as a job in canonical form. */
function jobOfEvent(args: Job): Job {
  const { client, provider, token, amount, bond, modelId, inputCommitment, acceptBy, deadline, funding, nonce } = args;
  const times = { acceptBy, deadline, funding: Number(funding), nonce };
  return parseJob(jobToJson({ client, provider, token, amount, bond, modelId, inputCommitment, ...times }));
}
