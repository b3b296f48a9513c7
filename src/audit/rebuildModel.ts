import { createHash } from "node:crypto";
import { emitModel, requireDomain, type CompiledModel, type EmittedModel } from "../model/compileModel.ts";
import { type ImportOptions, quantiseModel, readGraph } from "../model/importModel.ts";
import { Lock } from "../model/lock.ts";
import type { ModelFiles } from "../model/modelFiles.ts";
import type { SetUpModel } from "../model/setupModel.ts";
import { keyTexts, verifierName, verifierText } from "../model/writeArtefacts.ts";
import type { Texts } from "./compareFiles.ts";

/** A model made again from its ONNX file, with everything that its key folder should say. */
export interface RebuiltModel {
  readonly model: SetUpModel;
  readonly lock: Lock;
  /** graph.json, the circuit, vkey.json and the Solidity verifier by file name. */
  readonly texts: Texts;
}

/** Reads and quantises a model and writes its circuit's text. Throws InputError for a circuit above 2^maxPower. */
export async function rebuildProgram(
  files: ModelFiles,
  options: ImportOptions,
  maxPower: number,
): Promise<EmittedModel> {
  const { graph } = quantiseModel(files, await readGraph(files, options), options);
  // The hash in graph.json was taken by the reader; here it is of the file's bytes as they are.
  const onnxSha256 = createHash("sha256").update(files.onnx).digest("hex");
  const model = emitModel({ ...graph, source: { ...graph.source, onnxSha256 } });
  requireDomain(model, maxPower);
  return model;
}

/** What lock.json and the generated files of a rebuilt model should say. */
export async function describeRebuilt(model: SetUpModel): Promise<RebuiltModel> {
  const keys = await keyTexts(model);
  return {
    model,
    lock: Lock.parse(JSON.parse(keys["lock.json"])),
    texts: new Map([
      ...circuitTexts(model),
      ["vkey.json", keys["vkey.json"]],
      [`${verifierName(model)}.sol`, verifierText(model)],
    ]),
  };
}

const circuitTexts = ({ graphJson, emitted }: CompiledModel): [string, string][] => [
  ["graph.json", graphJson],
  [`${emitted.template}.circom`, emitted.source],
];
