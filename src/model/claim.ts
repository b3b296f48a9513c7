import type { Hex } from "../codec/statement.ts";
import type { Proof } from "../groth16/proof.ts";

/** A statement under a key with its proof: `Claim` of the contracts. */
export interface Claim {
  readonly inputCommitment: bigint;
  readonly words: readonly bigint[];
  readonly subject: Hex;
  readonly proof: Proof;
}
