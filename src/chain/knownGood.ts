import { join } from "node:path";
import { id } from "ethers";
import { cached } from "../cache.ts";
import { elementCount, lowest } from "../codec/codec.ts";
import { createProver, type Prover } from "../groth16/prover.ts";
import { parseJsonFile, writeJson } from "../jsonFile.ts";
import { infer } from "../model/infer.ts";
import { proveInference } from "../model/proveInference.ts";
import type { KeyedModel } from "../model/setupModel.ts";
import { KnownGoodProof, toKnownGoodProof } from "./record.ts";

/** Subject of every known-good proof: no job and no consumer's request. */
const KNOWN_GOOD_SUBJECT = id("Tollgate known-good proof");

/** Bumped when the same key would give another claim. */
const FORMAT = "known-good proof 1";

/** Proves what a model says of its least input, under the public salt 0: every model has one, and it hides nothing. */
export async function proveKnownGood(
  prover: Prover,
  { graph, keyId }: Pick<KeyedModel, "graph" | "keyId">,
): Promise<KnownGoodProof> {
  const inputs = graph.inputs.map((tensor) => Array<bigint>(elementCount(tensor.shape)).fill(lowest(tensor)));
  const inference = infer(graph, inputs, 0n);
  const { proof } = await proveInference(prover, keyId, inference, KNOWN_GOOD_SUBJECT);
  return toKnownGoodProof({ ...inference, subject: KNOWN_GOOD_SUBJECT, proof });
}

/** As `proveKnownGood`, or from the cache: a proof is as good for the next deployment of its key. */
export async function findKnownGood(model: KeyedModel, zkeyPath: string, cacheRoot: string): Promise<KnownGoodProof> {
  const { dir } = await cached(cacheRoot, [FORMAT, model.modelHash, model.keyId], async (folder) => {
    const prover = await createProver({ ...model.circuit, zkeyPath });
    try {
      await writeJson(join(folder, "proof.json"), await proveKnownGood(prover, model));
    } finally {
      await prover.close();
    }
  });
  return parseJsonFile(join(dir, "proof.json"), KnownGoodProof);
}
