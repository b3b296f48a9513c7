import { projectPath } from "../paths.ts";
import { compileModel, emitModel, type CompiledModel } from "./compileModel.ts";
import { quantiseModel, readGraph, type ImportOptions } from "./importModel.ts";
import { readModelFiles } from "./modelFiles.ts";

/** Folder of a model that the project brings, for example `digits-mlp`. */
export const shippedModel = (name: string): string => projectPath(`circuits/models/${name}`);

/**
 * Reads a model folder or an ONNX file, makes its integer program and compiles its circuit, or finds it in the cache.
 * Throws InputError on what is wrong with the model.
 */
export async function buildModel(path: string, cacheRoot: string, options: ImportOptions = {}): Promise<CompiledModel> {
  const files = await readModelFiles(path);
  const { graph } = quantiseModel(files, await readGraph(files, options), options);
  return compileModel(emitModel(graph), cacheRoot);
}
