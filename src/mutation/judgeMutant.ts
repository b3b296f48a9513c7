import type { CircuitLibrary } from "./circuitLibrary.ts";
import { isSameSystem } from "./compareSystems.ts";
import type { HonestCase, Instance, Refusal } from "./instance.ts";
import type { Mutant } from "./mutants.ts";
import { type Hints, type Probe, acceptHonest, forge, hintsOf, mainOf, probesOf, violate } from "./probe.ts";

/**
 * refused: circom does not compile it. same: the constraints are those of the original. strict: it rejects an honest
 * witness. killed: a forged witness passes that the original rejects. equivalent: proven to accept the honest outputs
 * only, on every input that was tried. survived: neither found nor ruled out. unsound: the original accepts the forgery.
 */
export type Fate = "refused" | "same" | "strict" | "killed" | "equivalent" | "survived" | "unsound";

/** What became of a mutant; for a forgery, on which instance, for which inputs, and the outputs that it claims. */
export interface Verdict {
  readonly fate: Fate;
  readonly instance?: string;
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
}

/** The original circuit of some instances, and the honest witness of each of their cases. */
export interface Bench {
  readonly instances: readonly Instance[];
  readonly main: string;
  readonly probes: readonly Probe[];
  readonly hints: readonly (readonly Hints[])[];
}

/** Most instances that do not use a file themselves, but through others, in its bench. */
const MOST_INDIRECT = 4;

/** The instances that show what a file does: all that include it, or a few that do so through other files. */
export function instancesFor(
  file: string,
  instances: readonly Instance[],
  files: ReadonlyMap<string, string>,
): Instance[] {
  const direct = instances.filter(({ includes }) => includes.includes(file));
  const users = [...files].filter(([, text]) => text.includes(`include "${file}"`)).map(([name]) => name);
  const indirect = instances.filter(({ includes }) => users.some((user) => includes.includes(user)));
  if (direct.length === 0) return indirect;
  return [...direct, ...indirect.filter((instance) => !direct.includes(instance)).slice(0, MOST_INDIRECT)];
}

/** Compiles the original. Throws where it does not accept an honest case: then an instance says something wrong. */
export async function openBench(library: CircuitLibrary, instances: readonly Instance[]): Promise<Bench> {
  const main = mainOf(instances);
  const system = await library.compile(main);
  if (system === undefined) throw new Error(`circom refuses ${instances.map(({ name }) => name).join(", ")}`);
  const probes = probesOf(system, instances);
  const hints = instances.map(({ name, cases }, index) =>
    cases.map((honest) => {
      const answer = acceptHonest(probes[index], honest);
      if (answer.kind === "witness") return hintsOf(probes[index], answer.values);
      throw new Error(`${name} does not accept ${honest.outputs.join()} for ${honest.inputs.join()}: ${answer.kind}`);
    }),
  );
  return { instances, main, probes, hints };
}

/** Tries a mutant on all cases and refusals of its bench. */
export async function judgeMutant(library: CircuitLibrary, bench: Bench, mutant: Mutant): Promise<Verdict> {
  const system = await library.compile(bench.main, new Map([[mutant.file, mutant.text]]));
  if (system === undefined) return { fate: "refused" };
  const probes = probesOf(system, bench.instances);
  const changed = probes.flatMap((probe, index) => (isSameSystem(probe, bench.probes[index]) ? [] : [index]));
  if (changed.length === 0) return { fate: "same" };
  const isHonest = changed.every((index) =>
    bench.instances[index].cases.every(
      (honest, at) => acceptHonest(probes[index], honest, bench.hints[index][at]).kind === "witness",
    ),
  );
  if (!isHonest) return { fate: "strict" };
  let isProven = true;
  for (const index of changed) {
    for (const attempt of attempts(bench, probes[index], index)) {
      if ("fate" in attempt) return attempt;
      isProven &&= attempt.proven;
    }
  }
  return { fate: isProven ? "equivalent" : "survived" };
}

/** Each attack on one instance: a verdict where it succeeds, else whether success is ruled out. */
function* attempts(bench: Bench, mutated: Probe, index: number): Generator<Verdict | { readonly proven: boolean }> {
  const { name, cases, refusals } = bench.instances[index];
  const original = bench.probes[index];
  for (const [at, honest] of inTurn(cases)) {
    const answer = forge(mutated, honest, bench.hints[index][at]);
    if (answer.kind === "witness") yield verdictOn(original, name, mutated, honest, answer.values);
    else yield { proven: answer.kind === "none" };
  }
  for (const refusal of refusals) {
    const answer = violate(mutated, refusal);
    // Bounds that cannot be proven of the original either say nothing of a mutant.
    if (answer.kind === "none" || violate(original, refusal).kind !== "none") continue;
    if (answer.kind === "witness") yield verdictOn(original, name, mutated, refusal, answer.values);
    else yield { proven: false };
  }
}

/** Spread over the cases, so that the first few differ much. */
function inTurn(cases: readonly HonestCase[]): [number, HonestCase][] {
  const step = [7, 5, 3, 1].find((size) => cases.length % size !== 0) ?? 1;
  return cases.map((_, turn) => (turn * step) % cases.length).map((index) => [index, cases[index]]);
}

/** A forgery counts where the original, given the same inputs and outputs, has no witness at all. */
function verdictOn(
  original: Probe,
  instance: string,
  mutated: Probe,
  { inputs }: Refusal,
  values: ReadonlyMap<number, bigint>,
): Verdict {
  const read = (wires: Probe["inputs"]) =>
    wires.map((wire) => (wire === undefined ? undefined : (values.get(wire) ?? 0n)));
  const claim = {
    inputs: read(mutated.inputs).map((value, at) => value ?? inputs[at]),
    outputs: read(mutated.outputs),
  };
  const { kind } = violate(original, claim);
  return {
    fate: kind === "none" ? "killed" : kind === "witness" ? "unsound" : "survived",
    instance,
    inputs: claim.inputs.map(String),
    outputs: claim.outputs.map(String),
  };
}
