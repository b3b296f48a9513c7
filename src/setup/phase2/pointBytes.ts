import { bn254 } from "@noble/curves/bn254.js";
import { littleEndian } from "../../circom/readR1cs.ts";
import { InputError } from "../../errors.ts";
import { BASE_ORDER } from "../../field.ts";
import { type G1Point, type G2Point, toG1, toG2 } from "../../groth16/points.ts";

const { Fp, Fp2 } = bn254.fields;
const FIELD_BYTES = 32;

/** Bytes of a point in .zkey and .ptau files: affine, coordinates little-endian in Montgomery form; zeros are infinity. */
export const G1_BYTES = 2 * FIELD_BYTES;
export const G2_BYTES = 4 * FIELD_BYTES;

const MONTGOMERY_INVERSE = Fp.inv(Fp.create(1n << 256n));
const B1 = bn254.G1.Point.CURVE().b;
const B2 = bn254.G2.Point.CURVE().b;

/** Coordinates of the points, G2's real parts first; undefined where one is not below q: it would have other encodings. */
function coordinates(bytes: Uint8Array): bigint[] | undefined {
  const numbers = Array.from({ length: bytes.length / FIELD_BYTES }, (_, index) =>
    littleEndian(bytes.subarray(index * FIELD_BYTES, (index + 1) * FIELD_BYTES)),
  );
  if (numbers.some((number) => number >= BASE_ORDER)) return undefined;
  return numbers.map((number) => Fp.mul(number, MONTGOMERY_INVERSE));
}

/** A point of G1 other than infinity. Throws InputError naming `name` for anything else. */
export function readG1(bytes: Uint8Array, name: string): G1Point {
  const point = toG1(coordinates(bytes) ?? [BASE_ORDER, BASE_ORDER]);
  if (typeof point === "string") throw new InputError(`${name}: ${point}`);
  return point;
}

/** A point of G2 other than infinity, in the subgroup of order r. Throws InputError naming `name` for anything else. */
export function readG2(bytes: Uint8Array, name: string): G2Point {
  const [x0, x1, y0, y1] = coordinates(bytes) ?? [BASE_ORDER, BASE_ORDER, BASE_ORDER, BASE_ORDER];
  const point = toG2([x1, x0, y1, y0]);
  if (typeof point === "string") throw new InputError(`${name}: ${point}`);
  return point;
}

/** Index of the first point that is neither infinity nor on the curve with canonical coordinates, -1 if there is none. */
export const findOffCurveG1 = (points: Uint8Array): number => findPoint(points, G1_BYTES, isOnG1);
export const findOffCurveG2 = (points: Uint8Array): number => findPoint(points, G2_BYTES, isOnG2);

function findPoint(points: Uint8Array, width: number, isOn: (point: readonly bigint[]) => boolean): number {
  for (let offset = 0; offset < points.length; offset += width) {
    const point = coordinates(points.subarray(offset, offset + width));
    if (point === undefined || !(point.every((value) => value === 0n) || isOn(point))) return offset / width;
  }
  return -1;
}

const isOnG1 = ([x, y]: readonly bigint[]): boolean => Fp.eql(Fp.sqr(y), Fp.add(Fp.mul(Fp.sqr(x), x), B1));

function isOnG2([x0, x1, y0, y1]: readonly bigint[]): boolean {
  const [x, y] = [Fp2.fromBigTuple([x0, x1]), Fp2.fromBigTuple([y0, y1])];
  return Fp2.eql(Fp2.sqr(y), Fp2.add(Fp2.mul(Fp2.sqr(x), x), B2));
}

/** Points as transcripts hash them: coordinates big-endian, not in Montgomery form, imaginary parts first. */
export function hashedForm(points: Uint8Array, width: number): Uint8Array {
  const result = Buffer.alloc(points.length);
  for (let offset = 0; offset < points.length; offset += width / 2) {
    // Half a point is a coordinate; its big-endian bytes, reversed as a whole, have the imaginary part in front.
    const numbers = coordinates(points.subarray(offset, offset + width / 2))!;
    const text = numbers.toReversed().map((number) => number.toString(16).padStart(2 * FIELD_BYTES, "0"));
    result.write(text.join(""), offset, "hex");
  }
  return result;
}
