import { bn254 } from "@noble/curves/bn254.js";
import { InputError } from "../errors.ts";
import { SCALAR_ORDER } from "../field.ts";
import type { G1Point } from "./points.ts";
import { G2_GENERATOR, toG1, toG2 } from "./points.ts";
import type { Proof } from "./proof.ts";
import type { Vkey } from "./verifyingKey.ts";

/** Says of signals and a proof what {@link verifyProof} says under one key. */
export type Verifier = (signals: readonly bigint[], proof: Proof) => boolean;

/**
 * Whether the contracts accept the proof: e(A, B) = e(α, β) · e(IC₀ + Σ sᵢ·ICᵢ₊₁, γ) · e(C, δ), signals below r,
 * coordinates below q, points on their curves, B in the subgroup, no point at infinity.
 * Throws InputError where the key has another number of signals, or is none.
 */
export const verifyProof = (vkey: Vkey, signals: readonly bigint[], proof: Proof): boolean =>
  createVerifier(vkey)(signals, proof);

/** {@link verifyProof} for many proofs under one key, whose points are checked once. */
export function createVerifier(vkey: Vkey): Verifier {
  const ic = vkey.ic.map((coordinates) => expectPoint(toG1(coordinates)));
  const alpha = expectPoint(toG1(vkey.alpha));
  const [beta, gamma, delta] = [vkey.beta, G2_GENERATOR, vkey.delta].map((point) => expectPoint(toG2(point)));
  return (signals, proof) => {
    if (signals.length !== ic.length - 1)
      throw new InputError(`signals: the key has ${ic.length - 1} public signals, got ${signals.length}`);
    if (signals.some((signal) => signal < 0n || signal >= SCALAR_ORDER)) return false;
    const a = toG1(proof.slice(0, 2));
    const b = toG2(proof.slice(2, 6));
    const c = toG1(proof.slice(6, 8));
    if (typeof a === "string" || typeof b === "string" || typeof c === "string") return false;
    const sum = signals.reduce((total: G1Point, signal, at) => total.add(ic[at + 1].multiplyUnsafe(signal)), ic[0]);
    const pairs = [
      { g1: a.negate(), g2: b },
      { g1: alpha, g2: beta },
      { g1: sum, g2: gamma },
      { g1: c, g2: delta },
    ];
    // A pair with infinity is 1 in the product; noble refuses to compute it.
    const product = bn254.pairingBatch(pairs.filter(({ g1 }) => !g1.is0()));
    return bn254.fields.Fp12.eql(product, bn254.fields.Fp12.ONE);
  };
}

function expectPoint<Point extends object>(point: Point | string): Point {
  if (typeof point === "string") throw new InputError(`vkey: ${point}`);
  return point;
}
