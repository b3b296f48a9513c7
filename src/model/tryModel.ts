import { stat } from "node:fs/promises";
import { performance } from "node:perf_hooks";
import { id } from "ethers";
import type { ConstraintCounts } from "../circom/compile.ts";
import { randomSalt } from "../codec/commitment.ts";
import type { Claim } from "../chain/verifyClaim.ts";
import { compareWithFloat, type Comparison } from "../float/compareWithFloat.ts";
import { floatTwin } from "../float/floatTwin.ts";
import { createProver } from "../groth16/prover.ts";
import { encodeInputs } from "../ir/encodeInputs.ts";
import { samplesOf } from "../passes/samples.ts";
import { compileModel, emitModel, requireDomain } from "./compileModel.ts";
import { quantiseModel, readGraph, type ImportOptions } from "./importModel.ts";
import { infer } from "./infer.ts";
import type { ModelFiles } from "./modelFiles.ts";
import { proveWitness, witnessOf } from "./proveInference.ts";
import { setupModel, type SetUpModel } from "./setupModel.ts";

/** The parts of a trial in their order; `done` says that all were reached. */
export type TryStage =
  "read" | "quantise" | "compile" | "setup" | "reference" | "witness" | "prove" | "verify" | "done";

/** What `try --json` writes. Figures that were not reached are null. */
export interface TryReport extends Pick<Comparison, "maxAbsError" | "maxRelError" | "argmaxAgrees"> {
  /** The proof verified on the EVM, and the integer program is faithful to the float model. */
  readonly ok: boolean;
  readonly stage: TryStage;
  readonly error: string | null;
  readonly constraints: ConstraintCounts | null;
  readonly zkeyBytes: number | null;
  readonly seconds: Readonly<Record<"compile" | "setup" | "reference" | "witness" | "prove", number | null>>;
  readonly cached: boolean | null;
  /** Gas of the registry's own frame. */
  readonly verifyGas: number | null;
}

export interface TryOptions extends ImportOptions {
  readonly rows: readonly (readonly number[])[];
  readonly classifier?: string | undefined;
  readonly maxPower: number;
  readonly cacheRoot: string;
  /** Verifies on an EVM and returns the gas of the verification. */
  readonly verify: (model: SetUpModel, claim: Claim) => Promise<number>;
  /** Runs a stage, for example with progress. */
  readonly onStage: <Result>(stage: TryStage, work: () => Promise<Result>) => Promise<Result>;
  readonly onNote: (note: string) => void;
}

/** A trial that ended early: the report so far and why. */
export interface TryOutcome {
  readonly report: TryReport;
  /** What stopped the trial; undefined where it went through, faithful or not. */
  readonly failure?: unknown;
}

const EMPTY: TryReport = {
  ok: false,
  stage: "read",
  error: null,
  constraints: null,
  zkeyBytes: null,
  seconds: { compile: null, setup: null, reference: null, witness: null, prove: null },
  cached: null,
  maxAbsError: null,
  maxRelError: null,
  argmaxAgrees: null,
  verifyGas: null,
};

/** The report of a trial whose files could not be read. */
export const unreachedReport = (failure: Error): TryReport => ({ ...EMPTY, error: failure.message });

/** What a proof of a trial is about: nothing but itself. */
const SUBJECT = id("tollgate try");

/** Everything for one model and one input, from the ONNX file to the verification on an EVM. Never throws. */
export async function tryModel(files: ModelFiles, options: TryOptions): Promise<TryOutcome> {
  let report = EMPTY;
  const record = (changes: Partial<TryReport>) => (report = { ...report, ...changes });
  const run = async <Result>(stage: TryStage, work: () => Promise<Result>): Promise<Result> => {
    record({ stage });
    const start = performance.now();
    const result = await options.onStage(stage, work);
    if (stage in report.seconds) {
      record({ seconds: { ...report.seconds, [stage]: (performance.now() - start) / 1000 } });
    }
    return result;
  };
  try {
    await runStages(files, options, run, record);
    return { report };
  } catch (failure) {
    return { report: record({ error: failure instanceof Error ? failure.message : String(failure) }), failure };
  }
}

async function runStages(
  files: ModelFiles,
  options: TryOptions,
  run: <Result>(stage: TryStage, work: () => Promise<Result>) => Promise<Result>,
  record: (changes: Partial<TryReport>) => TryReport,
): Promise<void> {
  const graph = await run("read", async () => readGraph(files, options));
  const samples = await run("read", async () => samplesOf(graph, options.rows));
  const emitted = await run("quantise", async () => {
    const quantised = quantiseModel(files, graph, options);
    quantised.notes.forEach(options.onNote);
    const model = emitModel(quantised.graph);
    record({ constraints: model.emitted.cost });
    requireDomain(model, options.maxPower);
    return model;
  });
  const compiled = await run("compile", () => compileModel(emitted, options.cacheRoot));
  record({ constraints: compiled.circuit.constraints });
  const model = await run("setup", () => setupModel(compiled, options.cacheRoot));
  record({ cached: compiled.circuit.cached && model.setupCached, zkeyBytes: (await stat(model.zkeyPath)).size });

  const { inference, comparison } = await run("reference", async () => {
    const twin = await floatTwin(files.onnx, graph);
    const classifier = options.classifier ?? files.config?.classifier;
    const compared = await compareWithFloat(model.graph, twin, samples, classifier);
    const first = infer(model.graph, encodeInputs(model.graph, samples[0]), randomSalt());
    await twin?.release();
    return { inference: first, comparison: compared };
  });
  const { problem, ...figures } = comparison;
  record(figures);

  const prover = await run("witness", () => createProver({ ...model.circuit, zkeyPath: model.zkeyPath }));
  const witness = await run("witness", () => witnessOf(prover, model.keyId, inference, SUBJECT));
  const proven = await run("prove", () => proveWitness(prover, witness));
  await prover.close();
  const verifyGas = await run("verify", () =>
    options.verify(model, { ...inference, subject: SUBJECT, proof: proven.proof }),
  );
  record({ verifyGas, stage: "done", ok: problem === undefined, error: problem ?? null });
}
