import { WORD_BITS } from "../../codec/codec.ts";
import { commitInput } from "../../codec/commitment.ts";
import { createVerifier } from "../../groth16/verify.ts";
import type { SellableModel } from "../provider/offer.ts";
import { signalsOf } from "../../model/infer.ts";
import type { Proven, ProvingTask } from "./provingPool.ts";

/** Throws unless a result is words and a proof that the contracts accept for the task's subject and input. */
export type ProvenCheck = (task: ProvingTask, result: Pick<Proven, "words" | "proof">) => void;

/**
 * What a worker, a queue or a prover from outside says is believed only after this: it takes the model's key and the
 * input's commitment from this process.
 */
export function createProvenCheck({ graph, keyId, wordCount, vkey }: SellableModel): ProvenCheck {
  const verify = createVerifier(vkey);
  return ({ opening: { inputs, salt }, subject }, { words, proof }) => {
    if (!areIntegers(words, wordCount) || words.some((word) => word < 0n || word >> BigInt(WORD_BITS) !== 0n))
      throw new Error(`the result is not ${wordCount} words of ${WORD_BITS} bits`);
    if (!areIntegers(proof, 8)) throw new Error("the proof is not 8 numbers");
    const signals = signalsOf({ inputCommitment: commitInput(graph.inputs, inputs, salt), words }, keyId, subject);
    if (!verify(signals, proof)) throw new Error("the proof does not verify for the task");
  };
}

const areIntegers = (values: readonly bigint[], count: number): boolean =>
  Array.isArray(values) && values.length === count && values.every((value) => typeof value === "bigint");
