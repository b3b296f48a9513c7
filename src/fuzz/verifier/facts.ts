import type { Hex } from "../../codec/statement.ts";
import { toBytes32 } from "../../codec/statement.ts";
import { signalsOf } from "../../model/infer.ts";
import { mintProof } from "../../setup/mint.ts";
import type { Draw } from "./draw.ts";
import type { FuzzKey } from "./keys.ts";

/** What a registry and a claim file are told of a statement. */
export interface Statement {
  readonly keyId: Hex;
  readonly inputCommitment: bigint;
  readonly words: readonly bigint[];
  readonly subject: Hex;
}

/** A proof with what it is said to prove: to the verifier of a key by its signals, to a registry by a statement. */
export interface Facts {
  readonly key: FuzzKey;
  readonly signals: readonly bigint[];
  readonly statement: Statement;
  readonly proof: readonly bigint[];
}

/** A statement about a key, every part of it drawn. */
export const drawStatement = ({ keyId, wordCount }: FuzzKey, draw: Draw): Statement => ({
  keyId,
  inputCommitment: draw.scalar(),
  words: Array.from({ length: wordCount }, () => drawWord(draw)),
  subject: toBytes32(draw.word()),
});

/** Of the 253 bits that a word may have. */
export const drawWord = (draw: Draw): bigint => draw.word() >> 3n;

export const signalsFor = (statement: Statement): [bigint, bigint, bigint] =>
  signalsOf(statement, statement.keyId, statement.subject);

/** A valid proof of any signals below r. */
export const mint = ({ trapdoor }: FuzzKey, signals: readonly bigint[], draw: Draw): readonly bigint[] =>
  mintProof(trapdoor, signals, { a: draw.scalar(), b: draw.scalar() });

/** A statement with a valid proof of it. */
export function prove(key: FuzzKey, statement: Statement, draw: Draw): Facts {
  const signals = signalsFor(statement);
  return { key, signals, statement, proof: mint(key, signals, draw) };
}

/** A drawn statement with a valid proof of it. */
export const drawFacts = (key: FuzzKey, draw: Draw): Facts => prove(key, drawStatement(key, draw), draw);

/** A copy of a list with another value in one place. */
export const replaceAt = <Value>(values: readonly Value[], at: number, value: Value): Value[] =>
  values.map((old, index) => (index === at ? value : old));
