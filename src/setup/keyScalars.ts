import { bn254 } from "@noble/curves/bn254.js";
import type { R1cs } from "../circom/readR1cs.ts";
import { forEachTerm, littleEndian } from "../circom/readR1cs.ts";

const { Fr } = bn254.fields;

/** The toxic waste of a Groth16 setup; γ = 1. */
export interface SetupSecrets {
  readonly tau: bigint;
  readonly alpha: bigint;
  readonly beta: bigint;
  readonly delta: bigint;
}

/** Discrete logarithms of a proving key's points, before any division by δ. Indexed by wire but for `h`. */
export interface KeyScalars {
  /** Aᵢ(τ) and Bᵢ(τ). */
  readonly a: readonly bigint[];
  readonly b: readonly bigint[];
  /** βAᵢ(τ) + αBᵢ(τ) + Cᵢ(τ): IC for public wires, section C for the others. */
  readonly k: readonly bigint[];
  /** Lagrange basis of the odd half of the doubled domain at τ: the prover gives the quotient by its values there. */
  readonly h: readonly bigint[];
}

/** Evaluates the quadratic arithmetic program of a circuit at τ (Groth 2016, section 3.2, with snarkjs's domain). */
export function keyScalars(r1cs: R1cs, { tau, alpha, beta }: Omit<SetupSecrets, "delta">): KeyScalars {
  const basis = lagrangeAt(tau, r1cs.domainPower, 0, 1);
  const sums = [0, 1, 2].map(() => Array.from({ length: r1cs.wires }, () => 0n));
  forEachTerm(r1cs, (matrix, constraint, wire, offset) => {
    const value = littleEndian(r1cs.bytes.subarray(offset, offset + 32));
    sums[matrix][wire] = Fr.add(sums[matrix][wire], Fr.mul(value, basis[constraint]));
  });
  const [a, b, c] = sums;
  // One row a public wire, w·0 = 0, makes the public wires' A polynomials independent: no signal can be traded.
  for (let wire = 0; wire <= r1cs.publicSignals; wire++) a[wire] = Fr.add(a[wire], basis[r1cs.constraints + wire]);
  const k = a.map((_, wire) => Fr.create(beta * a[wire] + alpha * b[wire] + c[wire]));
  return { a, b, k, h: lagrangeAt(tau, r1cs.domainPower + 1, 1, 2) };
}

/**
 * Lᵢ(x) for i = first, first + step, … over the subgroup of order n = 2^power: ωⁱ(xⁿ − 1) / (n(x − ωⁱ)).
 * ω is the power of 5 that circom tools use.
 */
export function lagrangeAt(x: bigint, power: number, first: number, step: number): bigint[] {
  const size = 2 ** power;
  const omega = Fr.pow(5n, (Fr.ORDER - 1n) >> BigInt(power));
  const ratio = Fr.pow(omega, BigInt(step));
  const roots = [Fr.pow(omega, BigInt(first))];
  while (roots.length < size / step) roots.push(Fr.mul(roots[roots.length - 1], ratio));
  const scale = Fr.div(Fr.sub(Fr.pow(x, BigInt(size)), 1n), BigInt(size));
  const inverses = Fr.invertBatch(roots.map((root) => Fr.sub(x, root)));
  return roots.map((root, index) => Fr.mul(Fr.mul(scale, root), inverses[index]));
}
