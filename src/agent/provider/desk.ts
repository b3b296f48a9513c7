import type { Hex, Job } from "../../codec/statement.ts";
import type { Proof } from "../../groth16/proof.ts";
import type { Order } from "../order.ts";
import type { Opening } from "../serveJob.ts";
import type { Offer } from "./offer.ts";

/**
 * How far a job has come. `waiting`: opened on chain, its input not delivered · `accepted`: the order is journalled ·
 * `funded`: the deposit is in the contract, or secured for a prepaid order · `proven`: the proof is journalled ·
 * `settled`: paid, as deep as a restart needs no more than to look again · `final`: paid beyond reorganisations ·
 * `closed`: over without a payment; `reason` says why.
 */
export type JobStatus = "waiting" | "accepted" | "funded" | "proven" | "settled" | "final" | "closed";

/** What the provider tells of a job. */
export interface JobView {
  readonly jobId: Hex;
  readonly contract: Hex;
  readonly job: Job;
  /** Name of the offer. */
  readonly model: string;
  readonly status: JobStatus;
  /** From `settled` on, and for a prepaid order from `proven` on. */
  readonly result?: { readonly words: readonly bigint[]; readonly proof: Proof };
  /** The transactions that opened and settled it, where this provider sent them. */
  readonly opened?: Hex;
  readonly settled?: { readonly transaction: Hex; readonly blockNumber: number };
  readonly reason?: string;
}

/** Why an order, an input or a job is not taken. */
export type RefusalCode =
  | "unknown-model"
  | "unknown-job"
  | "wrong-terms"
  | "bad-signature"
  | "order-expired"
  | "deadline-too-far"
  | "deadline-too-near"
  | "insufficient-funds"
  | "nonce-used"
  | "job-not-open"
  | "model-not-trusted"
  | "input-invalid"
  | "input-mismatch"
  | "input-known"
  | "bond-too-high"
  | "too-busy"
  | "chain-unavailable";

/** A refusal before anything is journalled. The message is one line for the client. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: RefusalCode;

  constructor(code: RefusalCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The provider's business behind HTTP and x402. Everything that it says it has done survives a kill. */
export interface Desk {
  readonly provider: Hex;
  readonly chainId: bigint;
  readonly offers: readonly Offer[];
  /** Throws Refusal where the order would not be accepted now; journals nothing. */
  check(order: Order): Promise<void>;
  /**
   * Journals an order with the opening of its input and starts serving it. The same order again gives the same job.
   * Throws Refusal, also where the opening does not open the commitment.
   */
  accept(order: Order, opening: Opening): Promise<JobView>;
  /** The input of a job that its client opened on chain. The terms are needed where the desk has not seen it yet. */
  deliverInput(jobId: Hex, job: Job | undefined, opening: Opening): Promise<JobView>;
  /** Throws Refusal `unknown-job`. */
  job(jobId: Hex): JobView;
  /** Resolves with the first view whose result is there or that is closed, or with the present one after `milliseconds`. */
  result(jobId: Hex, milliseconds: number, signal?: AbortSignal): Promise<JobView>;
  /** Each change of a job, beginning with the present view, until it is settled, closed, or `signal` fires. */
  follow(jobId: Hex, signal: AbortSignal): AsyncIterable<JobView>;
  health(): Promise<Health>;
}

/** Whether the provider can take work. */
export interface Health {
  readonly ok: boolean;
  /** Number and time of the last block seen; undefined before there is one. */
  readonly block?: { readonly number: number; readonly timestamp: bigint };
  /** Jobs by status, but for those that are over. */
  readonly jobs: Readonly<Partial<Record<JobStatus, number>>>;
  readonly proving: number;
  /** Wei of the sender's account. */
  readonly balance?: bigint;
}
