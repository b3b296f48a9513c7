import { readdir } from "node:fs/promises";
import { Command } from "commander";
import { auditModel } from "../src/audit/auditModel.ts";
import type { ModelAudit } from "../src/audit/auditReport.ts";
import { openChains } from "../src/audit/openChain.ts";
import { readClaims } from "../src/audit/readClaims.ts";
import { toolVersions, trustedBy } from "../src/audit/trusted.ts";
import { conclude } from "../src/audit/verdict.ts";
import { InputError, onFile } from "../src/errors.ts";
import { writeJson } from "../src/jsonFile.ts";
import { readModelFiles } from "../src/model/modelFiles.ts";
import { projectPath } from "../src/paths.ts";
import { describeAudit, describeTrust } from "./terminal/auditTable.ts";
import { callerPath } from "./terminal/callerPath.ts";
import { importOptionsOf, MODEL_ARGUMENT, modelPath, withModelOptions } from "./terminal/modelOptions.ts";
import type { ModelOptions } from "./terminal/modelOptions.ts";
import { step } from "./terminal/progress.ts";

interface Options extends ModelOptions {
  readonly all?: boolean;
  readonly key?: string;
  readonly ptau?: string;
  readonly network?: string;
  readonly json?: string;
}

export const auditCommand = (): Command =>
  withModelOptions(
    new Command("audit")
      .description(
        "rebuild models from their files and compare with locks, generated files, a deployment and its chain",
      )
      .argument("[models...]", MODEL_ARGUMENT)
      .option("--all", "every shipped model")
      .option("--key <folder>", "key folder of the one model named (default: a shipped model's development key)")
      .option("--ptau <file>", "powers of tau that a key of phase 2 was made from")
      .option("--network <name>", "compare the deployment there, too")
      .option("--json <file>", "write the report here"),
  ).action(audit);

async function audit(names: string[], options: Options): Promise<void> {
  const models = [];
  for (const name of await namesOf(names, options)) {
    const path = modelPath(name);
    const files = await onFile(path, "read", () => readModelFiles(path));
    models.push({
      files,
      claims: await readClaims(files.name, { folder: given(options.key), ptauPath: given(options.ptau) }),
    });
  }
  const settings = { import: importOptionsOf(options), maxPower: options.maxPower, step };
  const audited = models.map(({ files }) => files.name);
  const chains = await openChains(options.network, audited, step);
  const audits: ModelAudit[] = [];
  for (const { files, claims } of models) {
    audits.push(await auditModel(files, claims, { ...settings, ...chains }));
    console.log(describeAudit(audits[audits.length - 1]));
  }
  const locks = models.map(({ claims }) => claims.lock);
  const trust = { tools: toolVersions(), trusted: trustedBy(locks, options.network) };
  console.log(describeTrust(trust));
  const { kind, message } = conclude(audits);
  if (kind === "edited") throw new InputError(message);
  console.log(`\n${kind === "sound" ? "Every link holds." : message}`);
  if (kind === "broken") process.exitCode = 1;
  if (options.json === undefined) return;
  await writeJson(callerPath(options.json), { models: audits, ok: kind === "sound", ...trust });
}

const given = (path: string | undefined): string | undefined => (path === undefined ? undefined : callerPath(path));

async function namesOf(names: string[], { all, key }: Options): Promise<string[]> {
  const shipped = (await readdir(projectPath("circuits/models"))).sort();
  if (all === undefined && names.length === 0)
    throw new InputError(`models: want --all or some of ${shipped.join(", ")}`);
  if (all !== undefined && names.length > 0)
    throw new InputError("--all: means every shipped model; give no names with it");
  if (key !== undefined && names.length !== 1) throw new InputError("--key: is of one model; give one name with it");
  return all === undefined ? names : shipped;
}
