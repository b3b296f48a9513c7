import type { Hex } from "../../codec/statement.ts";
import type { Proof } from "../../groth16/proof.ts";
import type { Opening } from "../serveJob.ts";
import type { SellableModel } from "../provider/offer.ts";

/** One inference to prove for one subject. */
export interface ProvingTask {
  /** Name of the model's offer. */
  readonly model: string;
  readonly opening: Opening;
  /** The id of the job or order. */
  readonly subject: Hex;
}

/** A proof that verified under the model's key, and what it is of. */
export interface Proven {
  readonly words: readonly bigint[];
  readonly proof: Proof;
  readonly seconds: number;
}

/**
 * Where tasks wait for a worker: the journal by default, so that they survive the process. An engine that several
 * machines share takes its place by implementing this.
 */
export interface ProvingQueue {
  /** Adds a task unless one of this subject is there. */
  push(task: ProvingTask): Promise<void>;
  /** Takes the oldest task for one of `models`, which is this worker's until it is finished or the worker is gone. */
  take(models: readonly string[]): Promise<ProvingTask | undefined>;
  /** Ends a task, with its proof or with why there is none. */
  finish(subject: Hex, result: Proven | Error): Promise<void>;
  /** The result of a finished task; undefined while it waits or is worked on. */
  resultOf(subject: Hex): Promise<Proven | Error | undefined>;
  /** Forgets a task, whatever has become of it. */
  drop(subject: Hex): Promise<void>;
  /** Tasks that wait or are worked on, of one model or of all. */
  length(model?: string): Promise<number>;
}

/** Workers in processes of their own, without the agent's key, each with warm proving keys. */
export interface ProvingPool {
  /**
   * Proves, or joins the proving of the same subject. Rejects where the task failed for good; with the reason of `signal`
   * once that fires, which drops the task unless another caller waits for it; and with AbortError when the pool closes,
   * while the task stays in the queue.
   */
  prove(task: ProvingTask, signal?: AbortSignal): Promise<Proven>;
  /**
   * Seconds until a task for the model that came now would be proven: what waits before it, tasks by model that are known
   * to come before it, and its own time.
   */
  secondsUntilProven(model: string, ahead?: ReadonlyMap<string, number>): Promise<number>;
  /** Drops what the queue has of a subject, its task or its result, unless somebody waits for it. */
  forget(subject: Hex): Promise<void>;
  close(): Promise<void>;
}

/** What a worker needs of each model. */
export type ProvingModels = Readonly<Record<string, SellableModel>>;
