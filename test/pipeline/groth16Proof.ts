import { readFile } from "node:fs/promises";
import { bn254 } from "@noble/curves/bn254.js";
import { expect } from "chai";
import { InputError } from "../../src/errors.ts";
import { BASE_ORDER, SCALAR_ORDER } from "../../src/field.ts";
import { compileCircuit } from "../../src/circom/compile.ts";
import type { Proof } from "../../src/groth16/proof.ts";
import { parseProof, parseSignals, proofToJson, toCalldata } from "../../src/groth16/proof.ts";
import { parseVerifyingKey, toContractKey, verifyingKeyText } from "../../src/groth16/verifyingKey.ts";
import { projectPath } from "../../src/paths.ts";
import { dealerSetup } from "../../src/setup/dealer.ts";
import { dealerTrapdoor, mintProof } from "../../src/setup/mint.ts";

const cacheRoot = projectPath("build/cache");

/** JSON text with the value at `path` replaced, or removed where none is given. */
function changed(json: object, path: readonly (string | number)[], value?: unknown): unknown {
  const copy = structuredClone(json) as Record<string | number, never>;
  const parent = path.slice(0, -1).reduce<Record<string | number, unknown>>((node, key) => node[key] as never, copy);
  const last = path[path.length - 1];
  if (value !== undefined) parent[last] = value;
  else if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else delete parent[last];
  return copy;
}

function expectInputError(attempt: () => unknown, message: string): void {
  expect(attempt, message).to.throw(InputError).with.property("message").that.includes(message).and.not.includes("\n");
}

