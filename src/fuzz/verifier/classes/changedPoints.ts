import { bn254 } from "@noble/curves/bn254.js";
import { BASE_ORDER } from "../../../field.ts";
import { fromG2 } from "../../../groth16/points.ts";
import type { Case, CaseClass, Making } from "../caseClass.ts";
import { cofactorPoint, g2At, negated, offG1, smallOrderPoint, timesG1, timesG2, twistPoint } from "../curvePoints.ts";
import type { Draw } from "../draw.ts";
import { type Facts, drawFacts, mint, replaceAt } from "../facts.ts";
import { allRefuse } from "../verdicts.ts";

const { Fr } = bn254.fields;
const Q = BASE_ORDER;
const MAX = 2n ** 256n - 1n;
export const COORDINATES = ["A.x", "A.y", "B.x₁", "B.x₀", "B.y₁", "B.y₀", "C.x", "C.y"] as const;

/** Valid proofs with other points, or other numbers for the same points: everybody refuses them. */
export const CHANGED_POINTS: readonly CaseClass[] = [
  ...COORDINATES.map((name, at) => classOf(`${name} perturbed`, 4, (facts, draw) => perturbed(facts, at, draw))),
  classOf("A.y re-encoded", 4, ({ proof }, draw) => reencoded(proof, 1, draw)),
  classOf("coordinate + k·q", 8, ({ proof }, draw) => reencoded(proof, draw.below(8), draw)),
  classOf("off curve", 7, offCurve),
  classOf("off subgroup", 7, offSubgroup),
  classOf("infinity", 8, (facts, draw) => draw.pick(INFINITIES)(facts, draw)),
  classOf("forged points", 1, forged),
  classOf("swapped points", 3, (facts, draw) => draw.pick(SWAPS)(facts.proof, facts, draw)),
];

function classOf(name: string, share: number, change: (facts: Facts, draw: Draw) => readonly bigint[]): CaseClass {
  const make = ({ key, draw }: Making): Case => {
    const facts = drawFacts(key, draw);
    return { facts: { ...facts, proof: change(facts, draw) }, wanted: allRefuse() };
  };
  return { name, share, make };
}

function perturbed({ proof }: Facts, at: number, draw: Draw): bigint[] {
  const old = proof[at];
  const other = proof[(at + 1 + draw.below(7)) % 8];
  const flipped = old ^ (1n << BigInt(draw.below(256)));
  const changed = draw.pick([old + 1n, old - 1n, Q - old, 0n, Q, MAX, flipped, flipped, draw.coordinate(), other]);
  return replaceAt(proof, at, BigInt.asUintN(256, changed));
}

/** Of five multiples of q that can be added, the first four always fit into 256 bits. */
function reencoded(proof: readonly bigint[], at: number, draw: Draw): bigint[] {
  const encodings = [1n, 2n, 3n, 4n, 5n].map((times) => proof[at] + times * Q).filter((value) => value <= MAX);
  return replaceAt(proof, at, draw.pick(encodings));
}

const withA = (proof: readonly bigint[], a: readonly bigint[]): bigint[] => [...a, ...proof.slice(2)];
const withB = (proof: readonly bigint[], b: readonly bigint[]): bigint[] => [
  ...proof.slice(0, 2),
  ...b,
  ...proof.slice(6),
];
const withC = (proof: readonly bigint[], c: readonly bigint[]): bigint[] => [...proof.slice(0, 6), ...c];

function offCurve({ proof }: Facts, draw: Draw): bigint[] {
  const [ax, ay] = proof;
  return draw.pick([
    () => withA(proof, offG1(draw)),
    () => withC(proof, offG1(draw)),
    () => withB(proof, [draw.coordinate(), draw.coordinate(), draw.coordinate(), draw.coordinate()]),
    // A point of G1's equation where one of the twist is wanted.
    () => withB(proof, [0n, ax, 0n, ay]),
  ])();
}

