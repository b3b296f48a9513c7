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
const isContract = (file: string): boolean => !isTest(file);
const isSuite = (file: string): boolean => file.endsWith(".t.sol");

const sources = readSources();
const deployed = hre.config.solidity.profiles.default.compilers[0].settings as Settings;
const artifacts = new ArtifactFolder(hre.config.paths.artifacts);

const choices = settingsByCost(deployed);
/** Which of the choices took a file's original: those before it are not tried on its mutants. */
const choiceOf = new Map<string, number>();

type Contracts = readonly CompiledContract[];
type Texts = ReadonlyMap<string, string>;

/** Code of one file with the first of the settings that take it; undefined if none does. */
function compileCheaply(file: string, texts: Texts): Contracts | undefined {
  for (let index = choiceOf.get(file) ?? 0; index < choices.length; ++index) {
    const compiled = compile([file], texts, choices[index]);
    if ("contracts" in compiled) {
      if (texts === sources) choiceOf.set(file, index);
      return compiled.contracts;
    }
    if (!/stack too deep/i.test(compiled.error)) return undefined;
  }
  return undefined;
}

/** Code of one file as it is deployed; undefined if it does not compile. */
function compileAsDeployed(file: string, texts: Texts): Contracts | undefined {
  const compiled = compile([file], texts, deployed);
  return "contracts" in compiled ? compiled.contracts : undefined;
}

/** Code of the given files; undefined if one does not compile. */
function compileFiles(files: readonly string[], texts: Texts, compileFile = compileCheaply): Contracts | undefined {
  const all: CompiledContract[] = [];
  for (const file of files) {
    const contracts = compileFile(file, texts);
    if (contracts === undefined) return undefined;
    all.push(...contracts);
  }
  return all;
}

const originals = compileFiles([...sources.keys()].filter(isContract), sources);
if (originals === undefined) throw new Error("the contracts do not compile");
await artifacts.fill(originals);
const bench = await TestBench.open(testModules());
const greeting: Greeting = { leftOut: await bench.survey() };

const allNames = new Set(originals.map(({ name }) => name));

async function judge({ mutant, fuzzes, first, order }: Task): Promise<Verdict> {
  if (mutant === undefined) {
    const failed = await failureOf(allNames, first, order);
    return failed ?? (fuzzes ? judgeByFuzzing([...sources.keys()].filter(isSuite), []) : { fate: "survived" });
  }
  const changed = new Map([...sources, [mutant.file, mutant.text]]);
  const files = dependentsOf(mutant.file, sources);
  const contracts = compileFiles(files.filter(isContract), changed);
  if (contracts === undefined) return { fate: "refused" };
  const changedContracts = contracts.filter((contract) => !artifacts.isOriginal(contract));
  if (changedContracts.length === 0) return { fate: "same" };
  await artifacts.replace(changedContracts);
  const failed = await failureOf(new Set(changedContracts.map(({ name }) => name)), first, order);
  return failed ?? judgeAsDeployed(files, changed, fuzzes);
}

/** Runs the tests that read one of the named contracts. */
async function failureOf(
  names: ReadonlySet<string>,
  first: readonly string[],
  order: readonly string[],
): Promise<Verdict | undefined> {
  const early = first.length === 0 ? undefined : await bench.run(names, first, order);
  const failed = early ?? (await bench.run(names, undefined, order));
  return failed && { fate: "killed", test: failed };
}

/** What becomes of a mutant that the TypeScript tests pass, of which the given files are made. */
async function judgeAsDeployed(files: readonly string[], changed: Texts, fuzzes: boolean): Promise<Verdict> {
  const contracts = compileFiles(files.filter(isContract), changed, compileAsDeployed);
  if (contracts === undefined) return { fate: "refused" };
  if (contracts.every(isDeployed)) return { fate: "equivalent" };
  if (!fuzzes) return { fate: "survived" };
  const tests = compileFiles(files.filter(isTest), changed, compileAsDeployed);
  return tests === undefined ? { fate: "refused" } : judgeByFuzzing(files.filter(isSuite), [...contracts, ...tests]);
}

/** Runs Solidity tests with the code that is deployed: theirs is a limit of size, and some rest on its gas. */
async function judgeByFuzzing(suites: readonly string[], changedContracts: Contracts): Promise<Verdict> {
  if (suites.length === 0) return { fate: "survived" };
  await artifacts.replace([...[...sources.keys()].flatMap(deployedOriginal), ...changedContracts]);
  const failed = await runSolidityTests(suites);
  return failed === undefined ? { fate: "survived" } : { fate: "killed", test: failed };
}

const deployedOriginals = new Map<string, Contracts>();

/** The original contracts of a file with the settings of deployment, compiled when they are wanted first. */
function deployedOriginal(file: string): Contracts {
  const known = deployedOriginals.get(file) ?? compileAsDeployed(file, sources);
  if (known === undefined) throw new Error(`${file} does not compile as it is deployed`);
  deployedOriginals.set(file, known);
  return known;
}

/** Whether a contract has the original's code under the settings of deployment. */
const isDeployed = ({ file, name, bytecode }: CompiledContract): boolean =>
  deployedOriginal(file).some((original) => original.name === name && original.bytecode === bytecode);

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
