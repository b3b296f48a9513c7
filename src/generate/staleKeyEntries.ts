import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { flattenJson } from "../audit/flattenJson.ts";
import { elementWidths, layOut } from "../codec/codec.ts";
import { keyIdOf } from "../codec/statement.ts";
import { onFile } from "../errors.ts";
import { parseVerifyingKey, toContractKey } from "../groth16/verifyingKey.ts";
import type { EmittedModel } from "../model/compileModel.ts";
import { readLock } from "../model/lock.ts";
import { projectPath } from "../paths.ts";

/**
 * The entries of a shipped model's lock.json that are wrong, of those that can be told without compiling the circuit: what
 * it says of the program and of the vkey.json beside it. Throws InputError where one of the files is damaged.
 */
export async function staleKeyEntries({ graph, modelHash, emitted }: EmittedModel): Promise<string[]> {
  const folder = `circuits/generated/${graph.name}/dealer`;
  const entries = flattenJson(await readLock(projectPath(`${folder}/lock.json`)));
  const vkeyPath = projectPath(`${folder}/vkey.json`);
  const vkeyText = await onFile(vkeyPath, "read", () => readFile(vkeyPath, "utf8"));
  const { wordCount } = layOut(elementWidths(graph.outputs));
  const wanted = {
    model: graph.name,
    modelHash,
    wordCount: String(wordCount),
    keyId: keyIdOf(toContractKey(parseVerifyingKey(JSON.parse(vkeyText))), wordCount),
    "sha256.model.onnx": graph.source.onnxSha256,
    [`sha256.${emitted.template}.circom`]: sha256(emitted.source),
    "sha256.vkey.json": sha256(vkeyText),
  };
  const stale = Object.entries(wanted).filter(([entry, value]) => entries.get(entry) !== value);
  return stale.map(([entry]) => `${folder}/lock.json (${entry})`);
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
