import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { InputError, inFile, onFile } from "../../errors.ts";
import { parseVerifyingKey } from "../../groth16/verifyingKey.ts";
import { readJson } from "../../jsonFile.ts";
import type { CompiledModel } from "../../model/compileModel.ts";
import { readLock } from "../../model/lock.ts";
import { withKey, type KeyedModel } from "../../model/setupModel.ts";
import { checkKey, type KeyReport } from "../../setup/phase2/checkKey.ts";
import { readTerms } from "../../setup/phase2/terms.ts";

/** A model with a key that was made elsewhere and has been checked again here. */
export interface TrustedKey {
  readonly model: KeyedModel;
  readonly zkeyPath: string;
  readonly setup: KeyReport["kind"];
}

/**
 * Takes a model's key from the folder that `setup` wrote (lock.json, vkey.json, the proving key, and a ceremony's ceremony.json)
 * and checks it as if nobody had: the files against the lock, the lock against the model, the key against r1cs and powers of
 * tau. Throws InputError naming the first thing that is wrong.
 */
export async function readKeyFolder(
  folder: string,
  model: CompiledModel,
  { ptauPath, requirePinned }: { readonly ptauPath: string; readonly requirePinned: boolean },
): Promise<TrustedKey> {
  const lockPath = join(folder, "lock.json");
  const lock = await readLock(lockPath);
  if (lock.setup === "dealer") throw new InputError(`${lockPath}: setup: is dealer, want a key made in phase 2`);
  requireSame(lockPath, "modelHash", lock.modelHash, model.modelHash);
  requireSame(lockPath, "circuitHash", lock.circuitHash, model.circuitHash);
  const path = (name: string) => join(folder, name);
  const zkeyPath = path(`${model.emitted.template}.zkey`);
  await requireLocked(zkeyPath, lock.sha256["circuit.zkey"], lockPath);
  await requireLocked(path("vkey.json"), lock.sha256["vkey.json"], lockPath);
  const ofCeremony = lock.setup === "ceremony";
  if (ofCeremony) await requireLocked(path("ceremony.json"), lock.sha256["ceremony.json"], lockPath);
  const vkeyJson = await readJson(path("vkey.json"));
  const keyed = inFile(path("vkey.json"), () => withKey(model, parseVerifyingKey(vkeyJson)));
  const { checks, keyId, kind } = await checkKey({
    r1csPath: model.circuit.r1csPath,
    zkeyPath,
    ptauPath,
    wordCount: keyed.wordCount,
    terms: ofCeremony ? await readTerms(path("ceremony.json")) : undefined,
    requirePinned,
  });
  const failed = checks.find(({ ok }) => !ok);
  if (failed !== undefined) throw new InputError(`${zkeyPath}: ${failed.name}: ${failed.detail}`);
  requireSame(path("vkey.json"), "key id", keyed.keyId, keyId);
  return { model: keyed, zkeyPath, setup: kind };
}

function requireSame(path: string, name: string, got: string, wanted: string): void {
  if (got !== wanted) throw new InputError(`${path}: ${name}: got ${got}, want ${wanted}`);
}

async function requireLocked(path: string, wanted: string | undefined, lockPath: string): Promise<void> {
  const bytes = await onFile(path, "read", () => readFile(path));
  const got = createHash("sha256").update(bytes).digest("hex");
  if (got !== wanted)
    throw new InputError(`${path}: has SHA-256 ${got}, ${lockPath} wants ${wanted ?? "no such file"}`);
}
