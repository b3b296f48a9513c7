import { createHash } from "node:crypto";
import { appendFile, mkdir, readFile, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { projectPath } from "../paths.ts";
import type { CircuitLibrary } from "./circuitLibrary.ts";
import type { Instance } from "./instance.ts";
import { type Verdict, instancesFor, judgeMutant, openBench } from "./judgeMutant.ts";
import { kernelInstances } from "./kernelInstances.ts";
import { type Mutant, mutantsOf } from "./mutants.ts";
import { templateInstances } from "./templateInstances.ts";

/** A mutant and what became of it. */
export interface JudgedMutant extends Omit<Mutant, "text">, Verdict {}

export interface MutationRun {
  readonly library: CircuitLibrary;
  /** Which mutants of a file to try. */
  readonly choose: (mutants: readonly Mutant[]) => readonly Mutant[];
  /** File that keeps verdicts, a line each, so that a run that was broken off goes on from there. */
  readonly cachePath?: string;
  /** Called after each file of the library. */
  readonly onFile?: (file: string, judged: readonly JudgedMutant[]) => void;
}

export const allInstances = (): Instance[] => [...templateInstances(), ...kernelInstances()];

/** Mutates every file of the library and judges each mutant. */
export async function runMutants(run: MutationRun): Promise<JudgedMutant[]> {
  const instances = allInstances();
  const engine = await engineDigest();
  const known = await readVerdicts(run.cachePath);
  const all: JudgedMutant[] = [];
  for (const [file, text] of run.library.files) {
    const chosen = run.choose(mutantsOf(file, text));
    if (chosen.length === 0) continue;
    const judged = await judgeFile(run, file, chosen, instances, { engine, known });
    run.onFile?.(file, judged);
    all.push(...judged);
  }
  return all;
}

/** Verdicts of earlier runs by key, and the digest of the code that gave them. */
interface Memory {
  readonly engine: string;
  readonly known: ReadonlyMap<string, Verdict>;
}

async function judgeFile(
  { library, cachePath }: MutationRun,
  file: string,
  mutants: readonly Mutant[],
  instances: readonly Instance[],
  { engine, known }: Memory,
): Promise<JudgedMutant[]> {
  const used = instancesFor(file, instances, library.files);
  if (used.length === 0) throw new Error(`${file}: no instance uses it`);
  const bench = await openBench(library, used);
  const originals = digest([engine, bench.main, ...[...library.files].flat()]);
  const judged: JudgedMutant[] = [];
  for (const { text, ...mutant } of mutants) {
    const key = digest([originals, file, text]);
    const verdict = known.get(key) ?? (await judgeMutant(library, bench, { ...mutant, text }));
    if (cachePath !== undefined && !known.has(key))
      await appendFile(cachePath, `${JSON.stringify({ key, verdict })}\n`);
    judged.push({ ...mutant, ...verdict });
  }
  return judged;
}

async function readVerdicts(path: string | undefined): Promise<Map<string, Verdict>> {
  if (path === undefined) return new Map();
  await mkdir(dirname(path), { recursive: true });
  const text = await readFile(path, "utf8").catch(() => "");
  // The last line is cut short where a run was killed while it wrote.
  const lines = text.split("\n").filter((line) => line.endsWith("}}"));
  return new Map(lines.map((line) => JSON.parse(line)).map(({ key, verdict }) => [key, verdict]));
}

/** What only tells of verdicts. */
const REPORTING = new Set(["mutationReport.ts", "survivors.ts"]);

/** Of the files that verdicts depend on: those of other code do not count. */
async function engineDigest(): Promise<string> {
  const folder = projectPath("src/mutation");
  const names = (await readdir(folder)).filter((name) => !REPORTING.has(name)).sort();
  return digest(await Promise.all(names.map((name) => readFile(join(folder, name), "utf8"))));
}

function digest(parts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest("hex");
}

/** `count` of the mutants, always the same for one seed. */
export const sampleOf = (mutants: readonly Mutant[], count: number, seed: string): Mutant[] =>
  mutants
    .map((mutant) => ({ mutant, order: digest([seed, mutant.text]) }))
    .sort((left, right) => (left.order < right.order ? -1 : 1))
    .slice(0, count)
    .map(({ mutant }) => mutant);
