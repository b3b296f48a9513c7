import { existsSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../errors.ts";
import { type Lock, readLock } from "../model/lock.ts";
import { projectPath } from "../paths.ts";

/** What a model's key folder claims. */
export interface Claims {
  readonly folder: string;
  readonly lock: Lock;
  /** Powers of tau that a key of phase 2 was made from; none for a dealer's. */
  readonly ptauPath: string | undefined;
}

/** Reads the lock of a key folder, by default the development key's of a shipped model. Throws InputError. */
export async function readClaims(
  name: string,
  { folder, ptauPath }: { folder: string | undefined; ptauPath: string | undefined },
): Promise<Claims> {
  const keyFolder = folder ?? projectPath(`circuits/generated/${name}/dealer`);
  const path = join(keyFolder, "lock.json");
  if (!existsSync(path)) {
    const wanted = folder === undefined ? "give the key's folder with --key" : "want a folder that setup wrote";
    throw new InputError(`${name}: there is no ${path}; ${wanted}`);
  }
  const lock = await readLock(path);
  if (lock.model !== name) throw new InputError(`${path}: model: the lock is of ${lock.model}, want ${name}`);
  const isDealers = lock.setup === "dealer";
  if (isDealers && ptauPath !== undefined) throw new InputError(`${path}: setup: is dealer, which has no --ptau`);
  if (!isDealers && ptauPath === undefined) {
    throw new InputError(`${path}: setup: is ${lock.setup}; give the powers of tau of its key with --ptau`);
  }
  return { folder: keyFolder, lock, ptauPath };
}
