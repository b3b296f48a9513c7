import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { posix } from "node:path";
import solc from "solc";
import { projectPath } from "../paths.ts";
import type { Node } from "./syntaxTree.ts";

/** What the tests need of a compiled contract. */
export interface CompiledContract {
  readonly file: string;
  readonly name: string;
  readonly abi: unknown[];
  readonly bytecode: string;
  readonly deployedBytecode: string;
}

/** Contracts, or the compiler's first objection. */
export type Compiled = { readonly contracts: readonly CompiledContract[] } | { readonly error: string };

/** Settings of the compiler as Hardhat's configuration has them. */
export type Settings = Readonly<Record<string, unknown>>;

/** Settings that compile fastest, then those that take what the ones before find too deep; the last ones are deployed. */
export const settingsByCost = (deployed: Settings): readonly Settings[] => [
  { ...deployed, viaIR: false, optimizer: { enabled: false } },
  { ...deployed, optimizer: { enabled: false } },
  deployed,
];

/** Folders whose files are read: the contracts and their tests. */
export const CONTRACTS = "contracts";
export const TESTS: readonly string[] = ["test/contracts", "test/invariants"];

const filesIn = (folder: string, ending: string): string[] =>
  readdirSync(projectPath(folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(ending))
    .map((name) => `${folder}/${name}`)
    .sort();

/** The Solidity files of the project by path. */
export const readSources = (): Map<string, string> =>
  new Map(
    [CONTRACTS, ...TESTS]
      .flatMap((folder) => filesIn(folder, ".sol"))
      .map((path) => [path, readFileSync(projectPath(path), "utf8")]),
  );

export const testModules = (): string[] => TESTS.flatMap((folder) => filesIn(folder, ".ts"));

/** Paths that a file imports from the project, relative to its top. */
export const importsOf = (path: string, text: string): string[] =>
  [...text.matchAll(/\b(?:from|import)\s+"(\.[^"]+)"/g)].map(([, target]) => posix.join(posix.dirname(path), target));

/** The files that `roots` need, themselves included. */
export function closureOf(roots: readonly string[], textOf: (path: string) => string | undefined): Set<string> {
  const closure = new Set<string>();
  const open = [...roots];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const text = textOf(path);
    if (text === undefined || closure.has(path)) continue;
    closure.add(path);
    open.push(...importsOf(path, text));
  }
  return closure;
}

/** The files that need `path`, itself included. */
export const dependentsOf = (path: string, sources: ReadonlyMap<string, string>): string[] =>
  [...sources.keys()].filter((root) => closureOf([root], (name) => sources.get(name)).has(path));

const require = createRequire(import.meta.url);
const packages = new Map<string, string>();

function readPackageFile(path: string): { contents: string } {
  const known = packages.get(path) ?? readFileSync(require.resolve(path), "utf8");
  packages.set(path, known);
  return { contents: known };
}

interface Output {
  readonly errors?: readonly { severity: string; formattedMessage: string; message: string }[];
  readonly contracts?: Readonly<Record<string, Readonly<Record<string, SolcContract>>>>;
  readonly sources: Readonly<Record<string, { ast: Node }>>;
}
interface SolcContract {
  readonly abi: unknown[];
  readonly evm: { readonly bytecode: { object: string }; readonly deployedBytecode: { object: string } };
}

function runCompiler(
  files: readonly string[],
  sources: ReadonlyMap<string, string>,
  settings: Settings,
  outputs: object,
): Output {
  const input = {
    language: "Solidity",
    sources: Object.fromEntries(files.map((file) => [file, { content: sources.get(file) }])),
    // Of the text nothing but its code may show in the bytecode.
    settings: { ...settings, metadata: { appendCBOR: false, bytecodeHash: "none" }, outputSelection: outputs },
  };
  const find = (path: string) => {
    const own = sources.get(path);
    return own === undefined ? readPackageFile(path) : { contents: own };
  };
  return JSON.parse(solc.compile(JSON.stringify(input), { import: find }));
}

const errorIn = ({ errors = [] }: Output): string | undefined =>
  errors.find(({ severity }) => severity === "error")?.message;

/** The contracts that the given files define. */
export function compile(files: readonly string[], sources: ReadonlyMap<string, string>, settings: Settings): Compiled {
  const wanted = { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] };
  const outputs = Object.fromEntries(files.map((file) => [file, wanted]));
  const output = runCompiler(files, sources, settings, outputs);
  const error = errorIn(output);
  if (error !== undefined) return { error };
  const contracts = Object.entries(output.contracts ?? {}).flatMap(([file, byName]) =>
    Object.entries(byName).map(([name, { abi, evm }]) => ({
      file,
      name,
      abi,
      bytecode: evm.bytecode.object,
      deployedBytecode: evm.deployedBytecode.object,
    })),
  );
  return { contracts };
}

/** The compiler's trees of the given files and of all that they import. */
export function parse(files: readonly string[], sources: ReadonlyMap<string, string>): Map<string, Node> {
  const output = runCompiler(files, sources, {}, { "*": { "": ["ast"] } });
  const error = errorIn(output);
  if (error !== undefined) throw new Error(error);
  return new Map(Object.entries(output.sources).map(([file, { ast }]) => [file, ast]));
}
