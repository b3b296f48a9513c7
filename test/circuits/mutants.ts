import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { type CircuitLibrary, openCircuitLibrary } from "../../src/mutation/circuitLibrary.ts";
import { instancesFor, judgeMutant, openBench } from "../../src/mutation/judgeMutant.ts";
import { mutantsOf } from "../../src/mutation/mutants.ts";
import { scoreOf } from "../../src/mutation/mutationReport.ts";
import { type Probe, acceptHonest, forge, hintsOf, mainOf, probesOf, violate } from "../../src/mutation/probe.ts";
import type { Instance } from "../../src/mutation/instance.ts";
import { type JudgedMutant, allInstances, sampleOf } from "../../src/mutation/runMutants.ts";

/** Mutants of each file that the sample tries; `npm run mutate` tries all. */
const SAMPLE = 4;
/** Of changes that never break an honest witness. */
const WEAKENING = /^(constraint dropped|constraints? of a loop summed|two constraints summed|range check widened)/;
/** Honest cases of each instance for which all other outputs are ruled out. */
const CASES = 4;
/** Files whose circuits take long to compile. */
const SLOW = new Set(["InputCommitment.circom", "MessageHash.circom", "Poseidon.circom"]);
/** A few cases of each instance, and nothing that hashes. */
const INSTANCES = allInstances()
  .filter(({ includes }) => !includes.some((file) => SLOW.has(file)))
  .map((instance) => ({ ...instance, cases: instance.cases.filter((_, index) => index % 7 < 1).slice(0, CASES) }));

describe("mutants of the circuit library", () => {
  let folder: string;
  let library: CircuitLibrary;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tollgate-mutation-"));
    library = await openCircuitLibrary(folder);
  });

  after(() => rm(folder, { recursive: true }));

  it("are killed by forged witnesses that the original rejects, in a sample of each file (Z1, Z2)", async () => {
    const judged: JudgedMutant[] = [];
    for (const [file, text] of library.files) {
      const used = instancesFor(file, INSTANCES, library.files);
      if (used.length === 0) continue;
      const bench = await openBench(library, used);
      const weakened = mutantsOf(file, text).filter(({ operator }) => WEAKENING.test(operator));
      for (const mutant of sampleOf(weakened, SAMPLE, "sample"))
        judged.push({ ...mutant, ...(await judgeMutant(library, bench, mutant)) });
    }
    const { counted, killed, unsound, unexplained } = scoreOf(judged);
    expect(unsound).to.deep.equal([]);
    expect(unexplained).to.deep.equal([]);
    expect(counted).to.be.greaterThan(50);
    expect(killed).to.be.at.least(0.98 * counted);
  });

  it("are of templates that let no instance give another output, or take what it must refuse", async () => {
    const system = await library.compile(mainOf(INSTANCES));
    const probes = probesOf(system!, INSTANCES);
    for (const [index, instance] of INSTANCES.entries()) expectTight(probes[index], instance);
  });
});

/** Every output wire is constrained; a search that rules out all assignments finds no forged witness. */
function expectTight(probe: Probe, { name, cases, refusals, outputCount }: Instance): void {
  const constrained = new Set(probe.rows.flatMap(({ a, b, c }) => [a, b, c].flatMap(({ terms }) => [...terms.keys()])));
  const loose = probe.outputs.filter((wire) => wire === undefined || !constrained.has(wire));
  expect(loose, `${name}: outputs in no constraint`).to.deep.equal([]);
  expect(probe.outputs).to.have.lengthOf(outputCount);
  for (const honest of cases) {
    const accepted = acceptHonest(probe, honest);
    if (accepted.kind !== "witness") throw new Error(`${name} does not accept ${honest.inputs.join()}`);
    expect(forge(probe, honest, hintsOf(probe, accepted.values)).kind, `${name}: ${honest.inputs.join()}`).to.equal(
      "none",
    );
  }
  for (const refusal of refusals)
    expect(violate(probe, refusal).kind, `${name}: ${refusal.inputs.join()}`).to.not.equal("witness");
}
