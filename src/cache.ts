import { createHash, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";

/** The artefacts of one step and whether they had been there already. */
export interface CacheEntry {
  readonly dir: string;
  readonly cached: boolean;
}

/**
 * Runs `produce` in a temporary folder unless the result of the same `parts` exists, then renames the folder into
 * place: a reader never sees half an entry, and of parallel writers the first wins. `parts` must name everything the
 * result depends on: inputs, flags, tool versions.
 */
export async function cached(
  root: string,
  parts: readonly (string | Uint8Array)[],
  produce: (dir: string) => Promise<void>,
): Promise<CacheEntry> {
  const dir = join(root, hashParts(parts));
  if (existsSync(dir)) return { dir, cached: true };
  const temporary = `${dir}.${process.pid}.${randomBytes(4).toString("hex")}`;
  await mkdir(temporary, { recursive: true });
  try {
    await produce(temporary);
    await rename(temporary, dir);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    if (!existsSync(dir)) throw error;
  }
  return { dir, cached: false };
}

/** SHA-256 over the parts, each preceded by its length so that no two lists collide. */
function hashParts(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) {
    const bytes = typeof part === "string" ? Buffer.from(part) : part;
    hash.update(`${bytes.length}:`).update(bytes);
  }
  return hash.digest("hex");
}
