import { performance } from "node:perf_hooks";
import { rmSync } from "node:fs";
import { InputError } from "../../errors.ts";
import type { Proof } from "../../groth16/proof.ts";
import { createProver, type Prover } from "../../groth16/prover.ts";
import { infer } from "../../model/infer.ts";
import { proveWitness, witnessOf, type InferenceWitness } from "../../model/proveInference.ts";
import type { SellableModel } from "../provider/offer.ts";
import { proveExternally } from "./externalProver.ts";
import type { ProvingTask } from "./provingPool.ts";

/** What the worker needs of a model. */
export type WorkerModel = Pick<SellableModel, "graph" | "keyId" | "zkeyPath" | "wasmPath" | "symPath" | "r1csPath">;

/** What the worker process is asked, one after another. */
export interface Request {
  readonly task: ProvingTask;
  /** With the first task of a model. */
  readonly model?: WorkerModel;
  readonly external?: { readonly path: string; readonly seconds: number };
}

/** What it answers. */
export type Answer =
  | {
      readonly words: readonly bigint[];
      readonly proof: Proof;
      /** What loading the key took, and starting the worker for it; 0 where it was warm. */
      readonly loadSeconds: number;
      /** Why the external prover has not proven this. */
      readonly externalFailure?: string;
    }
  /** The message of an InputError: the task can never be proven. */
  | { readonly refusal: string }
  | { readonly failure: string };

interface WarmModel {
  readonly model: WorkerModel;
  readonly prover: Prover;
}

/** Seconds for which an external prover that has failed is left alone. */
const REST_SECONDS = 600;

/** The folder that this process may write to, which only this user can read. */
const [, , scratch] = process.argv;
const warmModels = new Map<string, WarmModel>();
let restsUntil = 0;

process.on("message", (request: Request) => {
  void answerTo(request).then((answer) => process.send!(answer));
});

// The agent is gone: so must be this process, programs that it runs, and witnesses.
process.on("disconnect", () => {
  try {
    rmSync(scratch, { recursive: true, force: true, maxRetries: 3 });
  } finally {
    process.kill(-process.pid, "SIGKILL");
  }
});

async function answerTo(request: Request): Promise<Answer> {
  try {
    return await prove(request);
  } catch (error) {
    const { message } = error as Error;
    return error instanceof InputError ? { refusal: message } : { failure: message };
  }
}

async function prove({ task, model: given, external }: Request): Promise<Answer> {
  // The first task comes with the start of this process, which counts as loading.
  const start = warmModels.size === 0 ? 0 : performance.now();
  const isWarm = warmModels.has(task.model);
  const { model, prover } = warmModels.get(task.model) ?? (await load(task.model, given!));
  const loadSeconds = isWarm ? 0 : (performance.now() - start) / 1000;
  const inference = infer(model.graph, task.opening.inputs, task.opening.salt);
  const witness = await witnessOf(prover, model.keyId, inference, task.subject);
  return { words: inference.words, loadSeconds, ...(await proofOf({ model, prover }, witness, external)) };
}

/** The proof of the external prover, if there is one and it works, else the built-in one's. */
async function proofOf(
  { model: { zkeyPath }, prover }: WarmModel,
  witness: InferenceWitness,
  external: Request["external"],
): Promise<{ proof: Proof; externalFailure?: string }> {
  const { bytes, signals } = witness;
  let externalFailure: string | undefined;
  if (external !== undefined && performance.now() >= restsUntil) {
    try {
      const task = { zkeyPath, vkey: prover.vkey, witness: bytes, signals };
      return { proof: await proveExternally({ ...external, folder: scratch }, task) };
    } catch (error) {
      externalFailure = (error as Error).message;
      restsUntil = performance.now() + REST_SECONDS * 1000;
    }
  }
  const { proof } = await proveWitness(prover, witness);
  return { proof, externalFailure };
}

async function load(name: string, model: WorkerModel): Promise<WarmModel> {
  const warm = { model, prover: await createProver(model) };
  warmModels.set(name, warm);
  return warm;
}
