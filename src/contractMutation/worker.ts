/** Process that judges one mutant after the other, with compiler, chains and tests kept warm. */
import hre from "hardhat";
import { ArtifactFolder } from "./artifactFolder.ts";
import {
  type CompiledContract,
  type Settings,
  compile,
  dependentsOf,
  readSources,
  settingsByCost,
  testModules,
} from "./compiler.ts";
import { runSolidityTests } from "./solidityTests.ts";
import { TestBench } from "./testBench.ts";
import type { FailedTest, Verdict } from "./verdict.ts";

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

/** What a worker says when it is ready. */
export interface Greeting {
  /** Tests that fail on the originals, which are compiled otherwise than they are deployed. */
  readonly leftOut: readonly FailedTest[];
}

/** Verdict of a task; a failure of anything but a test. */
export type Answer = Verdict | { readonly broken: string };

const isTest = (file: string): boolean => file.startsWith("test/");
const isSuite = (file: string): boolean => file.endsWith(".t.sol");

const sources = readSources();
const deployed = hre.config.solidity.profiles.default.compilers[0].settings as Settings;
const artifacts = new ArtifactFolder(hre.config.paths.artifacts);

/** Code of one file with the first of the settings that take it; undefined if none does. */
function compileFile(
  file: string,
  texts: ReadonlyMap<string, string>,
  choices: readonly Settings[],
): readonly CompiledContract[] | undefined {
  for (const settings of choices) {
    const compiled = compile([file], texts, settings);
    if ("contracts" in compiled) return compiled.contracts;
    if (!/stack too deep/i.test(compiled.error)) return undefined;
  }
  return undefined;
}

/** Code of the given files, each with settings of its own; undefined if one does not compile. */
function compileFiles(
  files: readonly string[],
  texts: ReadonlyMap<string, string>,
  choices = settingsByCost(deployed),
): readonly CompiledContract[] | undefined {
  const all: CompiledContract[] = [];
  for (const file of files) {
    const contracts = compileFile(file, texts, choices);
    if (contracts === undefined) return undefined;
    all.push(...contracts);
  }
  return all;
}

const originals = compileFiles(
  [...sources.keys()].filter((file) => !isTest(file)),
  sources,
);
if (originals === undefined) throw new Error("the contracts do not compile");
await artifacts.fill(originals);
const bench = await TestBench.open(testModules());
const greeting: Greeting = { leftOut: await bench.survey() };

const allNames = new Set(originals.map(({ name }) => name));

async function judge({ mutant, fuzzes, first, order }: Task): Promise<Verdict> {
  if (mutant === undefined) return judgeByTests(allNames, first, order, fuzzes ? sources : undefined);
  const changed = new Map([...sources, [mutant.file, mutant.text]]);
  const files = dependentsOf(mutant.file, sources).filter((file) => !isTest(file));
  const contracts = compileFiles(files, changed);
  if (contracts === undefined) return { fate: "refused" };
  const changedContracts = contracts.filter((contract) => !artifacts.isOriginal(contract));
  if (changedContracts.length === 0) return { fate: "same" };
  await artifacts.replace(changedContracts);
  const names = new Set(changedContracts.map(({ name }) => name));
  const verdict = await judgeByTests(names, first, order, fuzzes ? changed : undefined);
  return verdict.fate === "survived" && sameAsDeployed(files, changed) ? { fate: "equivalent" } : verdict;
}

/** Runs the tests that read one of the named contracts, and the Solidity tests on the given sources. */
async function judgeByTests(
  names: ReadonlySet<string>,
  first: readonly string[],
  order: readonly string[],
  fuzzed: ReadonlyMap<string, string> | undefined,
): Promise<Verdict> {
  const early = first.length === 0 ? undefined : await bench.run(names, first, order);
  const failed = early ?? (await bench.run(names, undefined, order));
  if (failed !== undefined) return { fate: "killed", test: failed };
  return fuzzed === undefined ? { fate: "survived" } : judgeByFuzzing(fuzzed);
}

/** With the code that is deployed: some Solidity tests rest on its gas. */
async function judgeByFuzzing(texts: ReadonlyMap<string, string>): Promise<Verdict> {
  const suites = [...texts.keys()].filter(isSuite);
  const contracts = compileFiles([...texts.keys()].filter(isTest), texts, [deployed]);
  if (contracts === undefined) return { fate: "refused" };
  await artifacts.replace(contracts);
  const failed = await runSolidityTests(suites);
  return failed === undefined ? { fate: "survived" } : { fate: "killed", test: failed };
}

const deployedCode = new Map<string, string>();

/** Whether a mutant's code is the original's under the settings of the deployed contracts. */
function sameAsDeployed(files: readonly string[], changed: ReadonlyMap<string, string>): boolean {
  return files.every((file) => {
    const codeOf = (texts: ReadonlyMap<string, string>): string => {
      const compiled = compile([file], texts, deployed);
      return JSON.stringify("contracts" in compiled ? compiled.contracts.map(({ bytecode }) => bytecode) : compiled);
    };
    const original = deployedCode.get(file) ?? codeOf(sources);
    deployedCode.set(file, original);
    return codeOf(changed) === original;
  });
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

process.send?.(greeting);
