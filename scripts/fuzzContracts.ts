import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Command } from "commander";
import { projectPath } from "../src/paths.ts";

export const fuzzContractsCommand = (): Command =>
  new Command("contracts")
    .description("the Solidity tests with 10,000 runs a property and 1,000 runs of 100 calls an invariant; takes hours")
    .argument("[files...]", "tests to run (default: all)")
    .action(fuzzContracts);

async function fuzzContracts(files: readonly string[]): Promise<void> {
  const cli = join(dirname(createRequire(import.meta.url).resolve("hardhat")), "cli.js");
  const env = { ...process.env, TOLLGATE_FUZZ: "long" };
  const args = [cli, "test", "solidity", ...files];
  const [code] = await once(spawn(process.execPath, args, { cwd: projectPath("."), env, stdio: "inherit" }), "exit");
  if (code !== 0) process.exitCode = 1;
}
