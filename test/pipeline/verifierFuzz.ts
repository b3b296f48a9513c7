import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { network } from "hardhat";
import { BASE_ORDER, SCALAR_ORDER, mod } from "../../src/field.ts";
import { toG1, toG2 } from "../../src/groth16/points.ts";
import type { Proof } from "../../src/groth16/proof.ts";
import { verifyProof } from "../../src/groth16/verify.ts";
import type { Case } from "../../src/fuzz/verifier/caseClass.ts";
import { CLASSES, caseOf, classOf } from "../../src/fuzz/verifier/cases.ts";
import { COORDINATES } from "../../src/fuzz/verifier/classes/changedPoints.ts";
import {
  COFACTOR,
  SMALL_ORDER,
  cofactorPoint,
  smallOrderPoint,
  times,
  twistPoint,
} from "../../src/fuzz/verifier/curvePoints.ts";
import { drawOf } from "../../src/fuzz/verifier/draw.ts";
import { type Facts, drawFacts, signalsFor } from "../../src/fuzz/verifier/facts.ts";
import { type Abis, type Forms, formsOf } from "../../src/fuzz/verifier/forms.ts";
import { fuzzVerifier } from "../../src/fuzz/verifier/fuzzVerifier.ts";
import { judgeBatch } from "../../src/fuzz/verifier/judgeBatch.ts";
import { createJudges, isSound } from "../../src/fuzz/verifier/judges.ts";
import { type FuzzKey, createKeys } from "../../src/fuzz/verifier/keys.ts";
import { meetsShares, totalOf } from "../../src/fuzz/verifier/tally.ts";
import { compileContracts } from "../../src/fuzz/verifier/verifierCode.ts";
import { renderSolidityVerifier } from "../../src/setup/solidityVerifier.ts";

const SEED = 1;
const MAX_WORD = 2n ** 253n - 1n;
/** A case of "JSON spelling" in which the subject is to be spelt in hex, as it is anyway. */
const HEX_SUBJECT = 23_095;
const { ethers } = await network.create();

