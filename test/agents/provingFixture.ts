import type { Opening } from "../../src/agent/serveJob.ts";
import type { SellableModel } from "../../src/agent/provider/offer.ts";
import type { Proven, ProvingTask } from "../../src/agent/proving/provingPool.ts";
import { randomSalt } from "../../src/codec/commitment.ts";
import { toBytes32 } from "../../src/codec/statement.ts";
import { verifyProof } from "../../src/groth16/verify.ts";
import { encodeInputs } from "../../src/ir/encodeInputs.ts";
import { buildModel, shippedModel } from "../../src/model/buildModel.ts";
import { readHeldOut } from "../../src/model/heldOut.ts";
import { infer, signalsOf } from "../../src/model/infer.ts";
import { setupModel } from "../../src/model/setupModel.ts";
import { workPath } from "../../src/paths.ts";

export const MODEL = "digits-mlp";

/** The digits model as an offer has it. */
export async function sellableDigits(): Promise<SellableModel> {
  const cache = workPath("build/cache");
  const { graph, modelHash, keyId, wordCount, vkey, zkeyPath, circuit } = await setupModel(
    await buildModel(shippedModel(MODEL), cache),
    cache,
  );
  const { wasmPath, symPath, r1csPath } = circuit;
  return { graph, modelHash, keyId, wordCount, vkey, zkeyPath, wasmPath, symPath, r1csPath };
}

const openingOf = async ({ graph }: SellableModel, digit: number): Promise<Opening> => ({
  inputs: encodeInputs(graph, [(await readHeldOut(MODEL)).samples[digit].row]),
  salt: randomSalt(),
});

/** A held-out digit to be proven, with its number as the subject. */
export const taskOf = async (model: SellableModel, digit: number): Promise<ProvingTask> => ({
  model: MODEL,
  opening: await openingOf(model, digit),
  subject: toBytes32(BigInt(digit)),
});

/** Whether a proof is of what the reference interpreter says of the task's input, for the task's subject. */
export function isProofOf(model: SellableModel, { opening, subject }: ProvingTask, { words, proof }: Proven): boolean {
  const inference = infer(model.graph, opening.inputs, opening.salt);
  const signals = signalsOf(inference, model.keyId, subject);
  return String(words) === String(inference.words) && verifyProof(model.vkey, signals, proof);
}
