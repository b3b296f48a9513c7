import { readdir } from "node:fs/promises";
import { type Claims, readClaims } from "../../src/audit/readClaims.ts";
import { InputError, onFile } from "../../src/errors.ts";
import { type ModelFiles, readModelFiles } from "../../src/model/modelFiles.ts";
import { projectPath } from "../../src/paths.ts";
import { callerPath } from "./callerPath.ts";
import { modelPath } from "./modelOptions.ts";

/** What an audit is asked to look at. */
export interface TargetOptions {
  readonly all?: boolean;
  readonly key?: string;
  readonly ptau?: string;
}

/** A model's files and what its key folder claims. */
export interface AuditTarget {
  readonly files: ModelFiles;
  readonly claims: Claims;
}

/** Reads the models named, or every shipped one. Throws InputError on what is missing, damaged or does not go together. */
export async function readTargets(names: readonly string[], options: TargetOptions): Promise<AuditTarget[]> {
  const claimed = { folder: given(options.key), ptauPath: given(options.ptau) };
  const targets: AuditTarget[] = [];
  for (const name of await namesOf(names, options)) {
    const path = modelPath(name);
    const files = await onFile(path, "read", () => readModelFiles(path));
    targets.push({ files, claims: await readClaims(files.name, claimed) });
  }
  return targets;
}

const given = (path: string | undefined): string | undefined => (path === undefined ? undefined : callerPath(path));

async function namesOf(names: readonly string[], { all = false, key }: TargetOptions): Promise<readonly string[]> {
  const shipped = (await readdir(projectPath("circuits/models"))).sort();
  if (!all && names.length === 0) throw new InputError(`models: want --all or some of ${shipped.join(", ")}`);
  if (all && names.length > 0) throw new InputError("--all: means every shipped model; give no names with it");
  if (key !== undefined && names.length !== 1) throw new InputError("--key: is of one model; give one name with it");
  return all ? shipped : names;
}
