import { bn254 } from "@noble/curves/bn254.js";
import type { G1Coordinates, G2Coordinates } from "../codec/statement.ts";
import { InputError } from "../errors.ts";
import { BASE_ORDER } from "../field.ts";

const { Fp, Fp2 } = bn254.fields;
const G1 = bn254.G1.Point;
const G2 = bn254.G2.Point;

export type G1Point = typeof G1.BASE;
export type G2Point = typeof G2.BASE;

/** The point (x, y) of G1, or what keeps it from being one that a proof or key may hold. */
export function toG1([x, y]: readonly bigint[]): G1Point | string {
  if (![x, y].every(isCoordinate)) return "a coordinate is not in [0, q)";
  if (x === 0n && y === 0n) return "the point at infinity";
  // Before noble makes a point: it throws at y = 0, which no point of odd order has.
  const onCurve = Fp.eql(Fp.sqr(y), Fp.add(Fp.mul(Fp.sqr(x), x), 3n));
  return onCurve ? G1.fromAffine({ x, y }) : "not on the curve";
}

/** The point of G2 with EIP-197's order of coordinates (x₁, x₀, y₁, y₀ for x₀ + x₁·i), or what is wrong with it. */
export function toG2([x1, x0, y1, y0]: readonly bigint[]): G2Point | string {
  if (![x1, x0, y1, y0].every(isCoordinate)) return "a coordinate is not in [0, q)";
  if ([x1, x0, y1, y0].every((value) => value === 0n)) return "the point at infinity";
  const x = Fp2.fromBigTuple([x0, x1]);
  const y = Fp2.fromBigTuple([y0, y1]);
  if (!Fp2.eql(Fp2.sqr(y), Fp2.add(Fp2.mul(Fp2.sqr(x), x), G2.CURVE().b))) return "not on the curve";
  const point = G2.fromAffine({ x, y });
  return point.isTorsionFree() ? point : "not in the subgroup of order r";
}

/** EIP-197's four coordinates of a point of G2. */
export function fromG2(point: G2Point): G2Coordinates {
  const { x, y } = point.toAffine();
  return [x.c1, x.c0, y.c1, y.c0];
}

/** The generator of G2, which is γ in every key. */
export const G2_GENERATOR: G2Coordinates = fromG2(G2.BASE);

const isCoordinate = (value: bigint) => value >= 0n && value < BASE_ORDER;

/** Reads snarkjs's `[x, y, "1"]` at `name`. */
export function parseG1(json: unknown, name: string): G1Coordinates {
  const [x, y, z] = parseList(json, 3, name).map((entry, index) =>
    parseDecimal(entry, `${name}[${index}]`, BASE_ORDER),
  );
  if (z !== 1n) throw new InputError(`${name}[2]: want 1 (an affine point), got ${z}`);
  const point = toG1([x, y]);
  if (typeof point === "string") throw new InputError(`${name}: ${point}`);
  return [x, y];
}

/** Reads snarkjs's `[[x₀, x₁], [y₀, y₁], ["1", "0"]]` at `name` into EIP-197's order. */
export function parseG2(json: unknown, name: string): G2Coordinates {
  const [[x0, x1], [y0, y1], [z0, z1]] = parseList(json, 3, name).map((pair, row) =>
    parseList(pair, 2, `${name}[${row}]`).map((entry, column) =>
      parseDecimal(entry, `${name}[${row}][${column}]`, BASE_ORDER),
    ),
  );
  if (z0 !== 1n || z1 !== 0n) throw new InputError(`${name}[2]: want [1, 0] (an affine point), got [${z0}, ${z1}]`);
  const point = toG2([x1, x0, y1, y0]);
  if (typeof point === "string") throw new InputError(`${name}: ${point}`);
  return [x1, x0, y1, y0];
}

/** Reads a canonical decimal string below `order`. */
export function parseDecimal(json: unknown, name: string, order: bigint): bigint {
  if (json === undefined) throw new InputError(`${name}: missing, want a number as a decimal string`);
  if (typeof json !== "string" || !/^(0|[1-9][0-9]{0,99})$/.test(json))
    throw new InputError(`${name}: want a decimal string without sign or leading zero, got ${brief(json)}`);
  const value = BigInt(json);
  if (value >= order) throw new InputError(`${name}: want a number below ${order}, got ${json}`);
  return value;
}

/** An array of exactly `length` entries. */
export function parseList(json: unknown, length: number, name: string): unknown[] {
  if (json === undefined) throw new InputError(`${name}: missing, want an array of ${length}`);
  if (!Array.isArray(json)) throw new InputError(`${name}: want an array of ${length}, got ${brief(json)}`);
  if (json.length !== length) throw new InputError(`${name}: want ${length} entries, got ${json.length}`);
  return json;
}

/** An object with the fields `required`, those of `optional` if any, and no others. */
export function parseFields(
  json: unknown,
  name: string,
  required: readonly string[],
  optional: readonly string[] = [],
): Record<string, unknown> {
  if (typeof json !== "object" || json === null || Array.isArray(json))
    throw new InputError(`${name}: want an object with ${required.join(", ")}, got ${brief(json)}`);
  const missing = required.find((key) => !Object.hasOwn(json, key));
  if (missing !== undefined) throw new InputError(`${name}.${missing}: missing`);
  const extra = Object.keys(json).find((key) => !required.includes(key) && !optional.includes(key));
  if (extra !== undefined)
    throw new InputError(`${name}.${brief(extra)}: unknown field, want ${required.join(", ")} only`);
  return json as Record<string, unknown>;
}

/** Throws unless the field at `name` is the one value that is supported. */
export function expectValue(json: unknown, name: string, wanted: string): void {
  if (json !== wanted) throw new InputError(`${name}: want ${JSON.stringify(wanted)}, got ${brief(json)}`);
}

/** What was found, on one line of bearable length. */
function brief(json: unknown): string {
  const text = JSON.stringify(json) ?? String(json);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
