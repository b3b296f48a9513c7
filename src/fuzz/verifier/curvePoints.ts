import { bn254 } from "@noble/curves/bn254.js";
import type { G1Coordinates, G2Coordinates } from "../../codec/statement.ts";
import { SCALAR_ORDER, mod } from "../../field.ts";
import { type G1Point, type G2Point, fromG2, toG1 } from "../../groth16/points.ts";
import type { Draw } from "./draw.ts";

const { Fp, Fp2 } = bn254.fields;
const G1 = bn254.G1.Point;
const G2 = bn254.G2.Point;

/** The twist has r times this many points (2q − r). */
export const COFACTOR = 2n * Fp.ORDER - SCALAR_ORDER;
/** The cofactor's least prime factor. */
export const SMALL_ORDER = 10_069n;

/** A point of the curve. Assumes that it is one. */
export const g1At = ([x, y]: readonly bigint[]): G1Point => G1.fromAffine({ x, y });

/** A point of the twist, in or out of the subgroup. Assumes that it is one. */
export const g2At = ([x1, x0, y1, y0]: readonly bigint[]): G2Point =>
  G2.fromAffine({ x: Fp2.fromBigTuple([x0, x1]), y: Fp2.fromBigTuple([y0, y1]) });

export const fromG1 = (point: G1Point): G1Coordinates => {
  const { x, y } = point.toAffine();
  return [x, y];
};

export const timesG1 = (scalar: bigint): G1Coordinates => fromG1(G1.BASE.multiplyUnsafe(scalar));

export const timesG2 = (scalar: bigint): G2Coordinates => fromG2(G2.BASE.multiplyUnsafe(scalar));

/** The opposite point of either group: every coordinate of y changes its sign. */
export function negated(point: readonly bigint[]): bigint[] {
  const half = point.length / 2;
  return point.map((value, index) => (index < half ? value : mod(-value, Fp.ORDER)));
}

/** Two coordinates that are no point of G1. */
export function offG1(draw: Draw): bigint[] {
  const point = [draw.coordinate(), draw.coordinate()];
  return toG1(point) === "not on the curve" ? point : offG1(draw);
}

/** A point of the twist: one in the subgroup is not met in practice. */
export function twistPoint(draw: Draw): G2Point {
  for (;;) {
    const x = Fp2.fromBigTuple([draw.coordinate(), draw.coordinate()]);
    const square = Fp2.add(Fp2.mul(Fp2.sqr(x), x), G2.CURVE().b);
    try {
      return G2.fromAffine({ x, y: Fp2.sqrt(square) });
    } catch {
      // Half of all values have no square root: try the next.
    }
  }
}

/** A point whose order divides the cofactor: added to a point of the subgroup, it changes no pairing of that point. */
export const cofactorPoint = (draw: Draw): G2Point => times(twistPoint(draw), SCALAR_ORDER);

/** A point of the cofactor's least prime order, never infinity. */
export function smallOrderPoint(draw: Draw): G2Point {
  const point = times(cofactorPoint(draw), COFACTOR / SMALL_ORDER);
  return point.is0() ? smallOrderPoint(draw) : point;
}

/** Any multiple of any point of the twist; the library's own stops at r. */
export function times(point: G2Point, scalar: bigint): G2Point {
  let sum = G2.ZERO;
  for (const bit of scalar.toString(2)) {
    sum = sum.double();
    if (bit === "1") sum = sum.add(point);
  }
  return sum;
}