describe("proof and key files", () => {
  let proof: Proof;
  let json: object;
  let vkeyText: string;

  before(async () => {
    const mainPath = projectPath("test/fixtures/threeConstraints.circom");
    const { r1csPath } = await compileCircuit({ mainPath, libraries: [], cacheRoot });
    const { vkeyPath } = await dealerSetup({ r1csPath, cacheRoot });
    vkeyText = await readFile(vkeyPath, "utf8");
    proof = mintProof(await dealerTrapdoor(r1csPath), [1n, 2n, 3n], { a: 5n, b: 7n });
    json = proofToJson(proof);
  });

  it("read back what they write", () => {
    expect(parseProof(JSON.parse(JSON.stringify(json)))).to.deep.equal(proof);
    expect(toCalldata(proof)).to.deep.equal(proof);
    expect(verifyingKeyText(parseVerifyingKey(JSON.parse(vkeyText)))).to.equal(vkeyText);
    expect(toContractKey(parseVerifyingKey(JSON.parse(vkeyText))).ic).to.have.length(4);
  });

  it("put the imaginary part first for the contracts", () => {
    const { x, y } = bn254.G2.Point.BASE.multiply(7n).toAffine();
    expect(proof.slice(2, 6)).to.deep.equal([x.c1, x.c0, y.c1, y.c0]);
  });

  it("refuse every other spelling of a number, naming the field (Z9)", () => {
    const paths = [
      ["pi_a", 0],
      ["pi_a", 1],
      ["pi_b", 0, 0],
      ["pi_b", 0, 1],
      ["pi_b", 1, 0],
      ["pi_b", 1, 1],
      ["pi_c", 0],
      ["pi_c", 1],
    ];
    for (const [index, path] of paths.entries()) {
      const name = `proof.${path[0]}${path
        .slice(1)
        .map((key) => `[${key}]`)
        .join("")}`;
      const value = BigInt([0, 1, 3, 2, 5, 4, 6, 7].map((at) => proof[at])[index]);
      const spellings = [
        `0x${value.toString(16)}`,
        `-${value}`,
        `+${value}`,
        `0${value}`,
        ` ${value}`,
        `${value}\n`,
        `${value}n`,
        `${value}.0`,
        "1e5",
        "",
        "abc",
        "١",
        Number(value),
        1,
        null,
        [String(value)],
        true,
        {},
      ];
      for (const spelling of spellings) {
        expectInputError(() => parseProof(changed(json, path, spelling)), `${name}: want a decimal string`);
      }
      for (const larger of [value + BASE_ORDER, BASE_ORDER, 2n ** 256n])
        expectInputError(() => parseProof(changed(json, path, String(larger))), `${name}: want a number below`);
    }
    expectInputError(() => parseProof(changed(json, ["pi_a", 0], "9".repeat(10_000))), "proof.pi_a[0]: want a decimal");
  });

  it("refuse missing, extra and misshapen fields", () => {
    const cases: [unknown, string][] = [
      [null, "proof: want an object"],
      [[], "proof: want an object"],
      ["{}", "proof: want an object"],
      [changed(json, ["pi_a"]), "proof.pi_a: missing"],
      [changed(json, ["protocol"]), "proof.protocol: missing"],
      [changed(json, ["extra"], 1), 'proof."extra": unknown field'],
      [changed(json, ["protocol"], "plonk"), 'proof.protocol: want "groth16", got "plonk"'],
      [changed(json, ["curve"], "bls12381"), 'proof.curve: want "bn128", got "bls12381"'],
      [changed(json, ["pi_a", 2]), "proof.pi_a: want 3 entries, got 2"],
      [changed(json, ["pi_a", 3], "0"), "proof.pi_a: want 3 entries, got 4"],
      [changed(json, ["pi_a", 2], "0"), "proof.pi_a[2]: want 1"],
      [changed(json, ["pi_c", 2], "2"), "proof.pi_c[2]: want 1"],
      [changed(json, ["pi_c"], { 0: "1" }), "proof.pi_c: want an array of 3"],
      [changed(json, ["pi_b", 1]), "proof.pi_b: want 3 entries, got 2"],
      [changed(json, ["pi_b", 0, 1]), "proof.pi_b[0]: want 2 entries, got 1"],
      [changed(json, ["pi_b", 2, 1], "1"), "proof.pi_b[2]: want [1, 0]"],
    ];
    for (const [value, message] of cases) expectInputError(() => parseProof(value), message);
  });

  it("refuse points that no proof may hold", () => {
    const zeros = [
      ["0", "0"],
      ["0", "0"],
      ["1", "0"],
    ];
    const real = (json as { pi_b: string[][] }).pi_b;
    const cases: [unknown, string][] = [
      [changed(json, ["pi_a"], ["0", "0", "1"]), "proof.pi_a: the point at infinity"],
      [changed(json, ["pi_b"], zeros), "proof.pi_b: the point at infinity"],
      [changed(json, ["pi_c"], ["1", "3", "1"]), "proof.pi_c: not on the curve"],
      [changed(json, ["pi_c"], ["1", "0", "1"]), "proof.pi_c: not on the curve"],
      [changed(json, ["pi_b"], [real[1], real[0], real[2]]), "proof.pi_b: not on the curve"],
      [changed(json, ["pi_b"], outsideSubgroup()), "proof.pi_b: not in the subgroup of order r"],
    ];
    for (const [value, message] of cases) expectInputError(() => parseProof(value), message);
  });

  it("refuse signals that are not canonical or not below r", () => {
    expect(parseSignals(["0", String(SCALAR_ORDER - 1n)])).to.deep.equal([0n, SCALAR_ORDER - 1n]);
    expectInputError(() => parseSignals(["0", String(SCALAR_ORDER)]), "signals[1]: want a number below");
    expectInputError(() => parseSignals(["01"]), "signals[0]: want a decimal string");
    expectInputError(() => parseSignals([1]), "signals[0]: want a decimal string");
    expectInputError(() => parseSignals({ 0: "1" }), "signals: want an array");
  });

  it("refuse keys that are not exactly snarkjs's form of a valid one", () => {
    const vkey = JSON.parse(vkeyText) as { IC: string[][]; vk_beta_2: string[][] };
    expect(() => parseVerifyingKey({ ...vkey, vk_alphabeta_12: [] })).to.not.throw();
    const cases: [unknown, string][] = [
      [changed(vkey, ["IC"]), "vkey.IC: missing"],
      [changed(vkey, ["IC", 3]), "vkey.IC: want 4 entries, got 3"],
      [changed(vkey, ["nPublic"], 2), "vkey.IC: want 3 entries, got 4"],
      [changed(vkey, ["nPublic"], "3"), "vkey.nPublic: want a count"],
      [changed(vkey, ["nPublic"], 0), "vkey.nPublic: want a count"],
      [changed(vkey, ["protocol"], "plonk"), "vkey.protocol"],
      [changed(vkey, ["vk_gamma_2"], vkey.vk_beta_2), "vkey.vk_gamma_2: want the generator of G2"],
      [changed(vkey, ["vk_alpha_1"], ["0", "0", "1"]), "vkey.vk_alpha_1: the point at infinity"],
      [changed(vkey, ["vk_delta_2"], outsideSubgroup()), "vkey.vk_delta_2: not in the subgroup"],
      [changed(vkey, ["IC", 1, 0], "1"), "vkey.IC[1]: not on the curve"],
      [changed(vkey, ["other"], "1"), 'vkey."other": unknown field'],
    ];
    for (const [value, message] of cases) expectInputError(() => parseVerifyingKey(value), message);
    const two = parseVerifyingKey({ ...vkey, nPublic: 2, IC: vkey.IC.slice(1) });
    expectInputError(() => toContractKey(two), "want the three public signals of every model, got 2");
  });
});

/** A point of the twist that is not a multiple of G2's generator, in snarkjs's form. */
function outsideSubgroup(): string[][] {
  const { Fp2 } = bn254.fields;
  for (let real = 1n; ; real++) {
    const x = Fp2.fromBigTuple([real, 0n]);
    const square = Fp2.add(Fp2.mul(Fp2.sqr(x), x), bn254.G2.Point.CURVE().b);
    try {
      const y = Fp2.sqrt(square);
      return [
        [String(x.c0), String(x.c1)],
        [String(y.c0), String(y.c1)],
        ["1", "0"],
      ];
    } catch {
      // Half of all values have no square root: try the next.
    }
  }
}
