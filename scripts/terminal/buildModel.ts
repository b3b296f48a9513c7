import { performance } from "node:perf_hooks";
import {
  compileModel,
  emitModel,
  requireDomain,
  type CompiledModel,
  type EmittedModel,
} from "../../src/model/compileModel.ts";
import { quantiseModel, readGraph } from "../../src/model/importModel.ts";
import { readModelFiles, type ModelFiles } from "../../src/model/modelFiles.ts";
import { setupModel, withKey, type KeyedModel, type SetUpModel } from "../../src/model/setupModel.ts";
import { inFile, onFile } from "../../src/errors.ts";
import { parseVerifyingKey } from "../../src/groth16/verifyingKey.ts";
import { readJson } from "../../src/jsonFile.ts";
import { workPath } from "../../src/paths.ts";
import { callerPath } from "./callerPath.ts";
import { calibrationRows, importOptionsOf, modelPath, type ModelOptions } from "./modelOptions.ts";
import { step } from "./progress.ts";
import { formatInteger } from "./table.ts";

/** Where every command and test keeps what it built, by content. */
export const CACHE_ROOT = workPath("build/cache");

export interface Built<Model> {
  readonly files: ModelFiles;
  readonly model: Model;
  readonly seconds: { readonly compile: number; readonly setup: number };
  /** Whether everything came from the cache. */
  readonly cached: boolean;
}

/** Reads and quantises a model and writes its circuit; nothing is compiled. */
export async function buildProgram(
  nameOrPath: string,
  options: ModelOptions,
): Promise<{ files: ModelFiles; model: EmittedModel }> {
  const path = modelPath(nameOrPath);
  const files = await onFile(path, "read", () => readModelFiles(path));
  const rows = await calibrationRows(options);
  const imported = importOptionsOf(options, rows);
  const { graph, notes } = quantiseModel(files, await readGraph(files, imported), imported);
  notes.forEach((note) => console.log(`  ${note}`));
  return { files, model: emitModel(graph) };
}

/** As `buildProgram`, and compiles the circuit, telling progress. */
export async function buildCircuit(
  nameOrPath: string,
  options: ModelOptions,
  cacheRoot = CACHE_ROOT,
): Promise<Built<CompiledModel>> {
  const { files, model: emitted } = await buildProgram(nameOrPath, options);
  requireDomain(emitted, options.maxPower);
  const start = performance.now();
  const model = await step(
    `Compiling ${emitted.emitted.template}.circom`,
    () => compileModel(emitted, cacheRoot),
    ({ circuit: { constraints, cached } }) =>
      `${cached ? "Found" : "Compiled"} ${emitted.emitted.template}.circom: ${formatInteger(constraints.total)} constraints ` +
      `(predicted ${formatInteger(emitted.emitted.cost.total)}), domain 2^${constraints.domainPower}`,
  );
  const seconds = { compile: secondsSince(start), setup: 0 };
  return { files, model, seconds, cached: model.circuit.cached };
}

/** As `buildCircuit`, and makes the dealer's key. */
export async function buildKey(
  nameOrPath: string,
  options: ModelOptions,
  cacheRoot = CACHE_ROOT,
): Promise<Built<SetUpModel>> {
  const { files, model, seconds, cached } = await buildCircuit(nameOrPath, options, cacheRoot);
  const start = performance.now();
  const setUp = await step(
    "Dealing a development key",
    () => setupModel(model, cacheRoot),
    ({ setupCached, keyId }) => `${setupCached ? "Found" : "Dealt"} the development key ${keyId}`,
  );
  const setup = secondsSince(start);
  return { files, model: setUp, seconds: { ...seconds, setup }, cached: cached && setUp.setupCached };
}

/** A model with the verification key given as a file, else with the dealer's. */
export async function buildWithVkey(
  nameOrPath: string,
  options: ModelOptions & { readonly vkey?: string },
): Promise<KeyedModel> {
  if (options.vkey === undefined) return (await buildKey(nameOrPath, options)).model;
  const path = callerPath(options.vkey);
  const { model } = await buildCircuit(nameOrPath, options);
  const json = await readJson(path);
  return inFile(path, () => withKey(model, parseVerifyingKey(json)));
}

/** A compiled model with the proving key given as a file, else with the dealer's. */
export async function buildWithZkey(
  nameOrPath: string,
  options: ModelOptions & { readonly zkey?: string },
): Promise<{ model: CompiledModel; zkeyPath: string }> {
  if (options.zkey !== undefined) {
    return { model: (await buildCircuit(nameOrPath, options)).model, zkeyPath: callerPath(options.zkey) };
  }
  const { model } = await buildKey(nameOrPath, options);
  return { model, zkeyPath: model.zkeyPath };
}

const secondsSince = (start: number): number => (performance.now() - start) / 1000;
