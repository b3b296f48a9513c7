/** Process that judges one mutant after the other, with compiler, chains and tests kept warm. */
import hre from "hardhat";
import { ArtifactFolder } from "./artifactFolder.ts";
import {
  type CompiledContract,
  type Settings,
  closureOf,
  compile,
  dependentsOf,
  readSources,
  settingsByCost,
  testModules,
} from "./compiler.ts";
import { runSolidityTests } from "./solidityTests.ts";
import { TestBench } from "./testBench.ts";
import type { Verdict } from "./verdict.ts";

export interface Task {
  /** A file with its changed text; none to run the tests on the originals. */
  readonly mutant?: { readonly file: string; readonly text: string };
  /** Whether the Solidity tests run too, where the TypeScript tests pass. */
  readonly fuzzes: boolean;
  /** Titles of tests to try before all others. */
  readonly first: readonly string[];
  /** Test files in the order in which to run them. */
  readonly order: readonly string[];
}

/** Verdict of a task; a failure of anything but a test. */
export type Answer = Verdict | { readonly broken: string };

const isTest = (file: string): boolean => file.startsWith("test/");
const isSuite = (file: string): boolean => file.endsWith(".t.sol");

const sources = readSources();
const deployed = hre.config.solidity.profiles.default.compilers[0].settings as Settings;
const artifacts = new ArtifactFolder(hre.config.paths.artifacts);

function compileAll(settings: Settings): readonly CompiledContract[] | undefined {
  const compiled = compile([...sources.keys()], sources, settings);
  return "contracts" in compiled ? compiled.contracts : undefined;
}

/** The cheapest settings that compile all originals, and what the same settings are for a mutant that they cannot take. */
function chooseSettings(): { contracts: readonly CompiledContract[]; choices: readonly Settings[] } {
  const all = settingsByCost(deployed);
  for (const [index, settings] of all.entries()) {
    const contracts = compileAll(settings);
    if (contracts !== undefined) return { contracts, choices: all.slice(index) };
  }
  throw new Error("the contracts do not compile");
}

/** Code of the given files in a project with one text changed; undefined if no settings take it. */
function compileMutant(
  files: readonly string[],
  changed: ReadonlyMap<string, string>,
  choices: readonly Settings[],
): readonly CompiledContract[] | undefined {
  for (const settings of choices) {
    const compiled = compile(files, changed, settings);
    if ("contracts" in compiled) return compiled.contracts;
    if (!/stack too deep/i.test(compiled.error)) return undefined;
  }
  return undefined;
}

const { contracts: originals, choices } = chooseSettings();
await artifacts.fill(originals);
const bench = await TestBench.open(testModules());

async function judge({ mutant, fuzzes, first, order }: Task): Promise<Verdict> {
  const changed = mutant === undefined ? sources : new Map([...sources, [mutant.file, mutant.text]]);
  const affected = mutant === undefined ? [...sources.keys()] : dependentsOf(mutant.file, sources);
  if (mutant !== undefined) {
    const contracts = compileMutant(
      affected.filter((file) => !isTest(file)),
      changed,
      choices,
    );
    if (contracts === undefined) return { fate: "refused" };
    if (contracts.every((contract) => artifacts.isOriginal(contract))) return { fate: "same" };
    await artifacts.replace(contracts);
  }
  const failed =
    (first.length === 0 ? undefined : await bench.run(first, order)) ?? (await bench.run(undefined, order));
  if (failed !== undefined) return { fate: "killed", test: failed };
  if (mutant === undefined) return fuzzes ? judgeByFuzzing(affected.filter(isSuite)) : { fate: "survived" };
  if (sameAsDeployed(affected, changed)) return { fate: "equivalent" };
  return fuzzes ? judgeByFuzzing(affected.filter(isSuite), changed) : { fate: "survived" };
}

/** Of a mutant that the TypeScript tests pass, or of the originals. */
async function judgeByFuzzing(suites: readonly string[], changed?: ReadonlyMap<string, string>): Promise<Verdict> {
  if (suites.length === 0) return { fate: "survived" };
  if (changed !== undefined) {
    const files = closureOf(suites, (path) => (isTest(path) ? changed.get(path) : undefined));
    const contracts = compileMutant([...files], changed, choices);
    if (contracts === undefined) return { fate: "refused" };
    await artifacts.replace(contracts);
  }
  const failed = await runSolidityTests(suites);
  return failed === undefined ? { fate: "survived" } : { fate: "killed", test: failed };
}

const deployedCode = new Map<string, string>();

/** Whether a mutant's code is the original's under the settings of the deployed contracts. */
function sameAsDeployed(affected: readonly string[], changed: ReadonlyMap<string, string>): boolean {
  const files = affected.filter((file) => !isTest(file));
  const codeOf = (texts: ReadonlyMap<string, string>): string =>
    JSON.stringify(compileMutant(files, texts, [deployed])?.map(({ name, bytecode }) => [name, bytecode]));
  const key = files.join();
  const original = deployedCode.get(key) ?? codeOf(sources);
  deployedCode.set(key, original);
  return codeOf(changed) === original;
}

process.on("disconnect", () => process.exit());
process.on("message", (task: Task) => void answer(task));

async function answer(task: Task): Promise<void> {
  const reply: Answer = await judge(task).catch((error: unknown) => ({
    broken: error instanceof Error ? (error.stack ?? error.message) : String(error),
  }));
  await artifacts.restore();
  process.send?.(reply);
}

process.send?.("ready");
