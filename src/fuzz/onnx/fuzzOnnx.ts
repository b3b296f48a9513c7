import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Batch, Finding, Result, Setting } from "./fuzzWorker.ts";
import { mutantOf } from "./mutant.ts";

export interface FuzzOptions extends Setting {
  readonly mutants: number;
  /** Told after every batch. */
  readonly onProgress: (totals: FuzzTotals) => void;
}

/** How many mutants were judged and what became of them; faults that are alike are one finding. */
export interface FuzzTotals {
  readonly judged: number;
  readonly accepted: number;
  readonly refused: number;
  readonly faults: number;
  readonly findings: readonly Finding[];
}

/** Mutants that are judged between two messages. */
const BATCH = 250;

/** What a mutant may take alone, and a batch together. */
const SECONDS = { mutant: 10, batch: 60 };

/** Heap of the process that judges: what reading may need at its limits, and no more. */
const MEGABYTES = 2048;

/**
 * Damages models and reads them, in a process that is watched: one that hangs or dies is ended, the mutant that did it is
 * found by judging each of its batch alone, and the next process goes on behind it.
 */
export async function fuzzOnnx({ models, seed, mutants, onProgress }: FuzzOptions): Promise<FuzzTotals> {
  const setting = { models, seed };
  const pool = { worker: startWorker(setting) };
  let totals: FuzzTotals = { judged: 0, accepted: 0, refused: 0, faults: 0, findings: [] };
  try {
    for (let from = 0; from < mutants; from += BATCH) {
      const batch = { from, to: Math.min(mutants, from + BATCH) };
      totals = added(totals, batch, await judgeBatch(batch, setting, pool));
      onProgress(totals);
    }
    return totals;
  } finally {
    pool.worker.kill("SIGKILL");
  }
}

function startWorker(setting: Setting): ChildProcess {
  const worker = fork(fileURLToPath(new URL("./fuzzWorker.ts", import.meta.url)), {
    execArgv: [`--max-old-space-size=${MEGABYTES}`],
    serialization: "advanced",
    // What V8 says when it runs out of memory is said better by the finding.
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  worker.send(setting);
  return worker;
}

/** Judges a batch, or each mutant alone where the batch does not come back. */
async function judgeBatch(batch: Batch, setting: Setting, pool: { worker: ChildProcess }): Promise<Result[]> {
  const whole = await resultOf(pool.worker, batch, SECONDS.batch);
  if (typeof whole !== "string") return [whole];
  const results: Result[] = [];
  pool.worker = replaced(pool.worker, setting);
  for (let number = batch.from; number < batch.to; number++) {
    const single = await resultOf(pool.worker, { from: number, to: number + 1 }, SECONDS.mutant);
    if (typeof single !== "string") results.push(single);
    else {
      results.push({ accepted: 0, refused: 0, findings: [lost(number, setting, `${single}: mutant ${number}`)] });
      pool.worker = replaced(pool.worker, setting);
    }
  }
  return results;
}

function replaced(worker: ChildProcess, setting: Setting): ChildProcess {
  worker.kill("SIGKILL");
  return startWorker(setting);
}

const lost = (number: number, { models, seed }: Setting, signature: string): Finding => ({
  number,
  signature,
  detail: signature,
  bytes: mutantOf(models, { seed, number }),
});

/** The answer of a worker, or what happened instead. */
async function resultOf(worker: ChildProcess, batch: Batch, seconds: number): Promise<Result | string> {
  const given = new AbortController();
  const { signal } = given;
  try {
    worker.send(batch);
    return await Promise.race([
      once(worker, "message", { signal }).then(([result]) => result as Result),
      once(worker, "exit", { signal }).then(() => `the process died, ${MEGABYTES} MB being its limit`),
      sleep(seconds * 1000, `no answer after ${seconds} seconds`, { signal }),
    ]);
  } finally {
    given.abort();
  }
}

function added(totals: FuzzTotals, { to }: Batch, results: readonly Result[]): FuzzTotals {
  const found = results.flatMap(({ findings }) => findings);
  const signatures = new Set(totals.findings.map(({ signature }) => signature));
  const fresh = found.filter(({ signature }) => !signatures.has(signature) && signatures.add(signature));
  const sum = (count: (result: Result) => number) => results.reduce((total, result) => total + count(result), 0);
  return {
    judged: to,
    accepted: totals.accepted + sum(({ accepted }) => accepted),
    refused: totals.refused + sum(({ refused }) => refused),
    faults: totals.faults + found.length,
    findings: [...totals.findings, ...fresh],
  };
}
