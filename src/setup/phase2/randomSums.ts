import { randomBytes } from "node:crypto";
import { buildBn128 } from "ffjavascript";
import type { G1Point, G2Point } from "../../groth16/points.ts";
import { littleEndian } from "../../circom/readR1cs.ts";
import { scalarBytes } from "../../groth16/zkeyFile.ts";
import { G1_BYTES, readG1, readG2 } from "./pointBytes.ts";

/** Bytes of a random weight: two different lists of points have one weighted sum with probability 2^-128. */
const WEIGHT_BYTES = 16;
/** The smallest factor of G2's cofactor is 10,069: one sum over short weights misses a point outside with 1 in 10,000. */
const SUBGROUP_ROUNDS = 10;
const SHORT_WEIGHT_BYTES = 4;

/** Random factors, one a point, as the curve library takes them: little-endian, 16 bytes each. */
export const drawWeights = (count: number): Uint8Array => randomBytes(count * WEIGHT_BYTES);

export const weightAt = (weights: Uint8Array, index: number): bigint =>
  littleEndian(weights.subarray(index * WEIGHT_BYTES, (index + 1) * WEIGHT_BYTES));

/** The weights of points `first` to `end`, the latter left out. */
export const weightsOf = (weights: Uint8Array, first: number, end: number): Uint8Array =>
  weights.subarray(first * WEIGHT_BYTES, end * WEIGHT_BYTES);

/** Scalars below r, 32 bytes each. */
export const fullScalars = (scalars: readonly bigint[]): Uint8Array => Buffer.concat(scalars.map(scalarBytes));

/**
 * Σ sᵢ·Pᵢ over points and scalars as files have them, affine, zeros for infinity. By ffjavascript, which takes a second
 * where noble takes minutes; its workers run until the curve is terminated.
 */
export async function sumG1(points: Uint8Array, scalars: Uint8Array): Promise<Uint8Array> {
  const { G1 } = await buildBn128();
  return G1.toAffine(await G1.multiExpAffine(points, scalars));
}

export async function sumG2(points: Uint8Array, scalars: Uint8Array): Promise<Uint8Array> {
  const { G2 } = await buildBn128();
  return G2.toAffine(await G2.multiExpAffine(points, scalars));
}

/** Sum of a few points of G1. */
export async function addG1(...points: readonly Uint8Array[]): Promise<Uint8Array> {
  const { G1 } = await buildBn128();
  return G1.toAffine(points.reduce((sum, point) => G1.add(sum, point), G1.zero));
}

/**
 * Pᵢ − Qᵢ, point by point. By ffjavascript alone: where a powers-of-tau file is no larger than the circuit, snarkjs's
 * hash of the initial key takes in 64 bytes past the end of the powers, which are no point.
 */
export async function differencesG1(points: Uint8Array, others: Uint8Array): Promise<Uint8Array> {
  const { G1 } = await buildBn128();
  const result = new Uint8Array(points.length);
  for (let offset = 0; offset < points.length; offset += G1_BYTES) {
    const [point, other] = [points, others].map((list) => list.subarray(offset, offset + G1_BYTES));
    result.set(G1.toAffine(G1.sub(point, other)), offset);
  }
  return result;
}

/** A point of a sum, undefined for infinity. */
export const pointOfG1 = (bytes: Uint8Array): G1Point | undefined =>
  bytes.every((byte) => byte === 0) ? undefined : readG1(bytes, "sum in G1");

/** Whether all points, which must be on the curve, are in the subgroup of order r. Wrongly true once in 10^40. */
export async function areInG2(points: Uint8Array, count: number): Promise<boolean> {
  for (let round = 0; round < SUBGROUP_ROUNDS; round++) {
    const sum = await sumG2(points, randomBytes(count * SHORT_WEIGHT_BYTES));
    if (!sum.every((byte) => byte === 0) && !isInG2(sum)) return false;
  }
  return true;
}

function isInG2(sum: Uint8Array): boolean {
  try {
    const point: G2Point = readG2(sum, "sum in G2");
    return !point.is0();
  } catch {
    return false;
  }
}
