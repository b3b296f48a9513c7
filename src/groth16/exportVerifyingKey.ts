import { bn254 } from "@noble/curves/bn254.js";
import type { G1Coordinates, G2Coordinates } from "../codec/statement.ts";
import { littleEndian } from "../circom/readR1cs.ts";
import type { Vkey } from "./verifyingKey.ts";
import type { ZkeySections } from "./zkeyFile.ts";
import { POINTS, SECTION } from "./zkeyFile.ts";

const { Fp } = bn254.fields;
const MONTGOMERY_INVERSE = Fp.inv(Fp.create(1n << 256n));

/** The verifying half of a proving key. */
export function exportVerifyingKey(sections: ZkeySections): Vkey {
  const header = coordinates(sections.get(SECTION.header)!.subarray(POINTS));
  const ic = coordinates(sections.get(SECTION.ic)!);
  // α₁ at 0, β₁ at 2, β₂ at 4, γ₂ at 8, δ₁ at 12, δ₂ at 14.
  return {
    alpha: g1At(header, 0),
    beta: g2At(header, 4),
    delta: g2At(header, 14),
    ic: Array.from({ length: ic.length / 2 }, (_, index) => g1At(ic, 2 * index)),
  };
}

/** Base field elements of a section that holds points: 32 little-endian bytes each, in Montgomery form. */
const coordinates = (bytes: Uint8Array): bigint[] =>
  Array.from({ length: bytes.length / 32 }, (_, index) =>
    Fp.mul(littleEndian(bytes.subarray(32 * index, 32 * index + 32)), MONTGOMERY_INVERSE),
  );

const g1At = (numbers: readonly bigint[], at: number): G1Coordinates => [numbers[at], numbers[at + 1]];

/** From real parts first, as the file has them. */
const g2At = (numbers: readonly bigint[], at: number): G2Coordinates => {
  const [x0, x1, y0, y1] = numbers.slice(at, at + 4);
  return [x1, x0, y1, y0];
};
