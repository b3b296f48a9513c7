import { z } from "zod";
import { checkSchema } from "../checkSchema.ts";
import type { Hex } from "../codec/statement.ts";
import { InputError } from "../errors.ts";
import { SCALAR_ORDER } from "../field.ts";
import { parseDecimal } from "../groth16/points.ts";
import { parseProof } from "../groth16/proof.ts";
import type { Claim } from "./claim.ts";

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

/** What a claim's file says, its proof not looked at. */
export interface Statement extends Omit<Claim, "proof"> {
  readonly keyId: Hex;
  /** For `parseProof`. */
  readonly proofJson: unknown;
}

/** Reads the statement of a claim, as strictly as the registry. Throws InputError naming the field that is wrong. */
export function parseStatement(json: unknown): Statement {
  const { keyId, subject, inputCommitment, words, proof } = checkSchema(ClaimFile, json);
  return {
    keyId,
    inputCommitment: requireNonZero(parseDecimal(inputCommitment, "inputCommitment", SCALAR_ORDER), "inputCommitment"),
    words: words.map((word, index) => parseDecimal(word, `words[${index}]`, WORD_LIMIT)),
    subject: requireNonZero(subject, "subject"),
    proofJson: proof,
  };
}

/** Throws InputError unless a statement is under this key and has as many words as the key is for. */
export function requireKey({ keyId, words }: Statement, model: { keyId: Hex; wordCount: number }): void {
  if (keyId !== model.keyId)
    throw new InputError(`keyId: the claim is under the key ${keyId}, the model's is ${model.keyId}`);
  if (words.length !== model.wordCount) throw new InputError(`words: got ${words.length}, want ${model.wordCount}`);
}

/** Reads a claim about a model. Throws InputError naming the field that is wrong, or where it is under another key. */
export function parseClaim(json: unknown, model: { keyId: Hex; wordCount: number }): Claim {
  const statement = parseStatement(json);
  requireKey(statement, model);
  const { inputCommitment, words, subject, proofJson } = statement;
  return { inputCommitment, words, subject, proof: parseProof(proofJson) };
}

/** Zero is what is missing: the registry refuses it. */
function requireNonZero<Value extends bigint | Hex>(value: Value, name: string): Value {
  if (BigInt(value) === 0n) throw new InputError(`${name}: is zero`);
  return value;
}
