import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Interface, type InterfaceAbi } from "ethers";
import { writeJson } from "../../jsonFile.ts";
import type { ContractName, DeploymentRecord } from "../record.ts";

/** What a block explorer asks for to verify a contract's source. */
export interface ExplorerInput {
  readonly address: string;
  /** Source and name, as explorers write them. */
  readonly contract: string;
  /** For example `v0.8.30+commit.73712a01`. */
  readonly compiler: string;
  /** Arguments of the constructor, ABI-encoded, without prefix. */
  readonly constructorArguments: string;
  /** solc's standard JSON input: the sources that the contract is made of, and no others. */
  readonly input: StandardInput;
}

export interface StandardInput {
  readonly language: string;
  readonly sources: Readonly<Record<string, { readonly content: string }>>;
  readonly settings: object;
}

interface CompiledContract {
  readonly abi: InterfaceAbi;
  readonly buildInfoId: string;
  readonly inputSourceName: string;
}

/** One run of the compiler as Hardhat keeps it. */
interface Build {
  readonly solcLongVersion: string;
  readonly input: StandardInput;
  readonly sources: Record<string, { readonly ast: { readonly nodes: readonly SyntaxNode[] } }>;
}

interface SyntaxNode {
  readonly nodeType: string;
  /** Of an import, the source that it names. */
  readonly absolutePath?: string;
}

/** Reads from the last build what explorers need of each contract of a record. */
export async function explorerInputs(record: DeploymentRecord): Promise<Record<ContractName, ExplorerInput>> {
  const { artifacts } = (await import("hardhat")).default;
  const builds = new Map<string, Build>();
  const inputs: Partial<Record<ContractName, ExplorerInput>> = {};
  for (const [name, { address, arguments: given }] of Object.entries(record.contracts)) {
    const { abi, buildInfoId, inputSourceName } = (await artifacts.readArtifact(name)) as unknown as CompiledContract;
    const build = builds.get(buildInfoId) ?? (await readBuild(buildInfoId));
    builds.set(buildInfoId, build);
    const kept = importedBy(inputSourceName, build).map((source) => [source, build.input.sources[source]] as const);
    inputs[name as ContractName] = {
      address,
      contract: `${inputSourceName}:${name}`,
      compiler: `v${build.solcLongVersion}`,
      constructorArguments: new Interface(abi).encodeDeploy(given).slice(2),
      input: { ...build.input, sources: Object.fromEntries(kept) },
    };
  }
  return inputs as Record<ContractName, ExplorerInput>;
}

/** A source and all that it imports, directly or not. */
function importedBy(source: string, { sources }: Build): string[] {
  const found = new Set([source]);
  // The set grows while it is walked.
  for (const path of found) {
    const imports = sources[path].ast.nodes.filter(({ nodeType }) => nodeType === "ImportDirective");
    imports.forEach(({ absolutePath }) => found.add(absolutePath!));
  }
  return [...found].sort();
}

async function readBuild(id: string): Promise<Build> {
  const { artifacts } = (await import("hardhat")).default;
  const paths = [await artifacts.getBuildInfoPath(id), await artifacts.getBuildInfoOutputPath(id)];
  const [info, { output }] = await Promise.all(paths.map(async (path) => JSON.parse(await readFile(path!, "utf8"))));
  return { ...info, sources: output.sources };
}

/** Writes, for each contract, the standard JSON input and what an explorer's form asks for beside it. */
export async function writeExplorerInputs(record: DeploymentRecord, folder: string): Promise<void> {
  for (const [name, { input, ...form }] of Object.entries(await explorerInputs(record))) {
    await writeJson(join(folder, `${name}.input.json`), input);
    await writeJson(join(folder, `${name}.json`), form);
  }
}