describe("proofs that the verifiers are fuzzed with", () => {
  let keys: readonly FuzzKey[];
  let abis: Abis;

  before(async () => {
    keys = await createKeys(SEED);
    const { interface: verifier } = await ethers.getContractFactory("DigitsMlpVerifier");
    const { interface: registry } = await ethers.getContractFactory("ModelRegistry");
    abis = { verifier, registry };
  });

  /** Numbers of the first cases of a class. */
  const numbersOf = (name: string, count: number): number[] => {
    const numbers = Array.from({ length: 10_000 }, (_, number) => number).filter(
      (number) => classOf(number).name === name,
    );
    expect(numbers.length).to.be.at.least(count);
    return numbers.slice(0, count);
  };
  const casesOf = (name: string, count = 24): Case[] =>
    numbersOf(name, count).map((number) => caseOf(keys, SEED, number));

  /** The valid proof that a case was made from, which is the first thing that most classes draw. */
  function originalOf(number: number): Facts {
    const draw = drawOf("case", SEED, number);
    return drawFacts(draw.pick(keys), draw);
  }
  const pairsOf = (name: string, count = 24): [Case, Facts][] =>
    numbersOf(name, count).map((number) => [caseOf(keys, SEED, number), originalOf(number)]);

  const verifies = ({ key, signals, proof }: Facts): boolean => verifyProof(key.vkey, signals, proof as Proof);
  const formed = ({ facts, change = () => ({}) }: Case): { given: Forms; forms: Forms } => {
    const given = formsOf(facts, abis);
    return { given, forms: { ...given, ...change(given) } };
  };
  const pointsOf = (proof: readonly bigint[]) => [
    toG1(proof.slice(0, 2)),
    toG2(proof.slice(2, 6)),
    toG1(proof.slice(6)),
  ];

  it("come from keys of one, two, three and five words, the first of which is committed", () => {
    expect(keys.map(({ wordCount }) => wordCount)).to.deep.equal([1, 2, 3, 5]);
    expect(keys[0].keyId).to.equal("0xd057f7ec48eb9ea6320adfb5e094aa6d4eb359c99495455a859a6e24d4d79334");
    expect(new Set(keys.map(({ keyId }) => keyId)).size).to.equal(4);
  });

  it("are the same for the same seed and number, and others for others", () => {
    const plain = (made: Case) => JSON.stringify(made.facts.proof.map(String));
    expect(plain(caseOf(keys, SEED, 7))).to.equal(plain(caseOf(keys, SEED, 7)));
    expect(plain(caseOf(keys, SEED, 7))).not.to.equal(plain(caseOf(keys, SEED + 1, 7)));
    expect(plain(caseOf(keys, SEED, 7))).not.to.equal(plain(caseOf(keys, SEED, 107)));
  });

  it("take their share of every hundred, under names of their own", () => {
    expect(CLASSES.reduce((sum, { share }) => sum + share, 0)).to.equal(100);
    expect(new Set(CLASSES.map(({ name }) => name)).size).to.equal(CLASSES.length);
    for (const from of [0, 4200]) {
      const names = Array.from({ length: 100 }, (_, index) => classOf(from + index).name);
      for (const { name, share } of CLASSES) expect(names.filter((other) => other === name)).to.have.length(share);
    }
  });

  it("are valid: as minted, negated, rerandomised, and at the edges of what may be chosen", () => {
    for (const { facts } of [...casesOf("valid", 4), ...casesOf("edge values", 6)]) {
      expect(verifies(facts)).to.equal(true);
      expect(facts.signals).to.deep.equal(signalsFor(facts.statement));
    }
    for (const name of ["(−A, −B)", "rerandomised"]) {
      for (const [{ facts }, original] of pairsOf(name, 3)) {
        expect(verifies(facts)).to.equal(true);
        expect(facts.statement).to.deep.equal(original.statement);
        expect(facts.proof[1]).not.to.equal(original.proof[1]);
        expect(facts.proof[0] === original.proof[0]).to.equal(name === "(−A, −B)");
      }
    }
  });

  it("meet every sum of IC points that is infinite or a doubling, in either order of addition", () => {
    const met = new Set<string>();
    for (const { facts } of casesOf("edge sums", 80)) {
      const [t0, t1, t2, t3] = [1n, ...facts.signals].map((signal, at) => mod(signal * facts.key.trapdoor.ic[at]));
      const additions = {
        "0+1": [t0, t1],
        "01+2": [t0 + t1, t2],
        "012+3": [t0 + t1 + t2, t3],
        "2+3": [t2, t3],
        "1+23": [t1, t2 + t3],
      };
      for (const [name, [left, right]] of Object.entries(additions)) {
        if (mod(left + right) === 0n) met.add(`${name} infinite`);
        if (mod(left - right) === 0n) met.add(`${name} doubles`);
      }
      if ([t1, t2, t3].includes(0n)) met.add("a term is infinite");
      if (mod(t0 + t1 + t2 + t3) === 0n) met.add("all infinite");
    }
    const named = ["0+1", "01+2", "012+3", "2+3", "1+23"].flatMap((name) => [`${name} infinite`, `${name} doubles`]);
    expect([...met]).to.include.members([...named, "a term is infinite", "all infinite"]);
  });

  it("are perturbed in exactly the coordinate that the class names", () => {
    for (const [at, name] of COORDINATES.entries()) {
      for (const [{ facts }, { signals, proof }] of pairsOf(`${name} perturbed`)) {
        expect(facts.signals).to.deep.equal(signals);
        expect(proof.map((value, index) => value !== facts.proof[index])).to.deep.equal(
          proof.map((_, index) => index === at),
        );
      }
    }
  });

  it("are re-encoded by multiples of q: the numbers differ, the points do not", () => {
    const places = new Set<number>();
    const multiples = new Set<bigint>();
    for (const [{ facts }, { proof }] of [...pairsOf("A.y re-encoded"), ...pairsOf("coordinate + k·q", 100)]) {
      const at = facts.proof.findIndex((value) => value >= BASE_ORDER);
      places.add(at);
      multiples.add((facts.proof[at] - proof[at]) / BASE_ORDER);
      expect(facts.proof.map((value) => value % BASE_ORDER)).to.deep.equal(proof);
    }
    for (const { facts } of casesOf("A.y re-encoded")) expect(facts.proof[1] >= BASE_ORDER).to.equal(true);
    expect(places.size).to.equal(8);
    expect([...multiples]).to.include.members([1n, 2n, 3n, 4n]);
  });

  it("are off a curve with coordinates that are all below q", () => {
    const off = new Set<number>();
    for (const { facts } of casesOf("off curve", 40)) {
      const points = pointsOf(facts.proof);
      off.add(points.indexOf("not on the curve"));
      expect(points.filter((point) => typeof point === "string")).to.deep.equal(["not on the curve"]);
    }
    expect([...off].sort()).to.deep.equal([0, 1, 2]);
  });

  it("are off the subgroup with a B that is on the twist", () => {
    for (const { facts } of casesOf("off subgroup", 40)) {
      const [a, b, c] = pointsOf(facts.proof);
      expect([typeof a, typeof c]).to.deep.equal(["object", "object"]);
      expect(b).to.equal("not in the subgroup of order r");
    }
    const draw = drawOf("points");
    const [any, torsion, small] = [twistPoint(draw), cofactorPoint(draw), smallOrderPoint(draw)];
    expect([any, torsion, small].map((point) => point.isTorsionFree())).to.deep.equal([false, false, false]);
    expect(times(times(any, SCALAR_ORDER), COFACTOR).is0()).to.equal(true);
    expect([times(torsion, COFACTOR).is0(), times(torsion, SMALL_ORDER).is0()]).to.deep.equal([true, false]);
    expect(times(small, SMALL_ORDER).is0()).to.equal(true);
  });

  it("have a point at infinity, mostly where the equation holds without its pair", () => {
    const infinite = new Set<string>();
    for (const { facts } of casesOf("infinity", 80)) {
      const { proof } = facts;
      const zero = [proof.slice(0, 2), proof.slice(2, 6), proof.slice(6)].map((point) =>
        point.every((value) => value % BASE_ORDER === 0n),
      );
      expect(zero).to.include(true);
      infinite.add(zero.map((is, at) => (is ? "ABC"[at] : "")).join(""));
    }
    expect([...infinite].sort()).to.deep.equal(["A", "AB", "ABC", "B", "C"]);
  });

  it("are forged or swapped of numbers that are points, or of the proof's own", () => {
    for (const { facts } of casesOf("forged points", 8))
      expect([isSound(facts.proof), verifies(facts)]).to.deep.equal([true, false]);
    const sound = casesOf("swapped points", 60).map(({ facts }) => isSound(facts.proof));
    expect(new Set(sound).size).to.equal(2);
    for (const [{ facts }, { proof }] of pairsOf("swapped points", 60)) expect(facts.proof).not.to.deep.equal(proof);
  });

  it("have a signal from r on, which stands for the same field element", () => {
    const places = new Set<number>();
    for (const { facts } of casesOf("signal + k·r", 24)) {
      const at = facts.signals.findIndex((signal) => signal >= SCALAR_ORDER);
      places.add(at);
      expect(facts.signals.every((signal) => signal < 2n ** 256n)).to.equal(true);
      expect(verifies(facts)).to.equal(false);
      expect(verifies({ ...facts, signals: facts.signals.map((signal) => signal % SCALAR_ORDER) })).to.equal(true);
      if (at === 0) expect(facts.statement.inputCommitment).to.equal(facts.signals[0]);
      if (at === 1) expect(facts.statement.words[0] > MAX_WORD).to.equal(true);
    }
    expect(places.size).to.equal(3);
  });

  it("are given for other signals, statements and keys than they prove", () => {
    for (const [{ facts }, { signals }] of pairsOf("other signal"))
      expect(facts.signals.filter((signal, at) => signal !== signals[at])).to.have.length(1);
    for (const [{ facts }, { signals }] of pairsOf("swapped signals")) {
      expect(facts.signals).not.to.deep.equal(signals);
      expect(new Set(facts.signals)).to.deep.equal(new Set(signals));
    }
    for (const [{ facts }, original] of pairsOf("another statement", 4)) {
      expect(facts.signals).to.deep.equal(signalsFor(facts.statement));
      expect([verifies(facts), verifies(original)]).to.deep.equal([false, true]);
    }
    for (const { facts } of casesOf("another key", 4)) {
      const holding = keys.filter((key) => verifies({ ...facts, key }));
      expect(holding).to.have.length(1);
      expect(holding[0]).not.to.equal(facts.key);
    }
  });

  it("prove signals that the statement does not have, or a statement that may not be made", () => {
    const reasons = new Set<string>();
    for (const { facts, wanted } of casesOf("statement layer", 40)) {
      expect(verifies(facts)).to.equal(true);
      reasons.add(wanted.registry);
      if (wanted.registry === "InvalidProof" && facts.statement.keyId === facts.key.keyId)
        expect(facts.signals).not.to.deep.equal(signalsFor(facts.statement));
    }
    expect([...reasons].sort()).to.deep.equal([
      "InputCommitmentOutOfRange",
      "InvalidProof",
      "KeyNotFound",
      "WordCountMismatch",
      "WordTooLarge",
      "ZeroSubject",
    ]);
  });

  it("are valid in calldata that is cut, or goes on", () => {
    for (const { facts } of casesOf("truncated", 4)) expect(verifies(facts)).to.equal(true);
    for (const made of casesOf("truncated")) {
      const { given, forms } = formed(made);
      for (const contract of ["verifier", "registry"] as const) {
        expect(forms[contract].length).to.be.below(given[contract].length);
        expect(given[contract].startsWith(forms[contract])).to.equal(true);
      }
      expect(forms.numbers.signals.length + forms.numbers.proof.length).to.be.below(11);
    }
    const gaps = casesOf("trailing bytes").filter((made) => {
      const { given, forms } = formed(made);
      for (const contract of ["verifier", "registry"] as const) {
        expect(forms[contract].length).to.be.above(given[contract].length);
        const decode = (data: string) => abis[contract].decodeFunctionData("verify", data).toArray(true);
        expect(decode(forms[contract])).to.deep.equal(decode(given[contract]));
      }
      return !forms.registry.startsWith(given.registry);
    });
    expect(gaps.length).to.be.within(1, 23);
  });

  it("are valid in files that are no proof's only text", () => {
    const spelt = [...casesOf("JSON spelling", 30), caseOf(keys, SEED, HEX_SUBJECT)];
    for (const cases of [spelt, casesOf("JSON shape", 30)]) {
      for (const made of cases) {
        const { given, forms } = formed(made);
        expect(forms.claimFile).not.to.equal(given.claimFile);
        const changed = [
          forms.proofFiles.signals !== given.proofFiles.signals,
          forms.proofFiles.proof !== given.proofFiles.proof,
        ];
        expect(changed.filter(Boolean)).to.have.length(1);
        expect([forms.verifier, forms.registry, forms.numbers]).to.deep.equal([
          given.verifier,
          given.registry,
          given.numbers,
        ]);
      }
      for (const { facts } of cases.slice(0, 2)) expect(verifies(facts)).to.equal(true);
    }
    for (const made of casesOf("JSON negative", 30)) {
      const { forms } = formed(made);
      const negative = [...forms.numbers.signals, ...forms.numbers.proof].filter((value) => value < 0n);
      expect(negative).to.have.length(1);
      expect(forms.proofFiles.signals + forms.proofFiles.proof).to.include(`"${negative[0]}"`);
    }
    for (const made of casesOf("JSON without last zeros")) {
      const { forms } = formed(made);
      const { signals } = forms.numbers;
      expect(signals.length).to.be.below(3);
      expect(made.facts.signals).to.deep.equal([...signals, 0n, 0n, 0n].slice(0, 3));
      expect(forms.verifier.length).to.equal(2 + 2 * (4 + 32 * (signals.length + 8)));
    }
    // The whole signals prove the statement: only their number is wrong.
    const [short] = casesOf("JSON without last zeros", 1);
    expect(verifies(short.facts)).to.equal(true);
  });
});

