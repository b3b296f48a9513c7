import type { G1Coordinates, VerifyingKey } from "../codec/statement.ts";
import { InputError } from "../errors.ts";
import { G2_GENERATOR, expectValue, parseFields, parseG1, parseG2, parseList } from "./points.ts";

/** α, β, δ and an IC point for 1 and for each public signal; G2 points in EIP-197's order. γ is the generator. */
export interface Vkey extends Omit<VerifyingKey, "ic"> {
  readonly ic: readonly G1Coordinates[];
}

const REQUIRED = ["protocol", "curve", "nPublic", "vk_alpha_1", "vk_beta_2", "vk_gamma_2", "vk_delta_2", "IC"];

/**
 * Reads snarkjs's verification_key.json strictly: as {@link parseProof}, and γ must be the generator of G2, which the
 * contracts assume. e(α, β) may be present and is ignored. Throws InputError naming the field.
 */
export function parseVerifyingKey(json: unknown): Vkey {
  const fields = parseFields(json, "vkey", REQUIRED, ["vk_alphabeta_12"]);
  expectValue(fields.protocol, "vkey.protocol", "groth16");
  expectValue(fields.curve, "vkey.curve", "bn128");
  const { nPublic } = fields;
  if (typeof nPublic !== "number" || !Number.isInteger(nPublic) || nPublic < 1 || nPublic > 0xffff)
    throw new InputError("vkey.nPublic: want a count of public signals from 1 to 65535");
  const gamma = parseG2(fields.vk_gamma_2, "vkey.vk_gamma_2");
  if (gamma.some((value, index) => value !== G2_GENERATOR[index]))
    throw new InputError("vkey.vk_gamma_2: want the generator of G2, as every setup leaves it");
  return {
    alpha: parseG1(fields.vk_alpha_1, "vkey.vk_alpha_1"),
    beta: parseG2(fields.vk_beta_2, "vkey.vk_beta_2"),
    delta: parseG2(fields.vk_delta_2, "vkey.vk_delta_2"),
    ic: parseList(fields.IC, nPublic + 1, "vkey.IC").map((point, index) => parseG1(point, `vkey.IC[${index}]`)),
  };
}

/** The text of vkey.json, which {@link parseVerifyingKey} and snarkjs read. */
export function verifyingKeyText(vkey: Vkey): string {
  const g1 = ([x, y]: readonly bigint[]) => [String(x), String(y), "1"];
  const g2 = ([x1, x0, y1, y0]: readonly bigint[]) => [
    [String(x0), String(x1)],
    [String(y0), String(y1)],
    ["1", "0"],
  ];
  const json = {
    protocol: "groth16",
    curve: "bn128",
    nPublic: vkey.ic.length - 1,
    vk_alpha_1: g1(vkey.alpha),
    vk_beta_2: g2(vkey.beta),
    vk_gamma_2: g2(G2_GENERATOR),
    vk_delta_2: g2(vkey.delta),
    IC: vkey.ic.map(g1),
  };
  return `${JSON.stringify(json, null, 1)}\n`;
}

/** The key as the registry takes it: one of exactly three public signals (ADR-0001). */
export function toContractKey(vkey: Vkey): VerifyingKey {
  if (vkey.ic.length !== 4)
    throw new InputError(`vkey.nPublic: want the three public signals of every model, got ${vkey.ic.length - 1}`);
  const [ic0, ic1, ic2, ic3] = vkey.ic;
  return { ...vkey, ic: [ic0, ic1, ic2, ic3] };
}
