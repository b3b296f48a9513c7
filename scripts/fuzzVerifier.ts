import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { buildContracts } from "../src/chain/buildContracts.ts";
import { type VerifierTotals, fuzzVerifier } from "../src/fuzz/verifier/fuzzVerifier.ts";
import type { Disagreement } from "../src/fuzz/verifier/judgeBatch.ts";
import { LEAST_SHARES, meetsShares, tallyRows, totalOf } from "../src/fuzz/verifier/tally.ts";
import { JUDGES } from "../src/fuzz/verifier/verdicts.ts";
import { writeJson } from "../src/jsonFile.ts";
import { projectPath } from "../src/paths.ts";
import { callerPath } from "./terminal/callerPath.ts";
import { parsePositive } from "./terminal/modelOptions.ts";
import { formatInteger, formatTable } from "./terminal/table.ts";

const WANTED = `${100 * LEAST_SHARES.sound} % on curve and in subgroup, ${100 * LEAST_SHARES.valid} % valid`;
const FOLDER = projectPath("build/fuzz");
/** Disagreements that are printed and kept; the others are counted. */
const MOST_TOLD = 50;

export const fuzzVerifierCommand = (): Command =>
  new Command("verifier")
    .description(
      "show stand-alone verifiers, registry and JavaScript the same proofs, right and wrong: they must agree",
    )
    .option("--proofs <count>", "proofs to show", parsePositive, 100_000)
    .option("--seed <number>", "decides every proof and all keys but the first", parsePositive, 1)
    .option("--jobs <count>", "processes that judge at the same time", parsePositive, availableParallelism())
    .option("--json <file>", "write the figures here")
    .action(fuzz);

interface Options {
  readonly proofs: number;
  readonly seed: number;
  readonly jobs: number;
  readonly json?: string;
}

async function fuzz({ proofs, seed, jobs, json }: Options): Promise<void> {
  await buildContracts();
  const start = performance.now();
  let [twentieths, told] = [0, 0];
  const onProgress = async (totals: VerifierTotals) => {
    const reached = Math.floor((20 * totals.judged) / proofs);
    if (reached > twentieths) console.log(describe(totals, start));
    twentieths = Math.max(reached, twentieths);
    const fresh = totals.disagreements.slice(told, MOST_TOLD);
    told += fresh.length;
    for (const found of fresh) console.log(await tell(found, seed));
  };
  const { tallies, disagreements } = await fuzzVerifier({ proofs, seed, jobs, onProgress });
  console.log(formatTable(tallyRows(tallies)));
  const all = totalOf(tallies);
  const enough = meetsShares(all);
  const { cases: judged, sound, valid } = all;
  if (json !== undefined)
    await writeJson(callerPath(json), { seed, judged, disagreements: disagreements.length, sound, valid });
  if (!enough) console.log(`  too few: want ${WANTED}`);
  if (disagreements.length > 0 || !enough) process.exitCode = 1;
}

const describe = ({ judged, disagreements }: VerifierTotals, start: number): string =>
  `  ${formatInteger(judged)} proofs, ${formatInteger(disagreements.length)} disagreements, ` +
  `${((performance.now() - start) / 1000).toFixed(0)} s`;

/** Keeps a case with everything that was given and said, and says who surprised. */
async function tell(found: Disagreement, seed: number): Promise<string> {
  const path = join(FOLDER, `verifier-seed${seed}-${found.number}.json`);
  await writeJson(path, { seed, ...found });
  const surprises = JUDGES.filter((judge) => found.verdicts[judge] !== found.wanted[judge]);
  const said = surprises.map((judge) => `${judge} said ${found.verdicts[judge]}, not ${found.wanted[judge]}`);
  return `  ${found.className}, seed ${seed}, number ${found.number}: ${said.join("; ")}\n    ${path}`;
}
