import { z } from "zod";
import type { Hex } from "../codec/statement.ts";
import type { Claim } from "./claim.ts";
import { InputError, inFile } from "../errors.ts";
import { SCALAR_ORDER } from "../field.ts";
import { parseDecimal } from "../groth16/points.ts";
import { parseProof, proofToJson } from "../groth16/proof.ts";
import { parseJsonFile } from "../jsonFile.ts";
import type { ProvenInference } from "./proveInference.ts";
import type { KeyedModel } from "./setupModel.ts";

const Bytes32 = z.string().regex(/^0x[0-9a-f]{64}$/, "want 32 bytes in lower-case hex");

/** A claim as a file: numbers are canonical decimals, the proof is snarkjs's JSON. */
const ClaimFile = z.strictObject({
  keyId: Bytes32,
  subject: Bytes32,
  inputCommitment: z.unknown(),
  words: z.array(z.unknown()),
  proof: z.unknown(),
});

/** Words stay below this, or an output would have two encodings (ADR-0001). */
const WORD_LIMIT = 1n << 253n;

/** What `prove` writes and `verify` reads. */
export const claimToJson = ({ keyId }: KeyedModel, { inference, subject, proof }: ProvenInference): object => ({
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

/**
 * Reads a claim about a model, as strictly as the registry. Throws InputError naming the field that is wrong, or where it
 * is under another key.
 */
export async function readClaim(path: string, model: Pick<KeyedModel, "keyId" | "wordCount">): Promise<Claim> {
  const file = await parseJsonFile(path, ClaimFile);
  if (file.keyId !== model.keyId) {
    throw new InputError(`${path}: keyId: the claim is under the key ${file.keyId}, the model's is ${model.keyId}`);
  }
  if (file.words.length !== model.wordCount) {
    throw new InputError(`${path}: words: got ${file.words.length}, want ${model.wordCount}`);
  }
  return inFile(path, () => ({
    inputCommitment: parseNonZero(file.inputCommitment, "inputCommitment"),
    words: file.words.map((word, index) => parseDecimal(word, `words[${index}]`, WORD_LIMIT)),
    subject: requireNonZero(file.subject, "subject"),
    proof: parseProof(file.proof),
  }));
}

const parseNonZero = (json: unknown, name: string): bigint =>
  requireNonZero(parseDecimal(json, name, SCALAR_ORDER), name);

/** Zero is what is missing: the registry refuses it. */
function requireNonZero<Value extends bigint | Hex>(value: Value, name: string): Value {
  if (BigInt(value) === 0n) throw new InputError(`${name}: is zero`);
  return value;
}
