import { performance } from "node:perf_hooks";
import type { Hex } from "../codec/statement.ts";
import { circuitInputs } from "../circom/emitCircuit.ts";
import type { Proof } from "../groth16/proof.ts";
import type { Prover } from "../groth16/prover.ts";
import { signalsOf, type Inference } from "./infer.ts";

/** An inference with a proof of it for one subject. */
export interface ProvenInference {
  readonly inference: Inference;
  readonly subject: Hex;
  readonly proof: Proof;
  readonly seconds: { readonly witness: number; readonly prove: number };
}

/** The witness (.wtns) of an inference with the public signals that its proof must have. */
export interface InferenceWitness {
  readonly inference: Inference;
  readonly subject: Hex;
  readonly signals: readonly bigint[];
  readonly bytes: Uint8Array;
  readonly seconds: number;
}

/** Calculates the witness of an inference for one subject. */
export async function witnessOf(
  prover: Prover,
  keyId: Hex,
  inference: Inference,
  subject: Hex,
): Promise<InferenceWitness> {
  const start = performance.now();
  const signals = signalsOf(inference, keyId, subject);
  const bytes = await prover.witness(circuitInputs(inference.inputs, inference.salt, signals[2]));
  return { inference, subject, signals, bytes, seconds: (performance.now() - start) / 1000 };
}

/** Proves a witness; throws where the circuit disagrees with the reference interpreter. */
export async function proveWitness(prover: Prover, witness: InferenceWitness): Promise<ProvenInference> {
  const { proof, signals, seconds } = await prover.prove(witness.bytes);
  const wrong = witness.signals.findIndex((signal, index) => signal !== signals[index]);
  if (wrong !== -1) {
    throw new Error(
      `public signal ${wrong}: the circuit says ${signals[wrong]}, the reference ${witness.signals[wrong]}`,
    );
  }
  const { inference, subject } = witness;
  return { inference, subject, proof, seconds: { witness: witness.seconds, prove: seconds.prove } };
}

/** Proves an inference for one subject. */
export const proveInference = async (
  prover: Prover,
  keyId: Hex,
  inference: Inference,
  subject: Hex,
): Promise<ProvenInference> => proveWitness(prover, await witnessOf(prover, keyId, inference, subject));
