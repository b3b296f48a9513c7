import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { copyFile, mkdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { verifyingKeyText } from "../groth16/verifyingKey.ts";
import type { KeyReport } from "../setup/phase2/checkKey.ts";
import { renderSolidityVerifier } from "../setup/solidityVerifier.ts";
import type { CompiledModel, EmittedModel } from "./compileModel.ts";
import type { Lock, SetupFacts } from "./lock.ts";
import type { KeyedModel, SetUpModel } from "./setupModel.ts";

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

/** Writes the dealer's proving key, vkey.json, lock.json and the stand-alone verifier into a folder. */
export async function writeKey(folder: string, model: SetUpModel): Promise<string[]> {
  return writeKeyFiles(folder, model, model.zkeyPath, await keyTexts(model));
}

/** A key of phase 2 that was checked: its report is ok. */
export interface CheckedKey {
  readonly zkeyPath: string;
  readonly report: KeyReport;
  /** What its ceremony announced, for a ceremony's. */
  readonly termsPath?: string;
}

/** As `writeKey` for a key that the dealer did not make; what was announced goes with it as ceremony.json. */
export const writeCheckedKey = async (folder: string, model: KeyedModel, key: CheckedKey): Promise<string[]> =>
  writeKeyFiles(folder, model, key.zkeyPath, await checkedKeyTexts(model, key));

/** As `keyTexts` for a key that was checked, with a ceremony's terms. */
export async function checkedKeyTexts(model: KeyedModel, key: CheckedKey): Promise<Record<string, string>> {
  const { zkeyPath, report, termsPath } = key;
  const { kind: setup, ptau, contributions, beacon } = report;
  const vkeyText = verifyingKeyText(model.vkey);
  const terms: Record<string, string> =
    termsPath === undefined ? {} : { "ceremony.json": await readFile(termsPath, "utf8") };
  const hashes = Object.fromEntries(Object.entries(terms).map(([name, text]) => [name, sha256(text)]));
  const lock = await lockOf(model, { setup, ptau, contributions, beacon }, zkeyPath, vkeyText, hashes);
  return { "vkey.json": vkeyText, "lock.json": lockText(lock), ...terms };
}

async function writeKeyFiles(
  folder: string,
  model: KeyedModel,
  zkeyPath: string,
  smallFiles: Record<string, string>,
): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const texts = { ...smallFiles, [`${verifierName(model)}.sol`]: verifierText(model) };
  for (const [name, text] of Object.entries(texts)) await writeFileAtomic(join(folder, name), text);
  const zkey = `${model.emitted.template}.zkey`;
  await copyWhole(zkeyPath, join(folder, zkey));
  return [...Object.keys(texts), zkey];
}

/** The small committed files of a dealer's key: vkey.json as snarkjs reads it, and lock.json. */
export async function keyTexts(model: SetUpModel): Promise<Record<string, string>> {
  const vkeyText = await readFile(model.vkeyPath, "utf8");
  const lock = await lockOf(model, { setup: "dealer" }, model.zkeyPath, vkeyText, {});
  return { "vkey.json": vkeyText, "lock.json": lockText(lock) };
}

export const verifierText = (model: KeyedModel): string => renderSolidityVerifier(verifierName(model), model.vkey);

const lockText = (lock: Lock): string => `${JSON.stringify(lock, null, 2)}\n`;

async function lockOf(
  model: KeyedModel,
  { setup, ...facts }: SetupFacts,
  zkeyPath: string,
  vkeyText: string,
  more: Record<string, string>,
): Promise<Lock> {
  const common = {
    keyId: model.keyId,
    wordCount: model.wordCount,
    modelHash: model.modelHash,
    circuitHash: model.circuitHash,
    sha256: {
      "model.onnx": model.graph.source.onnxSha256,
      [`${model.emitted.template}.circom`]: sha256(model.emitted.source),
      "circuit.r1cs": sha256(await readFile(model.circuit.r1csPath)),
      "circuit.wasm": sha256(await readFile(model.circuit.wasmPath)),
      "circuit.zkey": sha256(await readFile(zkeyPath)),
      "vkey.json": sha256(vkeyText),
      [`${verifierName(model)}.sol`]: sha256(verifierText(model)),
      ...more,
    },
    circom2: require("circom2/package.json").version as string,
  };
  return { model: model.graph.name, setup, ...common, ...facts } as Lock;
}

const sha256 = (content: string | Uint8Array): string => createHash("sha256").update(content).digest("hex");

async function copyWhole(from: string, to: string): Promise<void> {
  const temporary = `${to}.${process.pid}`;
  await copyFile(from, temporary);
  await rename(temporary, to);
}
