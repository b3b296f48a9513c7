import { Command } from "commander";
import { auditModel } from "../src/audit/auditModel.ts";
import type { ModelAudit } from "../src/audit/auditReport.ts";
import { openChains } from "../src/audit/openChain.ts";
import { toolVersions, trustedBy } from "../src/audit/trusted.ts";
import { conclude } from "../src/audit/verdict.ts";
import { InputError } from "../src/errors.ts";
import { writeJson } from "../src/jsonFile.ts";
import { describeAudit, describeTrust } from "./terminal/auditTable.ts";
import { readTargets, type TargetOptions } from "./terminal/auditTargets.ts";
import { callerPath } from "./terminal/callerPath.ts";
import {
  calibrationRows,
  importOptionsOf,
  MODEL_ARGUMENT,
  withModelOptions,
  type ModelOptions,
} from "./terminal/modelOptions.ts";
import { step } from "./terminal/progress.ts";

interface Options extends ModelOptions, TargetOptions {
  readonly network?: string;
  readonly json?: string;
}

export const auditCommand = (): Command =>
  withModelOptions(
    new Command("audit")
      .description("rebuild models from their files and compare with locks, generated files and a deployment")
      .argument("[models...]", MODEL_ARGUMENT)
      .option("--all", "every shipped model")
      .option("--key <folder>", "key folder of the one model named (default: a shipped model's development key)")
      .option("--ptau <file>", "powers of tau that a key of phase 2 was made from")
      .option("--network <name>", "compare the deployment there, too")
      .option("--json <file>", "write the report here"),
  ).action(audit);

async function audit(names: string[], options: Options): Promise<void> {
  const { network, json, maxPower } = options;
  const targets = await readTargets(names, options);
  const audited = targets.map(({ files }) => files.name);
  const imported = importOptionsOf(options, await calibrationRows(options));
  const settings = { import: imported, maxPower, step, ...(await openChains(network, audited, step)) };
  const audits: ModelAudit[] = [];
  for (const { files, claims } of targets) {
    audits.push(await auditModel(files, claims, settings));
    console.log(describeAudit(audits[audits.length - 1]));
  }
  const locks = targets.map(({ claims }) => claims.lock);
  const trust = { tools: await toolVersions(), trusted: trustedBy(locks, network) };
  console.log(describeTrust(trust));
  const { kind, message } = conclude(audits);
  if (kind === "edited") throw new InputError(message);
  console.log(`\n${kind === "sound" ? "Every link holds." : message}`);
  if (kind === "broken") process.exitCode = 1;
  if (json === undefined) return;
  await writeJson(callerPath(json), { models: audits, ok: kind === "sound", ...trust });
}
