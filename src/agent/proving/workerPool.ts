import { EventEmitter } from "node:events";
import { performance } from "node:perf_hooks";
import pRetry from "p-retry";
import type { Logger } from "pino";
import { InputError } from "../../errors.ts";
import type { Hex } from "../../codec/statement.ts";
import { createProvenCheck, type ProvenCheck } from "./checkProven.ts";
import { requireExecutable } from "./externalProver.ts";
import { ProverProcess } from "./proverProcess.ts";
import type { Proven, ProvingModels, ProvingPool, ProvingQueue, ProvingTask } from "./provingPool.ts";
import { ProvingTimes } from "./provingTimes.ts";

export interface ProvingPoolOptions {
  readonly models: ProvingModels;
  readonly queue: ProvingQueue;
  /** Worker processes, 1 by default: one proof already takes all cores. */
  readonly workers?: number;
  /** Of one proof with the loading of its key; 600 by default. Then its worker is killed. */
  readonly maxSeconds?: number;
  /** After which a worker without work ends and gives its memory back; 300 by default. */
  readonly idleSeconds?: number;
  /** Path of a program with rapidsnark's command line. Where it fails, the built-in prover proves. */
  readonly externalProver?: string;
  readonly logger?: Pick<Logger, "info" | "warn">;
}

/** Times that a task is tried before it counts as failed for good. */
const MAX_ATTEMPTS = 3;
/** Milliseconds after which the queue is looked at even if nothing has happened here: other machines may share it. */
const LOOK_AGAIN = 1_000;

/**
 * Starts proving what is in the queue. Throws InputError where a proving key is missing, or the external prover cannot be
 * executed.
 */
export async function startProvingPool(options: ProvingPoolOptions): Promise<ProvingPool> {
  if (options.externalProver !== undefined) await requireExecutable(options.externalProver);
  return new WorkerPool(options, await ProvingTimes.of(options.models));
}

interface Callers {
  count: number;
  /** A result that was checked here. */
  result?: Proven | Error;
}

class WorkerPool implements ProvingPool {
  readonly #models: ProvingModels;
  readonly #queue: ProvingQueue;
  readonly #logger: ProvingPoolOptions["logger"];
  readonly #times: ProvingTimes;
  readonly #checks: ReadonlyMap<string, ProvenCheck>;
  readonly #workers: readonly ProverProcess[];
  readonly #lanes: readonly Promise<void>[];
  /** Who waits for a subject's result in this process. */
  readonly #callers = new Map<Hex, Callers>();
  /** Rings "pushed", and the subjects whose proving has ended. */
  readonly #bell = new EventEmitter().setMaxListeners(0);
  readonly #closing = new AbortController();
  readonly #externalFailures = new Set<string>();

