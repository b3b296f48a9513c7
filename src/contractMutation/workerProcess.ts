import { type ChildProcess, fork } from "node:child_process";
import { projectPath } from "../paths.ts";
import type { FailedTest } from "./verdict.ts";
import type { Answer, Greeting, Task } from "./worker.ts";

/** How long compiler, chains and test modules may take to load and to run once, in milliseconds. */
const START_LIMIT = 1_800_000;

/** A process of worker.ts. */
export class WorkerProcess {
  /** Tests that fail on the originals as the worker compiles them. */
  leftOut: readonly FailedTest[] = [];
  readonly #child: ChildProcess;
  #errors = "";

  private constructor(folder: string) {
    this.#child = fork(projectPath("src/contractMutation/worker.ts"), [], {
      cwd: projectPath("."),
      env: {
        ...process.env,
        HARDHAT_CONFIG: projectPath("src/contractMutation/workerConfig.ts"),
        MUTATION_WORKER_FOLDER: folder,
      },
      // The tests' own output is of no use.
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.#child.stderr?.on("data", (text) => (this.#errors = `${this.#errors}${text}`.slice(-2_000)));
  }

  static async start(folder: string): Promise<WorkerProcess> {
    const worker = new WorkerProcess(folder);
    const greeting = (await worker.#next(START_LIMIT)) as Greeting | { readonly broken: string } | undefined;
    if (greeting === undefined || "broken" in greeting) throw new Error(greeting?.broken ?? "a worker did not start");
    worker.leftOut = greeting.leftOut;
    return worker;
  }

  /** The answer; undefined if it takes more than `limit` milliseconds, and then the process has ended. */
  ask(task: Task, limit: number): Promise<Answer | undefined> {
    const answer = this.#next(limit);
    this.#child.send(task);
    return answer as Promise<Answer | undefined>;
  }

  stop(): void {
    this.#child.removeAllListeners();
    this.#child.kill("SIGKILL");
  }

  #next(limit: number): Promise<unknown> {
    return new Promise((resolve) => {
      const done = (value: unknown): void => {
        clearTimeout(timer);
        this.#child.off("message", done).off("exit", onExit);
        resolve(value);
      };
      const onExit = (code: number | null): void => done({ broken: `a worker ended with ${code}: ${this.#errors}` });
      const timer = setTimeout(() => {
        this.stop();
        done(undefined);
      }, limit);
      this.#child.once("message", done).once("exit", onExit);
    });
  }
}
