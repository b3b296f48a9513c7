import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CLASSES } from "./cases.ts";
import type { Disagreement, VerifierBatch, VerifierResult, VerifierSetting } from "./judgeBatch.ts";
import { createKeys } from "./keys.ts";
import { type Tallies, mergeTallies } from "./tally.ts";
import { compileVerifiers } from "./verifierCode.ts";

export interface VerifierFuzzOptions {
  readonly proofs: number;
  readonly seed: number;
  /** Processes that judge at the same time. */
  readonly jobs: number;
  /** Told after every batch, whose process waits for it. */
  readonly onProgress: (totals: VerifierTotals) => void | Promise<void>;
}

/** What was judged up to now; disagreements in the order of their discovery. */
export interface VerifierTotals {
  readonly judged: number;
  readonly tallies: Tallies;
  readonly disagreements: readonly Disagreement[];
}

/** Cases that are judged between two messages. */
const BATCH = 100;

/**
 * Shows proofs of every class to the stand-alone verifiers, a registry and the JavaScript verifier, in several processes.
 * The contracts must have been built.
 */
export async function fuzzVerifier({ proofs, seed, jobs, onProgress }: VerifierFuzzOptions): Promise<VerifierTotals> {
  const keys = await createKeys(seed);
  const codes = await compileVerifiers(keys);
  const folder = await mkdtemp(join(tmpdir(), "tollgate-fuzz-"));
  const workers: ChildProcess[] = [];
  let totals: VerifierTotals = { judged: 0, tallies: new Map(), disagreements: [] };
  const batches = batchesOf(proofs);
  const work = async () => {
    const worker = await startWorker({ keys, codes, seed, folder: await mkdtemp(join(folder, "job-")) }, workers);
    for (const batch of batches) {
      const result = await answerOf<VerifierResult>(worker, batch);
      totals = added(totals, batch, result);
      await onProgress(totals);
    }
  };
  try {
    await Promise.all(Array.from({ length: jobs }, work));
    return totals;
  } finally {
    for (const worker of workers) worker.kill("SIGKILL");
    await rm(folder, { recursive: true });
  }
}

function* batchesOf(proofs: number): Generator<VerifierBatch> {
  for (let from = 0; from < proofs; from += BATCH) yield { from, to: Math.min(proofs, from + BATCH) };
}

async function startWorker(setting: VerifierSetting, workers: ChildProcess[]): Promise<ChildProcess> {
  const worker = fork(fileURLToPath(new URL("./verifierWorker.ts", import.meta.url)), { serialization: "advanced" });
  workers.push(worker);
  await answerOf(worker, setting);
  return worker;
}

/** What a process answers to a message. Throws an Error where it ends instead. */
async function answerOf<Answer>(worker: ChildProcess, message: VerifierSetting | VerifierBatch): Promise<Answer> {
  const given = new AbortController();
  const { signal } = given;
  try {
    worker.send(message);
    return await Promise.race([
      once(worker, "message", { signal }).then(([answer]) => answer as Answer),
      once(worker, "exit", { signal }).then(([code]) => {
        const task = "from" in message ? `judging proofs ${message.from} to ${message.to - 1}` : "preparing";
        throw new Error(`a process ended with exit code ${code} while ${task}`);
      }),
    ]);
  } finally {
    given.abort();
  }
}

function added(totals: VerifierTotals, { from, to }: VerifierBatch, { tallies, disagreements }: VerifierResult) {
  const merged = mergeTallies(totals.tallies, tallies);
  // Rows in the order of the list of classes, whichever process answers first.
  const names = CLASSES.map(({ name }) => name).filter((name) => merged.has(name));
  return {
    judged: totals.judged + to - from,
    tallies: new Map(names.map((name) => [name, merged.get(name)!])),
    disagreements: [...totals.disagreements, ...disagreements],
  };
}
