import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { id } from "ethers";
import { randomSalt } from "../codec/commitment.ts";
import { createProver } from "../groth16/prover.ts";
import { elementCount } from "../codec/codec.ts";
import { elementOf, encodeInputs } from "../ir/encodeInputs.ts";
import type { IntegerGraph } from "../ir/integerGraph.ts";
import type { Claim } from "../model/claim.ts";
import { infer } from "../model/infer.ts";
import { type ModelFiles, readInputRows } from "../model/modelFiles.ts";
import { proveInference } from "../model/proveInference.ts";
import type { RebuiltModel } from "./rebuildModel.ts";

/** What the audit's own proofs are for: nothing else. */
const SUBJECT = id("tollgate audit");

/**
 * Proves the model's sample input afresh with the rebuilt circuit and key. Throws where circuit and reference interpreter
 * disagree, or the proof does not verify in JavaScript.
 */
export async function proveSample(
  files: ModelFiles,
  { model, zkeyPath }: Pick<RebuiltModel, "model" | "zkeyPath">,
): Promise<Claim> {
  const rows = await sampleOf(files, model.graph);
  const prover = await createProver({ ...model.circuit, zkeyPath });
  try {
    const inference = infer(model.graph, encodeInputs(model.graph, rows), randomSalt());
    const { proof } = await proveInference(prover, model.keyId, inference, SUBJECT);
    return { inputCommitment: inference.inputCommitment, words: inference.words, subject: SUBJECT, proof };
  } finally {
    await prover.close();
  }
}

/** samples/input.json of a model folder, else the least value of every input. */
async function sampleOf({ onnxPath }: ModelFiles, { inputs }: IntegerGraph): Promise<number[][]> {
  const path = join(dirname(onnxPath), "samples", "input.json");
  if (existsSync(path)) return readInputRows(path);
  return inputs.map((input) =>
    Array.from({ length: elementCount(input.shape) }, (_, index) => {
      const { step, low } = elementOf(input, index);
      return step * low;
    }),
  );
}
