import { InputError } from "../errors.ts";
import { SCALAR_ORDER } from "../field.ts";
import { expectValue, parseDecimal, parseFields, parseG1, parseG2 } from "./points.ts";

/** A.x, A.y, B.x₁, B.x₀, B.y₁, B.y₀, C.x, C.y: the contracts' `uint256[8]` (ADR-0001). */
export type Proof = readonly [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint];

/** snarkjs's JSON form of a proof. */
export interface ProofJson {
  readonly pi_a: readonly string[];
  readonly pi_b: readonly (readonly string[])[];
  readonly pi_c: readonly string[];
  readonly protocol: "groth16";
  readonly curve: "bn128";
}

/**
 * Reads a proof in snarkjs's JSON form: canonical decimals below q, affine points on their curves, B in the subgroup,
 * none at infinity, no other field. One proof has one such text; throws InputError naming the field.
 */
export function parseProof(json: unknown): Proof {
  const fields = parseFields(json, "proof", ["pi_a", "pi_b", "pi_c", "protocol", "curve"]);
  expectValue(fields.protocol, "proof.protocol", "groth16");
  expectValue(fields.curve, "proof.curve", "bn128");
  const a = parseG1(fields.pi_a, "proof.pi_a");
  const b = parseG2(fields.pi_b, "proof.pi_b");
  const c = parseG1(fields.pi_c, "proof.pi_c");
  return [...a, ...b, ...c];
}

/** The text form that {@link parseProof} and snarkjs read. */
export function proofToJson(proof: Proof): ProofJson {
  const [ax, ay, bx1, bx0, by1, by0, cx, cy] = proof.map(String);
  const pi_b = [
    [bx0, bx1],
    [by0, by1],
    ["1", "0"],
  ];
  return { pi_a: [ax, ay, "1"], pi_b, pi_c: [cx, cy, "1"], protocol: "groth16", curve: "bn128" };
}

/** A copy of the proof as contract calls take it. */
export const toCalldata = (proof: Proof): [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint] => [
  ...proof,
];

/** Reads public signals as snarkjs writes them: an array of canonical decimals below r. */
export function parseSignals(json: unknown): bigint[] {
  if (!Array.isArray(json)) throw new InputError("signals: want an array of decimal strings");
  return json.map((signal, index) => parseDecimal(signal, `signals[${index}]`, SCALAR_ORDER));
}
