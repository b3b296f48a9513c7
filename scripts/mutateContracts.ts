import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { readSources } from "../src/contractMutation/compiler.ts";
import { contractMutants, isMutated } from "../src/contractMutation/contractMutants.ts";
import {
  contractLine,
  isEnough,
  renderContractReport,
  scoreContracts,
} from "../src/contractMutation/contractReport.ts";
import { type JudgedContract, judgeContracts } from "../src/contractMutation/judgeContracts.ts";
import type { ContractMutant } from "../src/contractMutation/mutant.ts";
import { writeJson } from "../src/jsonFile.ts";
import { VerdictMemory, sampleOf } from "../src/contractMutation/verdictMemory.ts";
import { projectPath } from "../src/paths.ts";
import { callerPath } from "./terminal/callerPath.ts";

const REPORT = "docs/mutation-contracts.md";
const VERDICTS = "build/mutation-contracts.jsonl";

interface Options {
  readonly files?: string[];
  readonly sample?: number;
  readonly jobs: number;
  readonly fuzz: boolean;
  readonly json?: string;
}

const atLeastOne = (text: string): number => {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1) throw new InvalidArgumentError("want a whole number of at least 1");
  return count;
};

export const mutateContractsCommand = (): Command =>
  new Command("contracts")
    .description(`change the contracts in small ways, run their tests on each, and write ${REPORT}`)
    .option("--files <parts...>", "only files whose path contains one of these; writes no report")
    .option("--sample <count>", "only so many mutants, always the same; writes no report", atLeastOne)
    .option("--fuzz", "Solidity tests too, for mutants that all others pass: a minute or two for each", false)
    .option("--jobs <count>", "processes at once", atLeastOne, availableParallelism())
    .option("--json <file>", "write the figures here")
    .action(mutateContracts);

/** Verdicts are kept in a file: a run that was broken off goes on where it stopped. */
async function mutateContracts({ files, sample, jobs, fuzz, json }: Options): Promise<void> {
  const sources = readSources();
  const chosen = [...sources.keys()].filter(
    (path) => isMutated(path) && (files?.some((part) => path.includes(part)) ?? true),
  );
  if (chosen.length === 0) throw new Error(`no contract's path contains ${files?.join(" or ")}`);
  const all = contractMutants(chosen, sources);
  const mutants = sample === undefined ? all : sampleOf(all, sample);
  const judged = await judgeAll(mutants, jobs, fuzz, await VerdictMemory.open(projectPath(VERDICTS), sources, fuzz));
  const isWhole = files === undefined && sample === undefined;
  if (isWhole) await writeFile(projectPath(REPORT), renderContractReport(judged, fuzz));
  if (json !== undefined) await writeJson(callerPath(json), figuresOf(judged));
  report(judged, isWhole);
}

function figuresOf(judged: readonly JudgedContract[]) {
  const { counted, killed, survivors, unexplained } = scoreContracts(judged);
  return {
    mutants: judged.length,
    counted,
    killed,
    argued: survivors.length - unexplained.length,
    unexplained: unexplained.length,
  };
}

async function judgeAll(
  mutants: readonly ContractMutant[],
  jobs: number,
  fuzzes: boolean,
  memory: VerdictMemory,
): Promise<JudgedContract[]> {
  const folder = await mkdtemp(join(tmpdir(), "tollgate-mutation-"));
  try {
    return await judgeContracts({
      mutants,
      memory,
      jobs,
      fuzzes,
      folder,
      onVerdict: reportProgress(mutants.length),
      onLeftOut: ({ file, title, message }) => console.log(`  left out: ${file}: ${title}: ${message}`),
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A line for each survivor, and one now and then for how far the run has come. */
function reportProgress(total: number): (judged: JudgedContract) => void {
  let count = 0;
  return (judged) => {
    if (judged.fate === "survived") console.log(`  ${describe(judged)}`);
    if (++count % 60 === 0) console.log(`  ${count} judged in this run, of ${total}`);
  };
}

const describe = ({ fate, file, line, operator, before, after }: JudgedContract): string =>
  `${fate}: ${file}:${line} (${operator})\n    ${before}\n    ${after}`;

function report(judged: readonly JudgedContract[], isWhole: boolean): void {
  for (const file of new Set(judged.map((mutant) => mutant.file)))
    console.log(
      `  ${contractLine(
        file,
        judged.filter((mutant) => mutant.file === file),
      )}`,
    );
  console.log(`  ${contractLine("All files", judged)}`);
  const score = scoreContracts(judged);
  const { unexplained, outdated } = score;
  for (const mutant of unexplained) console.log(`  not explained: ${describe(mutant)}`);
  if (!isEnough(score)) throw new Error("too many mutants survive, want at most 5 % of those that a test could kill");
  if (unexplained.length > 0)
    throw new Error("say of every survivor in src/contractMutation/contractSurvivors.ts why it is harmless");
  if (isWhole && outdated.length > 0) throw new Error(`explained, but does not survive: ${outdated.join("; ")}`);
}
