import { type ChildProcess, fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import pRetry from "p-retry";
import type { Logger } from "pino";
import { InputError } from "../../errors.ts";
import type { SellableModel } from "../provider/offer.ts";
import type { ProvingTask } from "./provingPool.ts";
import type { Answer, Request, WorkerModel } from "./provingWorker.ts";

/** TypeScript in a checkout, compiled in a package, as this module. */
const WORKER = new URL(`./provingWorker${extname(import.meta.url)}`, import.meta.url);
/** What programs need to start; keys and all else that the agent's environment holds stay out of the worker. */
const ENVIRONMENT = ["PATH", "LD_LIBRARY_PATH"];
/** Milliseconds before a worker is started after one failure, and after many without a proof between them. */
const [FIRST_WAIT, LONGEST_WAIT] = [250, 30_000];

export interface ProcessOptions {
  /** After which a proof counts as failed and the worker is killed. */
  readonly maxSeconds: number;
  /** After which a worker without work ends. */
  readonly idleSeconds: number;
  readonly externalProver?: string;
  readonly logger?: Pick<Logger, "info" | "warn">;
}

/** What a worker says it has proven. */
export type WorkerProof = Extract<Answer, { proof: unknown }>;

interface Running {
  readonly child: ChildProcess;
  /** Models that it knows. */
  readonly models: Set<string>;
}

/** A worker process that is started when there is work, and again after a crash. It proves one task at a time. */
export class ProverProcess {
  readonly #options: ProcessOptions;
  readonly #closing = new AbortController();
  #running: Running | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #failures = 0;
  /** Resolves once all processes that have ended are gone with what they started and their files. */
  #gone: Promise<void> = Promise.resolve();

  constructor(options: ProcessOptions) {
    this.#options = options;
  }

  /**
   * Proves a task. Throws InputError where it can never be proven; after any other error, which may be the machine's or
   * `check`'s of the answer, the next task gets a new process.
   */
  async prove(task: ProvingTask, model: SellableModel, check: (answer: WorkerProof) => void): Promise<WorkerProof> {
    clearTimeout(this.#idleTimer);
    try {
      const running = this.#running ?? (await this.#start());
      const answer = await this.#ask(running, task, model);
      if ("refusal" in answer) throw new InputError(answer.refusal);
      if ("failure" in answer) throw new Error(answer.failure);
      check(answer);
      running.models.add(task.model);
      this.#failures = 0;
      return answer;
    } catch (error) {
      if (!(error instanceof InputError)) {
        this.#failures++;
        await this.#end("failed");
      }
      throw error;
    } finally {
      this.#idleTimer = setTimeout(() => void this.#end("idle"), this.#options.idleSeconds * 1000).unref();
    }
  }

  /** Ends the process for good; what it is proving rejects. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#end("closed");
  }

  /** Waits as long as the last failures demand, and for a machine that cannot start a process now. */
  async #start(): Promise<Running> {
    const { signal } = this.#closing;
    if (this.#failures > 0)
      await sleep(Math.min(FIRST_WAIT * 2 ** (this.#failures - 1), LONGEST_WAIT), undefined, { signal });
    const folder = join(tmpdir(), "tollgate-proving-");
    const scratch = await pRetry(() => mkdtemp(folder), { retries: Infinity, maxTimeout: LONGEST_WAIT, signal });
    if (signal.aborted) await rm(scratch, { recursive: true });
    signal.throwIfAborted();
    return (this.#running = this.#fork(scratch));
  }

  #fork(scratch: string): Running {
    // A group of its own, so that an external prover ends with it.
    const child = fork(fileURLToPath(WORKER), [scratch], {
      detached: true,
      execArgv: ["--disable-warning=ExperimentalWarning"],
      env: Object.fromEntries(ENVIRONMENT.map((name) => [name, process.env[name]])),
      serialization: "advanced",
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.#options.logger?.info({ pid: child.pid }, "a proving worker has started");
    const ended = new Promise<void>((resolve) => {
      child.once("error", () => resolve());
      child.once("exit", () => resolve());
    });
    const before = this.#gone;
    this.#gone = ended.then(() => this.#cleanUp(child, scratch)).then(() => before);
    return { child, models: new Set() };
  }

  async #cleanUp(child: ChildProcess, scratch: string): Promise<void> {
    if (this.#running?.child === child) this.#running = undefined;
    killGroup(child);
    await rm(scratch, { recursive: true, force: true, maxRetries: 3 }).catch(({ message }: Error) =>
      this.#options.logger?.warn({ reason: message }, "a proving worker's private files cannot be removed"),
    );
  }

  #ask({ child, models }: Running, task: ProvingTask, model: SellableModel): Promise<Answer> {
    const { maxSeconds, externalProver } = this.#options;
    const request: Request = {
      task,
      model: models.has(task.model) ? undefined : forWorker(model),
      // As long again is left for the built-in prover.
      external: externalProver === undefined ? undefined : { path: externalProver, seconds: maxSeconds / 2 },
    };
    return new Promise((resolve, reject) => {
      const fail = (message: string) => {
        finish();
        reject(new Error(message));
      };
      const onMessage = (answer: Answer) => {
        finish();
        resolve(answer);
      };
      const onExit = (code: number | null, signal: string | null) => fail(`the worker ended with ${signal ?? code}`);
      const onError = ({ message }: Error) => fail(`the worker: ${message}`);
      const timer = setTimeout(() => fail(`the proof took more than ${maxSeconds} seconds`), maxSeconds * 1000);
      const finish = () => {
        clearTimeout(timer);
        child.off("message", onMessage).off("exit", onExit).off("error", onError);
      };
      child.on("message", onMessage).on("exit", onExit).on("error", onError);
      // A worker that is gone before it has heard exits, too.
      child.send(request, () => {});
    });
  }

  async #end(reason: string): Promise<void> {
    const child = this.#running?.child;
    this.#running = undefined;
    if (child !== undefined) {
      killGroup(child);
      this.#options.logger?.info({ pid: child.pid, reason }, "a proving worker is ended");
    }
    await this.#gone;
  }
}

const forWorker = ({ graph, keyId, zkeyPath, wasmPath, symPath, r1csPath }: SellableModel): WorkerModel => ({
  graph,
  keyId,
  zkeyPath,
  wasmPath,
  symPath,
  r1csPath,
});

/** Kills a worker and what it started, also where only the latter is left. */
function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // Nothing of it is left.
  }
}
