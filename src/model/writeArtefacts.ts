import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { copyFile, mkdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { renderSolidityVerifier } from "../setup/solidityVerifier.ts";
import { setupKindOf } from "../setup/setupKindOf.ts";
import type { CompiledModel, EmittedModel } from "./compileModel.ts";
import type { SetUpModel } from "./setupModel.ts";

const require = createRequire(import.meta.url);

/** Name of a model's stand-alone Solidity verifier. */
export const verifierName = ({ emitted }: EmittedModel): string => `${emitted.template}Verifier`;

/** Writes graph.json, the circuit and what circom made of it into a folder, each file whole or not at all. */
export async function writeCircuit(folder: string, model: CompiledModel): Promise<string[]> {
  const { template, source } = model.emitted;
  const { r1csPath, wasmPath, symPath } = model.circuit;
  await mkdir(folder, { recursive: true });
  await writeFileAtomic(join(folder, "graph.json"), model.graphJson);
  await writeFileAtomic(join(folder, `${template}.circom`), source);
  const copies = { [`${template}.r1cs`]: r1csPath, [`${template}.wasm`]: wasmPath, [`${template}.sym`]: symPath };
  for (const [name, path] of Object.entries(copies)) await copyWhole(path, join(folder, name));
  return ["graph.json", `${template}.circom`, ...Object.keys(copies)];
}

/** Writes the proving key, vkey.json, lock.json and the stand-alone verifier into a folder. */
export async function writeKey(folder: string, model: SetUpModel): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const texts = { ...(await keyTexts(model)), [`${verifierName(model)}.sol`]: verifierText(model) };
  for (const [name, text] of Object.entries(texts)) await writeFileAtomic(join(folder, name), text);
  const zkey = `${model.emitted.template}.zkey`;
  await copyWhole(model.zkeyPath, join(folder, zkey));
  return [...Object.keys(texts), zkey];
}

/** The small committed files of a key: vkey.json as snarkjs reads it, and lock.json. */
export const keyTexts = async (model: SetUpModel): Promise<Record<string, string>> => ({
  "vkey.json": await readFile(model.vkeyPath, "utf8"),
  "lock.json": `${JSON.stringify(await lockOf(model), null, 2)}\n`,
});

export const verifierText = (model: SetUpModel): string => renderSolidityVerifier(verifierName(model), model.vkey);

/** Every hash between the ONNX file and the key. `sha256` is of files, the others are what the contracts use. */
async function lockOf(model: SetUpModel): Promise<object> {
  const sha256 = async (path: string) =>
    createHash("sha256")
      .update(await readFile(path))
      .digest("hex");
  return {
    model: model.graph.name,
    setup: setupKindOf(model.vkey),
    keyId: model.keyId,
    wordCount: model.wordCount,
    modelHash: model.modelHash,
    circuitHash: model.circuitHash,
    sha256: {
      "model.onnx": model.graph.source.onnxSha256,
      [`${model.emitted.template}.circom`]: createHash("sha256").update(model.emitted.source).digest("hex"),
      "circuit.r1cs": await sha256(model.circuit.r1csPath),
      "circuit.wasm": await sha256(model.circuit.wasmPath),
      "circuit.zkey": await sha256(model.zkeyPath),
      "vkey.json": await sha256(model.vkeyPath),
      [`${verifierName(model)}.sol`]: createHash("sha256").update(verifierText(model)).digest("hex"),
    },
    circom2: require("circom2/package.json").version as string,
  };
}

async function copyWhole(from: string, to: string): Promise<void> {
  const temporary = `${to}.${process.pid}`;
  await copyFile(from, temporary);
  await rename(temporary, to);
}
