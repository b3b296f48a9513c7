import { inFile } from "../errors.ts";
import { proofToJson } from "../groth16/proof.ts";
import { readJson } from "../jsonFile.ts";
import type { Claim } from "./claim.ts";
import { parseClaim } from "./parseClaim.ts";
import type { ProvenInference } from "./proveInference.ts";
import type { KeyedModel } from "./setupModel.ts";

/** What `prove` writes and `verify` reads. */
export const claimToJson = (
  { keyId }: Pick<KeyedModel, "keyId">,
  { inference, subject, proof }: ProvenInference,
): object => ({
  keyId,
  subject,
  inputCommitment: String(inference.inputCommitment),
  words: inference.words.map(String),
  proof: proofToJson(proof),
});

/** What opens the commitment of a claim: for the client and the provider only. */
export const openingToJson = ({ inference }: ProvenInference): object => ({
  inputs: inference.inputs.map((tensor) => tensor.map(String)),
  salt: String(inference.salt),
});

/** Reads a claim about a model from its file, as `parseClaim`; errors name the file. */
export async function readClaim(path: string, model: Pick<KeyedModel, "keyId" | "wordCount">): Promise<Claim> {
  const json = await readJson(path);
  return inFile(path, () => parseClaim(json, model));
}
