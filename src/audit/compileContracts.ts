import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { posix } from "node:path";
import { Worker } from "node:worker_threads";
import type { InterfaceAbi } from "ethers";
import type { ContractName } from "../chain/record.ts";
import { projectPath } from "../paths.ts";

/** A contract as the pinned compiler makes it; code in 0x-prefixed hex. */
export interface CompiledContract {
  readonly abi: InterfaceAbi;
  readonly creationCode: string;
  /** Zero where the constructor writes immutables. */
  readonly runtimeCode: string;
  readonly immutables: readonly { readonly start: number; readonly length: number }[];
}

/** Sources of the contracts that a deployment record names, relative to the project's top. */
const CONTRACT_SOURCES: Readonly<Record<ContractName, string>> = {
  ModelRegistry: "contracts/ModelRegistry.sol",
  SettlementRegistry: "contracts/SettlementRegistry.sol",
  InferenceEscrow: "contracts/InferenceEscrow.sol",
  PrepaidOrders: "contracts/PrepaidOrders.sol",
  AllowanceCollector: "contracts/funding/AllowanceCollector.sol",
  AuthorizationCollector: "contracts/funding/AuthorizationCollector.sol",
  NativeCollector: "contracts/funding/NativeCollector.sol",
  Permit2Collector: "contracts/funding/Permit2Collector.sol",
};

export const CONTRACT_NAMES = Object.keys(CONTRACT_SOURCES) as ContractName[];

export type CompiledContracts = Readonly<Record<ContractName, CompiledContract>>;

/** Compiles contracts of the project from their sources, never from artefacts that a build left. */
export async function compileContracts<Name extends ContractName>(
  names: readonly Name[],
): Promise<Readonly<Record<Name, CompiledContract>>> {
  const roots = new Map(names.map((name) => [CONTRACT_SOURCES[name], readProjectFile(CONTRACT_SOURCES[name])]));
  const output = await runCompiler(roots);
  const compiled = names.map((name) => [name, contractIn(output, CONTRACT_SOURCES[name], name)]);
  return Object.fromEntries(compiled) as Record<Name, CompiledContract>;
}

/** Compiles one contract from its text, which imports nothing. */
export async function compileText(name: string, text: string): Promise<CompiledContract> {
  return contractIn(await runCompiler(new Map([[`${name}.sol`, text]])), `${name}.sol`, name);
}

/** Part of solc's standard JSON. */
export interface SolcOutput {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[];
  readonly contracts: Readonly<Record<string, Readonly<Record<string, SolcContract>>>>;
}

interface SolcContract {
  readonly abi: InterfaceAbi;
  readonly evm: {
    readonly bytecode: { readonly object: string };
    readonly deployedBytecode: {
      readonly object: string;
      readonly immutableReferences: Readonly<Record<string, readonly { start: number; length: number }[]>>;
    };
  };
}

function contractIn({ contracts }: SolcOutput, source: string, name: string): CompiledContract {
  const { abi, evm } = contracts[source][name];
  return {
    abi,
    creationCode: `0x${evm.bytecode.object}`,
    runtimeCode: `0x${evm.deployedBytecode.object}`,
    immutables: Object.values(evm.deployedBytecode.immutableReferences ?? {}).flat(),
  };
}

/** Runs the pinned compiler with the project's settings in a thread, since it blocks for seconds. */
async function runCompiler(roots: ReadonlyMap<string, string>): Promise<SolcOutput> {
  // Loaded late: it reads hardhat.config.ts from the working folder at once.
  const { default: hre } = await import("hardhat");
  const { settings } = hre.config.solidity.profiles.default.compilers[0];
  const wanted = { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode"] };
  const input = {
    language: "Solidity",
    sources: Object.fromEntries([...withImports(roots)].map(([path, content]) => [path, { content }])),
    settings: { ...settings, outputSelection: Object.fromEntries([...roots.keys()].map((path) => [path, wanted])) },
  };
  const output = await inThread(JSON.stringify(input));
  const error = output.errors?.find(({ severity }) => severity === "error");
  if (error !== undefined) throw new Error("the contracts do not compile", { cause: error.formattedMessage });
  return output;
}

function inThread(input: string): Promise<SolcOutput> {
  const worker = new Worker(new URL("./solcWorker.ts", import.meta.url), { workerData: input });
  return new Promise((resolve, reject) => {
    worker.on("message", (output: string) => resolve(JSON.parse(output) as SolcOutput));
    worker.on("error", reject);
    worker.on("exit", (code) => reject(new Error(`the Solidity compiler ended without an answer (${code})`)));
  });
}

/** The given files and everything that they import: of the project by relative paths, of packages by name. */
function withImports(roots: ReadonlyMap<string, string>): Map<string, string> {
  const sources = new Map(roots);
  for (const [path, text] of sources) {
    for (const [, target] of text.matchAll(/^import\s(?:[^"';]*\sfrom\s+)?["']([^"']+)["']/gm)) {
      const imported = target.startsWith(".") ? posix.join(posix.dirname(path), target) : target;
      if (!sources.has(imported)) sources.set(imported, readSource(imported));
    }
  }
  return sources;
}

const require = createRequire(import.meta.url);

const readSource = (path: string): string =>
  path.startsWith("contracts/") ? readProjectFile(path) : readFileSync(require.resolve(path), "utf8");

const readProjectFile = (path: string): string => readFileSync(projectPath(path), "utf8");
