import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { elementWidths, layOut } from "../codec/codec.ts";
import { onFile } from "../errors.ts";
import { emitModel, requireDomain, type CompiledModel, type EmittedModel } from "../model/compileModel.ts";
import { type ImportOptions, quantiseModel, readGraph } from "../model/importModel.ts";
import type { Lock } from "../model/lock.ts";
import type { ModelFiles } from "../model/modelFiles.ts";
import { type KeyedModel, setupModel, withKey } from "../model/setupModel.ts";
import { checkedKeyTexts, keyTexts, verifierName, verifierText } from "../model/writeArtefacts.ts";
import { checkKey, type KeyCheck } from "../setup/phase2/checkKey.ts";
import { readTerms } from "../setup/phase2/terms.ts";
import type { Texts } from "./compareFiles.ts";

/** A model made again from its ONNX file, with everything that its key folder should say. */
export interface RebuiltModel {
  readonly model: KeyedModel;
  readonly zkeyPath: string;
  readonly lock: Lock;
  /** graph.json, the circuit, vkey.json and the Solidity verifier by file name. */
  readonly texts: Texts;
  /** What was checked of a key that cannot be made again. */
  readonly keyChecks: readonly KeyCheck[];
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

/** Makes the dealer's key again from its public seed. */
export async function rebuildDealerKey(compiled: CompiledModel, cacheRoot: string): Promise<RebuiltModel> {
  const model = await setupModel(compiled, cacheRoot);
  return describe(model, model.zkeyPath, await keyTexts(model), []);
}

/**
 * Checks the key of phase 2 in a folder, which nobody can make again, against the rebuilt circuit and its powers of tau.
 * Powers that nobody published are taken, and named as untrusted in what the audit leaves on trust.
 */
export async function checkFolderKey(compiled: CompiledModel, folder: string, ptauPath: string): Promise<RebuiltModel> {
  const { wordCount } = layOut(elementWidths(compiled.graph.outputs));
  const zkeyPath = join(folder, `${compiled.emitted.template}.zkey`);
  const announced = join(folder, "ceremony.json");
  const termsPath = existsSync(announced) ? announced : undefined;
  const terms = termsPath === undefined ? undefined : await readTerms(termsPath);
  const { r1csPath } = compiled.circuit;
  const report = await onFile(zkeyPath, "read", () => checkKey({ r1csPath, zkeyPath, ptauPath, wordCount, terms }));
  const model = withKey(compiled, report.vkey);
  const texts = await checkedKeyTexts(model, { zkeyPath, report, termsPath });
  return describe(model, zkeyPath, texts, report.checks);
}

const describe = (
  model: KeyedModel,
  zkeyPath: string,
  keyTexts: Readonly<Record<string, string>>,
  keyChecks: readonly KeyCheck[],
): RebuiltModel => ({
  model,
  zkeyPath,
  // Of a key that is refused it may be none that would be accepted.
  lock: JSON.parse(keyTexts["lock.json"]) as Lock,
  texts: new Map([
    ["graph.json", model.graphJson],
    [`${model.emitted.template}.circom`, model.emitted.source],
    ["vkey.json", keyTexts["vkey.json"]],
    [`${verifierName(model)}.sol`, verifierText(model)],
  ]),
  keyChecks,
});
