import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Command } from "commander";
import { writeJson } from "../src/jsonFile.ts";
import { projectPath } from "../src/paths.ts";
import { callerPath } from "./terminal/callerPath.ts";

interface Options {
  readonly quick: boolean;
  readonly json?: string;
}

export const fuzzContractsCommand = (): Command =>
  new Command("contracts")
    .description(
      "the Solidity tests with 10,000 runs a property and 1,000 runs of 100 calls an invariant; takes half an hour to an hour",
    )
    .argument("[files...]", "tests to run (default: all)")
    .option("--quick", "with as few runs as in npm test", false)
    .option("--json <file>", "write the figures here")
    .action(fuzzContracts);

async function fuzzContracts(files: readonly string[], { quick, json }: Options): Promise<void> {
  const cli = join(dirname(createRequire(import.meta.url).resolve("hardhat")), "cli.js");
  const env = { ...process.env, TOLLGATE_FUZZ: quick ? "" : "long" };
  const args = [cli, "test", "solidity", ...files];
  const child = spawn(process.execPath, args, { cwd: projectPath("."), env, stdio: ["inherit", "pipe", "inherit"] });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    process.stdout.write(chunk);
    text += chunk;
  });
  const [code] = await once(child, "close");
  const figures = figuresIn(text);
  if (json !== undefined && figures !== undefined) await writeJson(callerPath(json), figures);
  if (code !== 0) process.exitCode = 1;
}

/** What Hardhat says of its tests, undefined where it did not come to its end. */
function figuresIn(text: string) {
  const counts = (pattern: RegExp): number[] => [...text.matchAll(pattern)].map(([, count]) => Number(count));
  const [passed] = counts(/^\s*(\d+) passing/gm);
  if (passed === undefined) return undefined;
  const [failed = 0] = counts(/^\s*(\d+) failing/gm);
  const least = (all: readonly number[]): number | null => (all.length === 0 ? null : Math.min(...all));
  const runs = least(counts(/testFuzz\w*\(.*\) \(runs: (\d+)\)/g));
  const invariantRuns = least(counts(/invariant_\w*\(\) \(runs: (\d+)\)/g));
  return { passed, failed, runs, invariantRuns };
}
