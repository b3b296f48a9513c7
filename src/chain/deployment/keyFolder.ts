import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { InputError, inFile, onFile } from "../../errors.ts";
import { parseVerifyingKey } from "../../groth16/verifyingKey.ts";
import { readJson } from "../../jsonFile.ts";
import type { CompiledModel } from "../../model/compileModel.ts";
import { readLock } from "../../model/lock.ts";
import { withKey, type KeyedModel } from "../../model/setupModel.ts";
import { checkKey, type KeyCheckOptions, type KeyReport } from "../../setup/phase2/checkKey.ts";
import { readTerms } from "../../setup/phase2/terms.ts";

/** A model with a key that was made elsewhere and has been checked again here. */
export interface TrustedKey {
  readonly model: KeyedModel;
  readonly zkeyPath: string;
  readonly setup: KeyReport["kind"];
}

/** What tells whether a key may be used; `checkKey` itself but for tests of this function. */
type Checker = (options: KeyCheckOptions) => Promise<KeyReport>;

/**
 * Takes a model's key from a folder (lock.json, vkey.json, circuit.zkey, and a ceremony's ceremony.json) and checks it as if
 * nobody had: the files against the lock, the lock against the model, the key against r1cs and powers of tau. Throws InputError
 * naming the first thing that is wrong.
 */
export async function readKeyFolder(
  folder: string,
  model: CompiledModel,
  { ptauPath, acceptsUnpinned, check = checkKey }: { ptauPath: string; acceptsUnpinned: boolean; check?: Checker },
): Promise<TrustedKey> {
  const lockPath = join(folder, "lock.json");
  const lock = await readLock(lockPath);
  if (lock.setup === "dealer") throw new InputError(`${lockPath}: setup: is dealer, want a key made in phase 2`);
  for (const [name, wanted] of [
    ["modelHash", model.modelHash],
    ["circuitHash", model.circuitHash],
  ] as const) {
    if (lock[name] !== wanted)
      throw new InputError(`${lockPath}: ${name}: got ${lock[name]}, the model's is ${wanted}`);
  }
  const zkeyPath = join(folder, "circuit.zkey");
  const vkeyPath = join(folder, "vkey.json");
  await requireLocked(zkeyPath, lock.sha256["circuit.zkey"], lockPath);
  await requireLocked(vkeyPath, lock.sha256["vkey.json"], lockPath);
  const vkeyJson = await readJson(vkeyPath);
  const keyed = inFile(vkeyPath, () => withKey(model, parseVerifyingKey(vkeyJson)));
  const termsPath = join(folder, "ceremony.json");
  const report = await check({
    r1csPath: model.circuit.r1csPath,
    zkeyPath,
    ptauPath,
    wordCount: keyed.wordCount,
    terms: lock.setup === "ceremony" || existsSync(termsPath) ? await readTerms(termsPath) : undefined,
  });
  requireAccepted(zkeyPath, report, keyed, acceptsUnpinned);
  if (report.kind !== lock.setup)
    throw new InputError(`${lockPath}: setup: got ${lock.setup}, the key is ${report.kind}`);
  return { model: keyed, zkeyPath, setup: report.kind };
}

async function requireLocked(path: string, wanted: string, lockPath: string): Promise<void> {
  const bytes = await onFile(path, "read", () => readFile(path));
  const got = createHash("sha256").update(bytes).digest("hex");
  if (got !== wanted) throw new InputError(`${path}: has SHA-256 ${got}, ${lockPath} wants ${wanted}`);
}

function requireAccepted(path: string, report: KeyReport, { keyId }: KeyedModel, acceptsUnpinned: boolean): void {
  const failed = report.checks.find(({ ok }) => !ok);
  if (failed !== undefined || !report.ok) {
    throw new InputError(`${path}: ${failed?.name ?? "the check"}: ${failed?.detail ?? "refused"}`);
  }
  if (report.keyId !== keyId) throw new InputError(`${path}: its key is ${report.keyId}, vkey.json's is ${keyId}`);
  if (report.ptau.pinned === null && !acceptsUnpinned) {
    throw new InputError(
      `${path}: made from a powers-of-tau file that nobody vouches for (SHA-256 ${report.ptau.sha256}); --accept-unpinned takes it`,
    );
  }
}