/** B on the twist: any point, or one that differs from the right one by what no pairing with G1 shows. */
function offSubgroup({ proof }: Facts, draw: Draw): bigint[] {
  const b = g2At(proof.slice(2, 6));
  const outside = draw.pick([
    () => twistPoint(draw),
    () => b.add(cofactorPoint(draw)),
    () => cofactorPoint(draw),
    () => b.add(smallOrderPoint(draw)),
    () => smallOrderPoint(draw),
  ])();
  return withB(proof, fromG2(outside));
}

/** αβ + Σ sᵢ·icᵢ: what ab − cδ must be. */
function targetOf({ key: { trapdoor }, signals }: Facts): bigint {
  const { alpha, beta, ic } = trapdoor;
  return Fr.create(signals.reduce((sum, signal, index) => sum + signal * ic[index + 1], alpha * beta + ic[0]));
}

const cWithoutPair = (facts: Facts): bigint[] => timesG1(Fr.div(Fr.neg(targetOf(facts)), facts.key.trapdoor.delta));

/** Points at infinity, mostly where the equation would hold; (0, q) would become infinity when negated as q − y. */
const INFINITIES: readonly ((facts: Facts, draw: Draw) => bigint[])[] = [
  (facts) => withA(withC(facts.proof, cWithoutPair(facts)), [0n, 0n]),
  (facts) => withA(withC(facts.proof, cWithoutPair(facts)), [0n, Q]),
  (facts) => withB(withC(facts.proof, cWithoutPair(facts)), [0n, 0n, 0n, 0n]),
  (facts) => withA(withB(withC(facts.proof, cWithoutPair(facts)), [0n, 0n, 0n, 0n]), [0n, 0n]),
  (facts, draw) => {
    const b = draw.scalar();
    return [...timesG1(Fr.div(targetOf(facts), b)), ...timesG2(b), 0n, draw.pick([0n, Q])];
  },
  ({ proof }, draw) =>
    withB(
      proof,
      draw.pick([
        [Q, Q, Q, Q],
        [0n, Q, 0n, Q],
        [0n, 0n, 0n, 0n],
      ]),
    ),
  ({ proof }) => withA(proof, [0n, 0n]),
  ({ proof }) => withC(proof, [0n, 0n]),
  ({ proof }) => proof.map(() => 0n),
];

/** Points of the right groups that solve nothing. */
function forged({ proof }: Facts, draw: Draw): bigint[] {
  const [a, b, c] = [timesG1(draw.scalar()), timesG2(draw.scalar()), timesG1(draw.scalar())];
  return draw.pick([withA(proof, a), withB(proof, b), withC(proof, c), [...a, ...b, ...c]]);
}

/** Parts of a proof in the place of other parts, or of a second proof of the same statement. */
const SWAPS: readonly ((proof: readonly bigint[], facts: Facts, draw: Draw) => bigint[])[] = [
  ([ax, ay, bx1, bx0, by1, by0, cx, cy]) => [cx, cy, bx1, bx0, by1, by0, ax, ay],
  ([ax, ay, bx1, bx0, by1, by0, cx, cy]) => [ax, ay, bx0, bx1, by0, by1, cx, cy],
  ([ax, ay, bx1, bx0, by1, by0, cx, cy]) => [ax, ay, by1, by0, bx1, bx0, cx, cy],
  ([ax, ay, bx1, bx0, by1, by0, cx, cy]) => [ay, ax, bx1, bx0, by1, by0, cx, cy],
  (proof) => withA(proof, negated(proof.slice(0, 2))),
  (proof) => withB(proof, negated(proof.slice(2, 6))),
  (proof) => withC(proof, negated(proof.slice(6))),
  (proof, { key, signals }, draw) => withA(proof, mint(key, signals, draw).slice(0, 2)),
  (proof, { key, signals }, draw) => withB(proof, mint(key, signals, draw).slice(2, 6)),
  (proof, { key, signals }, draw) => withC(proof, mint(key, signals, draw).slice(6)),
];
