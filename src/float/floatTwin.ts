import type { InferenceSession, Tensor } from "onnxruntime-web";
import { InputError } from "../errors.ts";
import type { Graph, ValueInfo } from "../ir/graph.ts";
import type { DecodedOutput } from "../ir/decodeOutputs.ts";
import { withoutMaps } from "./withoutMaps.ts";
import type { Sample } from "../passes/evaluateReal.ts";

type Runtime = typeof import("onnxruntime-web");

/** The model as onnxruntime computes it in floating point. */
export interface FloatTwin {
  /** Outputs in graph order, flat and row-major. Throws InputError where onnxruntime fails. */
  run(sample: Sample): Promise<DecodedOutput[]>;
  /** Frees the session; afterwards `run` fails. */
  release(): Promise<void>;
}

/** Typed arrays of the element types that a float twin can be fed with, by onnxruntime's name for them. */
const ENCODERS = new Map<string, (row: readonly number[]) => Tensor["data"]>([
  ["float32", (row) => Float32Array.from(row)],
  ["float64", (row) => Float64Array.from(row)],
  ["int64", (row) => BigInt64Array.from(row, BigInt)],
  ["int32", (row) => Int32Array.from(row)],
  ["int16", (row) => Int16Array.from(row)],
  ["int8", (row) => Int8Array.from(row)],
  ["uint64", (row) => BigUint64Array.from(row, BigInt)],
  ["uint32", (row) => Uint32Array.from(row)],
  ["uint16", (row) => Uint16Array.from(row)],
  ["uint8", (row) => Uint8Array.from(row)],
  ["bool", (row) => Uint8Array.from(row)],
]);

/** onnxruntime's log level that leaves out warnings. */
const ERRORS_ONLY = 3;

/**
 * Loads a model into onnxruntime-web, single-threaded, so that no worker outlives the run. Null where the development
 * dependency is not installed. Throws InputError where onnxruntime refuses the model.
 */
export async function floatTwin(
  bytes: Uint8Array,
  { inputs, outputs = [] }: Pick<Graph, "inputs"> & Partial<Pick<Graph, "outputs">>,
): Promise<FloatTwin | null> {
  const runtime = await loadRuntime();
  if (runtime === null) return null;
  const session = await createSession(runtime, bytes);
  const strings = new Map(outputs.map((output) => [output.name, output.strings]));
  const types = new Map(session.inputMetadata.map((input) => [input.name, input.isTensor ? input.type : "no tensor"]));
  return {
    async run(sample) {
      const feeds = inputs.map((input, index) => [input.name, encode(runtime, input, types, sample[index])] as const);
      const results = await runSession(session, Object.fromEntries(feeds));
      return session.outputNames.map((name) => ({
        name,
        values: numbersOf(results[name].data, strings.get(name)),
      }));
    },
    release: () => session.release(),
  };
}

/** Strings become their numbers among `strings`. */
const numbersOf = (data: Tensor["data"], strings: readonly string[] | undefined): number[] =>
  Array.from(data as ArrayLike<number | string>, (value) =>
    strings === undefined ? Number(value) : strings.indexOf(String(value)),
  );

async function loadRuntime(): Promise<Runtime | null> {
  try {
    const runtime = await import("onnxruntime-web");
    runtime.env.wasm.numThreads = 1;
    runtime.env.logLevel = "error";
    return runtime;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND") return null;
    throw error;
  }
}

async function createSession(runtime: Runtime, bytes: Uint8Array): Promise<InferenceSession> {
  try {
    return await runtime.InferenceSession.create(withoutMaps(bytes), {
      executionProviders: ["wasm"],
      // Warnings go to standard error with names from the file as they are.
      logSeverityLevel: ERRORS_ONLY,
    });
  } catch (error) {
    throw new InputError(`float model: onnxruntime refuses it: ${firstLine(error)}`, { cause: error });
  }
}

async function runSession(
  session: InferenceSession,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<InferenceSession.OnnxValueMapType> {
  try {
    return await session.run(feeds);
  } catch (error) {
    throw new InputError(`float model: onnxruntime fails: ${firstLine(error)}`, { cause: error });
  }
}

const firstLine = (error: unknown): string => (error instanceof Error ? error.message : String(error)).split("\n")[0];

function encode(
  { Tensor }: Runtime,
  { name, shape }: ValueInfo,
  types: ReadonlyMap<string, string>,
  row: readonly number[],
): Tensor {
  const type = types.get(name) ?? "missing";
  const encoder = ENCODERS.get(type);
  if (encoder === undefined) throw new InputError(`float model: input ${name} is of type ${type}, which cannot be fed`);
  return new Tensor(type as "float32", encoder(row) as Float32Array, shape);
}
