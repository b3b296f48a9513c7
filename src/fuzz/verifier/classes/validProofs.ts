import { bn254 } from "@noble/curves/bn254.js";
import { toBytes32 } from "../../../codec/statement.ts";
import { SCALAR_ORDER } from "../../../field.ts";
import { fromG2 } from "../../../groth16/points.ts";
import { mintProof } from "../../../setup/mint.ts";
import type { Case, CaseClass, Making } from "../caseClass.ts";
import { fromG1, g1At, g2At, negated } from "../curvePoints.ts";
import type { Draw } from "../draw.ts";
import { drawFacts, drawStatement, drawWord, mint, signalsFor } from "../facts.ts";
import type { FuzzKey } from "../keys.ts";
import { ALL_ACCEPT, signalsOnly } from "../verdicts.ts";

const { Fr } = bn254.fields;

/** Proofs that hold, however they were made. */
export const VALID_PROOFS: readonly CaseClass[] = [
  { name: "valid", share: 2, make: ({ key, draw }) => ({ facts: drawFacts(key, draw), wanted: ALL_ACCEPT }) },
  { name: "(−A, −B)", share: 1, make: negatedProof },
  { name: "rerandomised", share: 1, make: rerandomised },
  { name: "edge values", share: 1, make: edgeValues },
  { name: "edge sums", share: 1, make: edgeSums },
];

function negatedProof({ key, draw }: Making): Case {
  const facts = drawFacts(key, draw);
  const { proof } = facts;
  const other = [...negated(proof.slice(0, 2)), ...negated(proof.slice(2, 6)), ...proof.slice(6)];
  return { facts: { ...facts, proof: other }, wanted: ALL_ACCEPT };
}

/** A′ = A/s, B′ = sB + stδ, C′ = C + tA, which takes no secret. */
function rerandomised({ key, draw }: Making): Case {
  const facts = drawFacts(key, draw);
  const [s, t] = [draw.scalar(), draw.scalar()];
  const a = g1At(facts.proof.slice(0, 2));
  const b = g2At(facts.proof.slice(2, 6)).multiplyUnsafe(s);
  const delta = g2At(key.vkey.delta).multiplyUnsafe(Fr.mul(s, t));
  const c = g1At(facts.proof.slice(6)).add(a.multiplyUnsafe(t));
  const proof = [...fromG1(a.multiplyUnsafe(Fr.inv(s))), ...fromG2(b.add(delta)), ...fromG1(c)];
  return { facts: { ...facts, proof }, wanted: ALL_ACCEPT };
}

/** The least and greatest of everything that may be chosen, points that are generators among it. */
function edgeValues({ key, draw }: Making): Case {
  const inputCommitment = draw.pick([1n, 2n, SCALAR_ORDER - 1n, draw.scalar()]);
  const words = Array.from({ length: key.wordCount }, () => draw.pick([0n, 1n, 2n ** 253n - 1n, drawWord(draw)]));
  const subject = toBytes32(draw.pick([1n, 2n ** 256n - 1n, draw.word()]));
  const statement = { keyId: key.keyId, inputCommitment, words, subject };
  const signals = signalsFor(statement);
  const drawFactor = () => draw.pick([1n, 2n, SCALAR_ORDER - 1n, draw.scalar()]);
  const proof = mintProof(key.trapdoor, signals, { a: drawFactor(), b: drawFactor() });
  return { facts: { key, signals, statement, proof }, wanted: ALL_ACCEPT };
}

/**
 * Signals at which a sum of IC points meets infinity or adds a point to itself. The contracts add in different orders,
 * so each order is met. No statement can be steered there, since its third signal is a hash: the registry is given the
 * statement without the steered signal, of which the proof shows nothing.
 */
function edgeSums({ key, draw }: Making): Case {
  const statement = drawStatement(key, draw);
  const steer = draw.pick(STEERED);
  const signals = steer(signalsFor(statement), key, draw);
  return { facts: { key, signals, statement, proof: mint(key, signals, draw) }, wanted: signalsOnly() };
}

type Steer = (signals: readonly [bigint, bigint, bigint], key: FuzzKey, draw: Draw) => bigint[];

const STEERED: readonly Steer[] = [
  // s₀·IC₁ = ±IC₀
  ([, s1, s2], { trapdoor: { ic } }, draw) => [Fr.div(sign(draw, ic[0]), ic[1]), s1, s2],
  // s₁·IC₂ = ±(IC₀ + s₀·IC₁)
  ([s0, , s2], { trapdoor: { ic } }, draw) => [s0, Fr.div(sign(draw, ic[0] + s0 * ic[1]), ic[2]), s2],
  // s₁·IC₂ = ±s₂·IC₃
  ([s0, s1], { trapdoor: { ic } }, draw) => [s0, s1, Fr.div(sign(draw, s1 * ic[2]), ic[3])],
  // s₂·IC₃ = ±(IC₀ + s₀·IC₁ + s₁·IC₂), so that the whole sum may be infinite
  ([s0, s1], { trapdoor: { ic } }, draw) => [s0, s1, Fr.div(sign(draw, ic[0] + s0 * ic[1] + s1 * ic[2]), ic[3])],
  // s₀·IC₁ = ±(s₁·IC₂ + s₂·IC₃)
  ([, s1, s2], { trapdoor: { ic } }, draw) => [Fr.div(sign(draw, s1 * ic[2] + s2 * ic[3]), ic[1]), s1, s2],
  // Terms that are infinity themselves
  ([s0, s1, s2], _, draw) => [s0, s1, s2].map((signal) => (draw.oneIn(2) ? 0n : signal)).with(draw.below(3), 0n),
];

const sign = (draw: Draw, value: bigint): bigint => Fr.create(draw.oneIn(2) ? value : -value);
