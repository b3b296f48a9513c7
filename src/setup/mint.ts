import { randomBytes } from "node:crypto";
import { bn254 } from "@noble/curves/bn254.js";
import { readR1cs } from "../circom/readR1cs.ts";
import type { G1Coordinates } from "../codec/statement.ts";
import { InputError } from "../errors.ts";
import { SCALAR_ORDER, mod } from "../field.ts";
import { fromG2 } from "../groth16/points.ts";
import type { Proof } from "../groth16/proof.ts";
import { dealerSecrets } from "./dealer.ts";
import { keyScalars } from "./keyScalars.ts";

const { Fr } = bn254.fields;

/** What it takes to prove anything under a dealer's key. */
export interface Trapdoor {
  readonly alpha: bigint;
  readonly beta: bigint;
  readonly delta: bigint;
  /** Discrete logarithms of the IC points. */
  readonly ic: readonly bigint[];
}

/** Discrete logarithms of A and B, in [1, r). */
export interface ProofRandomness {
  readonly a: bigint;
  readonly b: bigint;
}

/** The trapdoor of the key that {@link dealerSetup} makes for a circuit. */
export async function dealerTrapdoor(r1csPath: string): Promise<Trapdoor> {
  const r1cs = await readR1cs(r1csPath);
  const { alpha, beta, delta, tau } = dealerSecrets(r1cs.bytes);
  const { k } = keyScalars(r1cs, { tau, alpha, beta });
  return { alpha, beta, delta, ic: k.slice(0, r1cs.publicSignals + 1) };
}

/**
 * A valid proof of any statement, true or not: the real verifiers accept it. C solves
 * ab = αβ + Σ sᵢ·icᵢ + cδ (s₀ = 1, γ = 1). Throws InputError where the number of signals is wrong or one is not below r.
 */
export function mintProof(trapdoor: Trapdoor, signals: readonly bigint[], { a, b } = drawRandomness()): Proof {
  const { alpha, beta, delta, ic } = trapdoor;
  if (signals.length !== ic.length - 1 || signals.some((signal) => signal < 0n || signal >= SCALAR_ORDER))
    throw new InputError(`signals: want ${ic.length - 1} numbers in [0, r)`);
  const statement = signals.reduce((sum, signal, index) => sum + signal * ic[index + 1], ic[0]);
  const c = Fr.div(mod(a * b - alpha * beta - statement), delta);
  return [...timesG1(a), ...fromG2(bn254.G2.Point.BASE.multiplyUnsafe(b)), ...timesG1(c)];
}

const drawRandomness = (): ProofRandomness => ({ a: drawScalar(), b: drawScalar() });

/** Uniform in [1, r) up to 2^-128. */
const drawScalar = (): bigint => (BigInt(`0x${randomBytes(48).toString("hex")}`) % (SCALAR_ORDER - 1n)) + 1n;

function timesG1(scalar: bigint): G1Coordinates {
  const { x, y } = bn254.G1.Point.BASE.multiplyUnsafe(scalar).toAffine();
  return [x, y];
}
