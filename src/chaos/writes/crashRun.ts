import { type ChildProcess, fork } from "node:child_process";
import { performance } from "node:perf_hooks";
import { randomOf } from "../../fuzz/random.ts";
import { projectPath } from "../../paths.ts";
import type { SabotagePlan } from "./sabotagedJournal.ts";
import { tearLastTransaction } from "./tornWal.ts";

/** A program that works on a journal and can be started again at any time. */
export interface Program<Message, Result> {
  /** Path of its module in the project. */
  readonly module: string;
  readonly journalPath: string;
  /** What it is told at its start. */
  readonly task: (plan: SabotagePlan | undefined) => object;
  /** Takes what it says; the result ends the run. */
  readonly onMessage: (message: Message) => Result | undefined;
}

export interface CrashRun<Result> {
  readonly result: Result;
  /** Times that it was started again: after the sabotage, or since it gave up by itself. */
  readonly restarts: number;
}

/** Milliseconds after which a process that says nothing more is killed and started again. */
const STUCK_AFTER = 20_000;
const MAX_STARTS = 6;

/** Runs a program under a plan and starts it again, without sabotage, until it is done. Throws where it never is. */
export async function runToEnd<Message, Result>(
  program: Program<Message, Result>,
  plan: SabotagePlan | undefined,
): Promise<CrashRun<Result>> {
  for (let starts = 0; starts < MAX_STARTS; ++starts) {
    const result = await runOnce(program, starts === 0 ? plan : undefined);
    if (result !== undefined) return { result, restarts: starts };
    if (starts === 0 && plan?.kind === "torn") tear(program.journalPath, plan);
  }
  throw new Error(`it was started ${MAX_STARTS} times and came to no end`);
}

function tear(journalPath: string, { write }: SabotagePlan): void {
  tearLastTransaction(`${journalPath}-wal`, randomOf(write));
}

/** One process; undefined where it ends without a result. */
function runOnce<Message, Result>(
  { module, task, onMessage }: Program<Message, Result>,
  plan: SabotagePlan | undefined,
): Promise<Result | undefined> {
  const child = fork(projectPath(module), [], {
    serialization: "advanced",
    execArgv: ["--disable-warning=ExperimentalWarning"],
    // What a program says when its disk is full is of no use.
    stdio: ["ignore", "ignore", plan === undefined ? "inherit" : "ignore", "ipc"],
  });
  return new Promise((resolve) => {
    let result: Result | undefined;
    let heard = performance.now();
    const watchdog = setInterval(() => performance.now() - heard > STUCK_AFTER && child.kill("SIGKILL"), 500);
    child.on("message", (message) => {
      heard = performance.now();
      result ??= onMessage(message as Message);
      if (result !== undefined) end(child);
    });
    child.once("exit", () => {
      clearInterval(watchdog);
      resolve(result);
    });
    child.send(task(plan));
  });
}

const end = (child: ChildProcess): void => void child.kill("SIGKILL");
