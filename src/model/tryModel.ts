import { stat } from "node:fs/promises";
import { performance } from "node:perf_hooks";
import { id } from "ethers";
import type { ConstraintCounts } from "../circom/compile.ts";
import { randomSalt } from "../codec/commitment.ts";
import type { Claim } from "./claim.ts";
import { InputError } from "../errors.ts";
import { compareWithFloat, notCompared, type Comparison } from "../float/compareWithFloat.ts";
import { floatTwin, type FloatTwin } from "../float/floatTwin.ts";
import { createProver, type Prover } from "../groth16/prover.ts";
import { encodeInputs } from "../ir/encodeInputs.ts";
import type { Graph } from "../ir/graph.ts";
import type { IntegerGraph } from "../ir/integerGraph.ts";
import { evaluate } from "../kernels/interpret.ts";
import type { Sample } from "../passes/evaluateReal.ts";
import { samplesOf } from "../passes/samples.ts";
import { compileModel, emitModel, requireDomain, type EmittedModel } from "./compileModel.ts";
import { classifiersOf, quantiseModel, readGraph, type ImportOptions } from "./importModel.ts";
import { infer, type Inference } from "./infer.ts";
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
  /** ONNX name of the output whose greatest element is the class; model.json's where absent. */
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

/** What the stages of a trial report to. */
interface Trial {
  /** Tells that a stage is reached and runs it. */
  readonly run: <Result>(stage: TryStage, work: () => Promise<Result>) => Promise<Result>;
  /** Measures the part of a stage that counts for its figure. */
  readonly time: <Result>(stage: keyof TryReport["seconds"], work: () => Promise<Result> | Result) => Promise<Result>;
  readonly record: (changes: Partial<TryReport>) => TryReport;
}

/** A model that was read, with what it will be tried on. */
interface ReadModel {
  readonly graph: Graph;
  readonly samples: readonly Sample[];
  readonly classifiers: readonly number[];
}

/** Everything for one model and one input, from the ONNX file to the verification on an EVM. Never throws. */
export async function tryModel(files: ModelFiles, options: TryOptions): Promise<TryOutcome> {
  let report = EMPTY;
  const record = (changes: Partial<TryReport>) => (report = { ...report, ...changes });
  const trial: Trial = {
    record,
    run(stage, work) {
      record({ stage });
      return options.onStage(stage, work);
    },
    async time(stage, work) {
      const start = performance.now();
      const result = await work();
      record({ seconds: { ...report.seconds, [stage]: (performance.now() - start) / 1000 } });
      return result;
    },
  };
  try {
    await runStages(files, options, trial);
    return { report };
  } catch (failure) {
    return { report: record({ error: failure instanceof Error ? failure.message : String(failure) }), failure };
  }
}

async function runStages(files: ModelFiles, options: TryOptions, trial: Trial): Promise<void> {
  const { run, time, record } = trial;
  const read = await run("read", async (): Promise<ReadModel> => {
    const graph = await readGraph(files, options);
    const classifiers = classifiersOf(files, graph, options.classifier);
    return { graph, samples: samplesOf(graph, options.rows), classifiers };
  });
  const { emitted, inputs } = await run("quantise", async () => quantiseFor(files, read, options, record));
  const compiled = await run("compile", () => time("compile", () => compileModel(emitted, options.cacheRoot)));
  record({ constraints: compiled.circuit.constraints });
  const model = await run("setup", () => time("setup", () => setupModel(compiled, options.cacheRoot)));
  record({ cached: compiled.circuit.cached && model.setupCached, zkeyBytes: (await stat(model.zkeyPath)).size });

  const problem = await run("reference", async () => {
    await time("reference", () => inputs.map((integers) => evaluate(model.graph, integers)));
    const { problem: found, ...figures } = await compare(files, read, model.graph);
    record(figures);
    return found;
  });
  const inference = infer(model.graph, inputs[0], randomSalt());
  const verifyGas = await proveAndVerify(model, inference, options, trial);
  record({ verifyGas, stage: "done", ok: problem === undefined, error: problem ?? null });
}

/** The circuit, refused where it is too large, and the integers of every sample, refused where one is out of range. */
function quantiseFor(
  files: ModelFiles,
  { graph, samples }: ReadModel,
  options: TryOptions,
  record: Trial["record"],
): { emitted: EmittedModel; inputs: bigint[][][] } {
  const quantised = quantiseModel(files, graph, options);
  quantised.notes.forEach(options.onNote);
  const inputs = samples.map((sample) => encodeInputs(quantised.graph, sample));
  const emitted = emitModel(quantised.graph);
  record({ constraints: emitted.emitted.cost });
  requireDomain(emitted, options.maxPower);
  return { emitted, inputs };
}

/** A float model that onnxruntime refuses or fails on compares nothing; that is the result, not an error. */
async function compare(
  files: ModelFiles,
  { graph, samples, classifiers }: ReadModel,
  program: IntegerGraph,
): Promise<Comparison> {
  let twin: FloatTwin | null = null;
  try {
    twin = await floatTwin(files.onnx, graph);
    return await compareWithFloat(program, twin, samples, classifiers);
  } catch (error) {
    if (error instanceof InputError) return notCompared(`nothing was compared: ${error.message}`);
    throw error;
  } finally {
    await twin?.release();
  }
}

/** Proves the inference and returns the gas of the verification on the EVM. */
async function proveAndVerify(
  model: SetUpModel,
  inference: Inference,
  options: TryOptions,
  { run, time }: Trial,
): Promise<number> {
  let prover: Prover | undefined;
  try {
    const witness = await run("witness", async () => {
      const opened = (prover = await createProver({ ...model.circuit, zkeyPath: model.zkeyPath }));
      return time("witness", () => witnessOf(opened, model.keyId, inference, SUBJECT));
    });
    const { proof } = await run("prove", () => time("prove", () => proveWitness(prover!, witness)));
    return await run("verify", () => options.verify(model, { ...inference, subject: SUBJECT, proof }));
  } finally {
    await prover?.close();
  }
}