  constructor(options: ProvingPoolOptions, times: ProvingTimes) {
    const { models, workers = 1, maxSeconds = 600, idleSeconds = 300, externalProver, logger } = options;
    this.#models = models;
    this.#queue = options.queue;
    this.#logger = logger;
    this.#times = times;
    this.#checks = new Map(Object.entries(models).map(([name, model]) => [name, createProvenCheck(model)]));
    this.#workers = Array.from(
      { length: workers },
      () => new ProverProcess({ maxSeconds, idleSeconds, externalProver, logger }),
    );
    this.#lanes = this.#workers.map((worker) => this.#work(worker));
  }

  async prove(task: ProvingTask, signal?: AbortSignal): Promise<Proven> {
    this.#requireModel(task.model);
    this.#closing.signal.throwIfAborted();
    signal?.throwIfAborted();
    const callers = this.#callers.get(task.subject) ?? { count: 0 };
    callers.count++;
    this.#callers.set(task.subject, callers);
    try {
      await this.#queue.push(task);
      this.#bell.emit("pushed");
      return await this.#resultOf(task, callers, signal);
    } finally {
      callers.count--;
      if (callers.count === 0) {
        this.#callers.delete(task.subject);
        if (signal?.aborted) await this.#queue.drop(task.subject);
      }
    }
  }

  async secondsUntilProven(model: string, ahead?: ReadonlyMap<string, number>): Promise<number> {
    this.#requireModel(model);
    let seconds = 0;
    for (const name of Object.keys(this.#models))
      seconds += ((await this.#queue.length(name)) + (ahead?.get(name) ?? 0)) * this.#times.proofSeconds(name);
    return seconds / this.#workers.length + this.#times.loadSeconds(model) + this.#times.proofSeconds(model);
  }

  async forget(subject: Hex): Promise<void> {
    if (!this.#callers.has(subject)) await this.#queue.drop(subject);
  }

  async close(): Promise<void> {
    this.#closing.abort(new DOMException("the proving pool is closed", "AbortError"));
    for (const subject of this.#callers.keys()) this.#bell.emit(subject);
    this.#bell.emit("pushed");
    await Promise.all(this.#workers.map((worker) => worker.close()));
    await Promise.all(this.#lanes);
  }

  #requireModel(model: string): void {
    if (!Object.hasOwn(this.#models, model))
      throw new InputError(`model ${model}: cannot be proven here, want ${Object.keys(this.#models).join(" or ")}`);
  }

  /** Waits for the result of a task that this process, an earlier one or another machine proves. */
  async #resultOf(task: ProvingTask, callers: Callers, signal?: AbortSignal): Promise<Proven> {
    for (;;) {
      this.#closing.signal.throwIfAborted();
      signal?.throwIfAborted();
      const ended = this.#ring(task.subject, signal);
      const result = callers.result ?? (await this.#fromQueue(task));
      if (result instanceof Error) throw result;
      if (result !== undefined) return result;
      await ended;
    }
  }

  async #fromQueue(task: ProvingTask): Promise<Proven | Error | undefined> {
    const result = await this.#queue.resultOf(task.subject);
    if (result !== undefined && !(result instanceof Error)) this.#checks.get(task.model)!(task, result);
    return result;
  }

  /** One worker's work: the oldest task, again and again, until the pool closes. */
  async #work(worker: ProverProcess): Promise<void> {
    const names = Object.keys(this.#models);
    while (!this.#closing.signal.aborted) {
      const pushed = this.#ring("pushed");
      const task = await this.#insist(() => this.#queue.take(names));
      if (task === undefined) {
        await pushed;
        continue;
      }
      const result = await this.#attempt(worker, task);
      // What was interrupted stays in the queue for the next process.
      if (result !== undefined) await this.#finish(task, result);
    }
  }

  /** The checked proof of a task, or why there is none; undefined where the pool closes meanwhile. */
  async #attempt(worker: ProverProcess, task: ProvingTask): Promise<Proven | Error | undefined> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#proveOnce(worker, task);
      } catch (error) {
        if (this.#closing.signal.aborted) return undefined;
        if (error instanceof InputError || attempt === MAX_ATTEMPTS) return error as Error;
        const { subject, model } = task;
        this.#logger?.warn({ subject, model, attempt, reason: (error as Error).message }, "a proof is tried again");
      }
    }
  }

  async #proveOnce(worker: ProverProcess, task: ProvingTask): Promise<Proven> {
    const start = performance.now();
    const check = this.#checks.get(task.model)!;
    const answer = await worker.prove(task, this.#models[task.model], (said) => check(task, said));
    const { words, proof, loadSeconds, externalFailure } = answer;
    if (externalFailure !== undefined) this.#reportExternal(externalFailure);
    const seconds = (performance.now() - start) / 1000;
    this.#times.record(task.model, seconds - loadSeconds, loadSeconds);
    return { words, proof, seconds };
  }

  async #finish(task: ProvingTask, result: Proven | Error): Promise<void> {
    await this.#insist(() => this.#queue.finish(task.subject, result));
    const callers = this.#callers.get(task.subject);
    if (callers !== undefined) callers.result = result;
    this.#bell.emit(task.subject);
  }

  /** Asks a queue that fails, on a full disk for example, again until the pool closes; undefined then. */
  async #insist<Result>(ask: () => Promise<Result>): Promise<Result | undefined> {
    const { signal } = this.#closing;
    const onFailedAttempt = ({ error }: { error: Error }) =>
      this.#logger?.warn({ reason: error.message }, "the proving queue fails");
    try {
      return await pRetry(ask, { retries: Infinity, maxTimeout: 30_000, signal, onFailedAttempt });
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  }

  #reportExternal(reason: string): void {
    if (this.#externalFailures.has(reason)) return;
    this.#externalFailures.add(reason);
    this.#logger?.warn({ reason }, "the external prover failed, the built-in one proves");
  }

  /** Resolves when the bell rings so, when `signal` fires, and after a while. */
  #ring(name: string, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#bell.off(name, done);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, LOOK_AGAIN);
      this.#bell.on(name, done);
      signal?.addEventListener("abort", done);
    });
  }
}
