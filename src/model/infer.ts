import { packWords } from "../codec/codec.ts";
import { commitInput } from "../codec/commitment.ts";
import { contextOf, outputCommitmentOf, type Hex } from "../codec/statement.ts";
import type { IntegerGraph } from "../ir/integerGraph.ts";
import { evaluate } from "../kernels/interpret.ts";

/** What a model says of one input: everything that a proof will be about. */
export interface Inference {
  /** One array of integers an input tensor. */
  readonly inputs: readonly (readonly bigint[])[];
  readonly salt: bigint;
  readonly inputCommitment: bigint;
  /** One array of integers an output tensor. */
  readonly outputs: readonly (readonly bigint[])[];
  readonly words: readonly bigint[];
}

/** Runs the reference interpreter; the result needs no proof for whoever holds the model. */
export function infer(graph: IntegerGraph, inputs: readonly (readonly bigint[])[], salt: bigint): Inference {
  const inputCommitment = commitInput(graph.inputs, inputs, salt);
  const outputs = evaluate(graph, inputs);
  return { inputs, salt, inputCommitment, outputs, words: packWords(graph.outputs, outputs) };
}

/** The public signals of a proof about an inference, in the order of the statement. */
export function signalsOf(
  { inputCommitment, words }: Pick<Inference, "inputCommitment" | "words">,
  keyId: Hex,
  subject: Hex,
): [bigint, bigint, bigint] {
  const context = contextOf(keyId, inputCommitment, subject, words);
  return [inputCommitment, outputCommitmentOf(words, context), context];
}
