import { createHash } from "node:crypto";
import { bn254 } from "@noble/curves/bn254.js";
import type { G1Coordinates, Hex, VerifyingKey } from "../codec/statement.ts";
import { contextOf, keyIdOf, outputCommitmentOf } from "../codec/statement.ts";
import { fromG2 } from "../groth16/points.ts";
import { mintProof, type Trapdoor } from "../setup/mint.ts";

const { G1, G2 } = bn254;

/** A key of one output word whose trapdoor is fixed: proofs, and with them calldata and gas, are the same in every run. */
export interface MeasuredKey {
  readonly key: VerifyingKey;
  readonly keyId: Hex;
  readonly prove: (inputCommitment: Hex, words: readonly bigint[], subject: Hex) => readonly bigint[];
}

/** Key `index` of a setup: all of them share α and β, and verify together. */
export function measuredKey(index: number): MeasuredKey {
  const trapdoor: Trapdoor = {
    alpha: scalarOf("alpha"),
    beta: scalarOf("beta"),
    delta: scalarOf(`delta ${index}`),
    ic: [0, 1, 2, 3].map((position) => scalarOf(`ic ${index} ${position}`)),
  };
  const key = keyOf(trapdoor);
  const keyId = keyIdOf(key, 1);
  const prove: MeasuredKey["prove"] = (inputCommitment, words, subject) => {
    const context = contextOf(keyId, BigInt(inputCommitment), subject, words);
    const signals = [BigInt(inputCommitment), outputCommitmentOf(words, context), context];
    return mintProof(trapdoor, signals, { a: scalarOf(`a ${context}`), b: scalarOf(`b ${context}`) });
  };
  return { key, keyId, prove };
}

/** A number in [1, r) from a label. */
function scalarOf(label: string): bigint {
  const hash = createHash("sha512").update(`tollgate gas ${label}`).digest("hex");
  return bn254.fields.Fr.create(BigInt(`0x${hash}`)) || 1n;
}

function keyOf({ alpha, beta, delta, ic: [ic0, ic1, ic2, ic3] }: Trapdoor): VerifyingKey {
  const g2 = (scalar: bigint) => fromG2(G2.Point.BASE.multiply(scalar));
  return { alpha: g1(alpha), beta: g2(beta), delta: g2(delta), ic: [g1(ic0), g1(ic1), g1(ic2), g1(ic3)] };
}

function g1(scalar: bigint): G1Coordinates {
  const { x, y } = G1.Point.BASE.multiply(scalar).toAffine();
  return [x, y];
}
