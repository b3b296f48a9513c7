import { bn254 } from "@noble/curves/bn254.js";
import { littleEndian } from "../circom/readR1cs.ts";
import type { Vkey } from "../groth16/verifyingKey.ts";
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
    alpha: header.slice(0, 2),
    beta: imaginaryFirst(header.slice(4, 8)),
    delta: imaginaryFirst(header.slice(14, 18)),
    ic: Array.from({ length: ic.length / 2 }, (_, index) => ic.slice(2 * index, 2 * index + 2)),
  };
}

/** Base field elements of a section that holds points: 32 little-endian bytes each, in Montgomery form. */
const coordinates = (bytes: Uint8Array): bigint[] =>
  Array.from({ length: bytes.length / 32 }, (_, index) =>
    Fp.mul(littleEndian(bytes.subarray(32 * index, 32 * index + 32)), MONTGOMERY_INVERSE),
  );

const imaginaryFirst = ([x0, x1, y0, y1]: readonly bigint[]): bigint[] => [x1, x0, y1, y0];
