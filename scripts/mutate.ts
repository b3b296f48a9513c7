import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { writeJson } from "../src/jsonFile.ts";
import { openCircuitLibrary } from "../src/mutation/circuitLibrary.ts";
import { WANTED_SHARE, renderReport, scoreOf, summaryLine } from "../src/mutation/mutationReport.ts";
import { type JudgedMutant, runMutants, sampleOf } from "../src/mutation/runMutants.ts";
import { projectPath } from "../src/paths.ts";
import { mutateContractsCommand } from "./mutateContracts.ts";
import { callerPath } from "./terminal/callerPath.ts";
import { parsePositive } from "./terminal/modelOptions.ts";

const REPORT = "docs/mutation.md";
/** Files of which a sample is tried, always the same: their circuits take seconds each to compile. */
const SAMPLED = new Map([["MessageHash.circom", 60]]);

export const mutateCommand = (): Command =>
  new Command("mutate")
    .description("change the project's code in small ways, to see whether that is noticed")
    .addCommand(mutateCircuitsCommand())
    .addCommand(mutateContractsCommand());

const mutateCircuitsCommand = (): Command =>
  new Command("circuits")
    .description(`change the circuit library in thousands of small ways, forge witnesses, and write ${REPORT}`)
    .option("--sample <count>", "only so many mutants of each file, always the same; writes no report", parsePositive)
    .option("--json <file>", "write the figures here")
    .action(mutateCircuits);

/** Verdicts are kept in build/mutation.jsonl: a run that was broken off goes on where it stopped. */
async function mutateCircuits({ sample, json }: { sample?: number; json?: string }): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "tollgate-mutation-"));
  try {
    const judged = await runMutants({
      library: await openCircuitLibrary(folder),
      choose: (mutants) => sampleOf(mutants, sample ?? SAMPLED.get(mutants[0]?.file) ?? mutants.length, "mutate"),
      cachePath: projectPath("build/mutation.jsonl"),
      onFile: (file, done) => console.log(`  ${summaryLine(file, done)}`),
    });
    if (sample === undefined) await writeFile(projectPath(REPORT), renderReport(judged));
    if (json !== undefined) await writeJson(callerPath(json), figuresOf(judged));
    report(judged);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function figuresOf(judged: readonly JudgedMutant[]) {
  const { counted, killed, unsound, unexplained } = scoreOf(judged);
  return { mutants: judged.length, counted, killed, unsound: unsound.length, unexplained: unexplained.length };
}

function report(judged: readonly JudgedMutant[]): void {
  const { counted, killed, unsound, survivors, unexplained } = scoreOf(judged);
  console.log(`  ${summaryLine("All files", judged)}`);
  for (const { file, line, after } of survivors) console.log(`  survived: ${file}:${line}: ${after}`);
  for (const { instance, inputs = [], outputs = [] } of unsound)
    console.log(`  UNSOUND: ${instance} accepts ${outputs.join()} for ${inputs.join()}`);
  if (unsound.length > 0) throw new Error("the circuit library accepts a forged witness");
  if (killed < WANTED_SHARE * counted) throw new Error(`too many mutants survive, want at most ${1 - WANTED_SHARE}`);
  if (unexplained.length > 0) throw new Error("say of every survivor in src/mutation/survivors.ts why it is harmless");
}
