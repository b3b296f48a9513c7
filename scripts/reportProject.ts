import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { buildContracts } from "../src/chain/buildContracts.ts";
import { connectChain } from "../src/chain/localChain.ts";
import { onFile } from "../src/errors.ts";
import { gasReport, type GasReport } from "../src/gas/gasReport.ts";
import { measureGas } from "../src/gas/measureGas.ts";
import { parseJsonFile } from "../src/jsonFile.ts";
import { projectPath } from "../src/paths.ts";
import { AuditTables } from "../src/report/auditTable.ts";
import { jobLife, jobStates } from "../src/report/jobLife.ts";
import { type ModelFigures, modelFigures } from "../src/report/modelFigures.ts";
import { type ReportFigures, reportPage } from "../src/report/reportPage.ts";
import { buildKey } from "./terminal/buildModel.ts";
import { callerPath } from "./terminal/callerPath.ts";
import { gitCommit } from "./terminal/gitCommit.ts";
import { SHIPPED } from "./terminal/modelOptions.ts";
import { step } from "./terminal/progress.ts";

export interface ProjectOptions {
  readonly out?: string;
  /** A file that `audit --json` wrote; false for none; otherwise all shipped models are audited now. */
  readonly audit?: string | false;
}

/** Measures the shipped models and the gas, audits, and writes all of it as one page. Exit code 1 where the audit fails. */
export async function reportProject({ out, audit }: ProjectOptions): Promise<void> {
  const target = out === undefined ? projectPath("build/report.html") : callerPath(out);
  // Told before minutes of measuring.
  const given = typeof audit === "string" ? await parseJsonFile(callerPath(audit), AuditTables) : null;
  const models = await measureModels();
  const gas = await measureAllGas();
  const audited = audit === undefined ? await auditAll() : given;
  const day = new Date().toISOString().slice(0, 10);
  const page = reportPage({ commit: gitCommit(), day, models, gas, audit: audited, lives: await jobLives() });
  await onFile(target, "written", async () => {
    await mkdir(dirname(target), { recursive: true });
    await writeFileAtomic(target, page);
  });
  console.log(`  Report: ${target}`);
  if (audited !== null && (typeof audited === "string" || !audited.ok)) process.exitCode = 1;
}

async function measureModels(): Promise<ModelFigures[]> {
  const figures: ModelFigures[] = [];
  for (const name of (await readdir(projectPath("circuits/models"))).sort()) {
    const { files, model } = await buildKey(name, SHIPPED);
    figures.push(await step(`Measuring ${name}`, () => modelFigures(files, model)));
  }
  return figures;
}

async function measureAllGas(): Promise<GasReport> {
  await step("Compiling the contracts", buildContracts);
  const { connection } = await connectChain();
  return gasReport(await step("Measuring gas", () => measureGas(connection)));
}

/** Runs the audit as a user would: it rebuilds everything in a process of its own. */
async function auditAll(): Promise<AuditTables | string> {
  const folder = await mkdtemp(join(tmpdir(), "tollgate-report-"));
  try {
    const file = join(folder, "audit.json");
    const args = [projectPath("scripts/tollgate.ts"), "audit", "--all", "--json", file];
    const [code] = await once(spawn(process.execPath, args, { stdio: "inherit" }), "exit");
    return existsSync(file) ? await parseJsonFile(file, AuditTables) : `exit code ${code}`;
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function jobLives(): Promise<ReportFigures["lives"]> {
  const states = jobStates(await readFile(projectPath("contracts/types/Job.sol"), "utf8"));
  const adr = await readFile(projectPath("docs/adr/0001-statement-job-and-storage.md"), "utf8");
  return [
    { title: "Without a bond", life: jobLife(states, adr, false) },
    { title: "With a bond", life: jobLife(states, adr, true) },
  ];
}
