import { FUNDING, type Hex, type Job } from "../../codec/statement.ts";
import { oneLine } from "../../errors.ts";

/** An order was signed, and there is no answer that the chain confirms. The message is one line. */
export class UnconfirmedPurchase extends Error {
  override readonly name = "UnconfirmedPurchase";
  readonly jobId: Hex;
  /** What the order is over, in base units. */
  readonly amount: bigint;
  /** Chain time from which nobody can collect the order, and a deposit comes back with `reclaim`; unix seconds. */
  readonly deadline: bigint;

  constructor(why: string, { jobId, job }: { jobId: Hex; job: Job }, cause?: unknown) {
    const until = new Date(Number(job.deadline) * 1000).toISOString();
    const back = job.funding === FUNDING.prepaid ? "not even with one" : "`reclaim` brings back what the escrow holds";
    super(
      oneLine(
        `order ${jobId}: ${why}; nobody can collect its ${job.amount} base units without a proof, from ${until} on ${back}`,
      ),
      { cause },
    );
    this.jobId = jobId;
    this.amount = job.amount;
    this.deadline = job.deadline;
  }
}
