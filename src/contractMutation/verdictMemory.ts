import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { appendFile, mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { projectPath } from "../paths.ts";
import { closureOf, dependentsOf, testModules } from "./compiler.ts";
import type { ContractMutant } from "./mutant.ts";
import type { Verdict } from "./verdict.ts";

/** Modules that decide a verdict, besides tests and contracts. */
const ENGINE = [
  "hardhat.config.ts",
  ...["worker", "workerConfig", "testBench", "solidityTests", "compiler", "artifactFolder"].map(
    (name) => `src/contractMutation/${name}.ts`,
  ),
];

interface Entry {
  readonly key: string;
  /** Digest of the tests that the verdict rests on. */
  readonly tests: string;
  readonly verdict: Verdict;
}

/** Verdicts of earlier runs, a line each: a kill holds as long as its test stays, a survival as long as all tests do. */
export class VerdictMemory {
  readonly #path: string;
  readonly #sources: ReadonlyMap<string, string>;
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #engine = digest(ENGINE.map(readProject));
  readonly #originals = new Map<string, string>();
  readonly #tests = new Map<string, string>();

  readonly #fuzzes: boolean;

  private constructor(
    path: string,
    sources: ReadonlyMap<string, string>,
    fuzzes: boolean,
    entries: ReadonlyMap<string, Entry>,
  ) {
    this.#path = path;
    this.#fuzzes = fuzzes;
    this.#sources = sources;
    this.#entries = entries;
  }

  /** `fuzzes`: whether a survival of the TypeScript tests alone is none. */
  static async open(path: string, sources: ReadonlyMap<string, string>, fuzzes: boolean): Promise<VerdictMemory> {
    await mkdir(dirname(path), { recursive: true });
    const text = await readFile(path, "utf8").catch(() => "");
    // The last line is cut short where a run was killed while it wrote.
    const lines = text.split("\n").filter((line) => line.endsWith("}}"));
    const entries = lines.map((line): Entry => JSON.parse(line));
    return new VerdictMemory(path, sources, fuzzes, new Map(entries.map((entry) => [entry.key, entry])));
  }

  recall(mutant: ContractMutant): Verdict | undefined {
    const entry = this.#entries.get(this.#keyOf(mutant));
    return entry?.tests === (entry && this.#testsOf(entry.verdict)) ? entry?.verdict : undefined;
  }

  async remember(mutant: ContractMutant, verdict: Verdict): Promise<void> {
    const entry: Entry = { key: this.#keyOf(mutant), tests: this.#testsOf(verdict), verdict };
    await appendFile(this.#path, `${JSON.stringify(entry)}\n`);
  }

  #keyOf({ file, text }: ContractMutant): string {
    const originals = this.#originals.get(file) ?? this.#digestAround(file);
    this.#originals.set(file, originals);
    return digest([this.#engine, originals, file, text]);
  }

  /** Of all contracts that a change of `file` concerns, and of what they import. */
  #digestAround(file: string): string {
    const roots = dependentsOf(file, this.#sources).filter((path) => !path.startsWith("test/"));
    const files = closureOf(roots, (path) => this.#sources.get(path));
    return digest([...files].sort().flatMap((path) => [path, this.#sources.get(path)!]));
  }

  #testsOf({ fate, test }: Verdict): string {
    if (fate === "refused" || fate === "same" || fate === "equivalent") return "";
    const file = fate === "killed" && test !== undefined ? test.file : "";
    const known = this.#tests.get(file) ?? this.#digestTests(file);
    this.#tests.set(file, known);
    return known;
  }

  /** Of a test file and its imports; of all tests without a name. */
  #digestTests(file: string): string {
    const suites = [...this.#sources.keys()].filter((path) => path.startsWith("test/"));
    const closure = closureOf(file === "" ? [...testModules(), ...suites] : [file], (path) =>
      path.startsWith("contracts/") || !existsSync(projectPath(path)) ? undefined : readProject(path),
    );
    const kind = file === "" ? `${this.#fuzzes}` : "";
    return digest([kind, ...[...closure].sort().flatMap((path) => [path, readProject(path)])]);
  }
}

const readProject = (path: string): string => readFileSync(projectPath(path), "utf8");

function digest(parts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest("hex");
}

/** `count` of the mutants, always the same ones. */
export const sampleOf = (mutants: readonly ContractMutant[], count: number): ContractMutant[] =>
  mutants
    .map((mutant) => ({ mutant, order: digest([mutant.file, mutant.text]) }))
    .sort((left, right) => (left.order < right.order ? -1 : 1))
    .slice(0, count)
    .map(({ mutant }) => mutant);
