import { availableParallelism } from "node:os";
import { Argument, Command } from "commander";
import { buildContracts } from "../src/chain/buildContracts.ts";
import { writeJson } from "../src/jsonFile.ts";
import { callerPath } from "./terminal/callerPath.ts";
import { CHAOS_PARTS, type ChaosOptions, type PartReport } from "./terminal/chaosParts.ts";
import { parsePositive } from "./terminal/modelOptions.ts";
import { runProgram } from "./terminal/runProgram.ts";
import { formatTable } from "./terminal/table.ts";

const NAMES = Object.keys(CHAOS_PARTS);

await runProgram(
  new Command("chaos")
    .description("break what agents depend on, their journal's disk and their node, and see that nobody loses anything")
    .addArgument(new Argument("[parts...]", "which parts to run").choices(NAMES).default(NAMES, "all"))
    .option("--seed <number>", "seed of the first schedule of RPC faults", parsePositive, 1)
    .option("--schedules <count>", "schedules of RPC faults", parsePositive, 500)
    .option("--jobs <count>", "processes that run schedules at the same time", parsePositive, availableParallelism())
    .option("--buyers <count>", "buyers that buy at once", parsePositive, 100)
    .option("--purchases <count>", "purchases that are timed", parsePositive, 20)
    .option("--json <file>", "write the figures here")
    .action(chaos),
);

async function chaos(parts: readonly string[], { json, ...options }: ChaosOptions & { json?: string }): Promise<void> {
  await buildContracts();
  const tell = (line: string) => console.log(`  ${line}`);
  const reports: Record<string, PartReport & { readonly seconds: number }> = {};
  for (const part of NAMES.filter((name) => parts.includes(name))) {
    tell(`${part} …`);
    const start = performance.now();
    const report = await CHAOS_PARTS[part](options, tell);
    reports[part] = { ...report, seconds: (performance.now() - start) / 1000 };
  }
  const all = Object.values(reports);
  console.log(formatTable([["what", "under", "result"], ...all.flatMap(({ rows }) => rows)]));
  const violations = all.flatMap((report) => report.violations);
  for (const violation of violations) console.log(`  VIOLATION: ${violation}`);
  console.log(`  ${violations.length} violations`);
  if (json !== undefined) await writeJson(callerPath(json), figuresOf(reports));
  if (violations.length > 0) process.exitCode = 1;
}

// A declaration: the command above runs before what follows it.
function figuresOf(reports: Readonly<Record<string, PartReport & { readonly seconds: number }>>): object {
  const entries = Object.entries(reports).map(([part, { figures, violations, seconds }]) => [
    part,
    { ...figures, seconds, violations },
  ]);
  return Object.fromEntries(entries) as object;
}