describe("the verifiers", () => {
  it("agree on every class of proofs, and refuse for the reason that is due (Z9)", async () => {
    const numbers: number[] = [];
    const onProgress = ({ judged }: { judged: number }) => void numbers.push(judged);
    const { judged, tallies, disagreements } = await fuzzVerifier({ proofs: 300, seed: SEED, jobs: 2, onProgress });
    expect(disagreements).to.deep.equal([]);
    expect([judged, numbers.at(-1), totalOf(tallies).cases]).to.deep.equal([300, 300, 300]);
    const counts = CLASSES.map(({ name, share }): [string, number] => [name, 3 * share]);
    expect([...tallies].map(([name, { cases }]) => [name, cases])).to.deep.equal(counts);
    expect(meetsShares(totalOf(tallies))).to.equal(true);
  });

  it("are found out when one of them is weakened", async () => {
    const [first, second] = (await createKeys(SEED)).slice(1);
    const weakened: [FuzzKey, string, string, string][] = [
      [first, "signals[i] >= R", "signals[i] >= 5 * R", "signal + k·r"],
      [second, "bIsInfinity || cIsInfinity", "bIsInfinity && cIsInfinity", "infinity"],
    ];
    const folder = await mkdtemp(join(tmpdir(), "tollgate-fuzz-"));
    try {
      for (const [key, check, without, className] of weakened) {
        const source = renderSolidityVerifier(key.name, key.vkey);
        expect(source).to.include(check);
        const codes = await compileContracts(new Map([[key.name, source.replace(check, without)]]));
        const judge = await createJudges(await network.create(), [key], codes, folder);
        const number = Array.from({ length: 100 }, (_, index) => index).filter(
          (index) => classOf(index).name === className,
        );
        const batch = { from: number[0], to: number[0] + number.length };
        const { disagreements } = await judgeBatch(judge, { keys: [key], seed: SEED }, batch);
        expect(disagreements.length).to.be.above(0);
        for (const { verdicts, wanted, className: name } of disagreements) {
          expect(name).to.equal(className);
          expect({ ...verdicts, verifier: "" }).to.deep.equal({ ...wanted, verifier: "" });
          expect(verdicts.verifier).to.equal("accepted");
        }
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
