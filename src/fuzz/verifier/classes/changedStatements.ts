import { bn254 } from "@noble/curves/bn254.js";
import { toBytes32 } from "../../../codec/statement.ts";
import { SCALAR_ORDER } from "../../../field.ts";
import type { Case, CaseClass, Making } from "../caseClass.ts";
import { type Facts, type Statement, drawFacts, drawStatement, drawWord, mint, replaceAt } from "../facts.ts";
import { prove, signalsFor } from "../facts.ts";
import { allRefuse, signalsOnly } from "../verdicts.ts";

const { Fr } = bn254.fields;
const R = SCALAR_ORDER;
const MAX = 2n ** 256n - 1n;
const MAX_WORD = 2n ** 253n - 1n;

/** Valid points with something else than what they prove. */
export const CHANGED_STATEMENTS: readonly CaseClass[] = [
  { name: "signal + k·r", share: 5, make: reencodedSignal },
  { name: "other signal", share: 1, make: otherSignal },
  { name: "swapped signals", share: 1, make: swappedSignals },
  { name: "another statement", share: 2, make: anotherStatement },
  { name: "another key", share: 1, make: anotherKey },
  { name: "statement layer", share: 2, make: (making) => making.draw.pick(STATEMENT_LAYER)(making) },
];

/**
 * The statement in which the part that stands for a signal has this value: the first word for the second signal, which
 * it is where the key has one word, and the subject for the third, a hash that cannot be chosen.
 */
export function withPart(statement: Statement, at: number, value: bigint): Statement {
  if (at === 0) return { ...statement, inputCommitment: value };
  if (at === 1) return { ...statement, words: replaceAt(statement.words, 0, value) };
  return { ...statement, subject: toBytes32(value) };
}

export const partOf = ({ inputCommitment, words, subject }: Statement, at: number): bigint =>
  [inputCommitment, words[0], BigInt(subject)][at];

/** Up to five multiples of r, at which the sum of IC points is the same. No part takes the place of a context + k·r. */
function reencodedSignal({ key, draw }: Making): Case {
  const { signals, statement, proof } = drawFacts(key, draw);
  const at = draw.below(3);
  const fitting = [1n, 2n, 3n, 4n, 5n].map((times) => times * R).filter((by) => signals[at] + by <= MAX);
  const by = draw.pick(fitting.filter((multiple) => at === 2 || partOf(statement, at) + multiple <= MAX));
  const part = at === 2 ? draw.word() : partOf(statement, at) + by;
  const facts = {
    key,
    signals: replaceAt(signals, at, signals[at] + by),
    statement: withPart(statement, at, part),
    proof,
  };
  return { facts, wanted: allRefuse("SignalNotInField", REGISTRY_REFUSALS[at]) };
}

/** How the registry refuses a part that no field element stands for. */
export const REGISTRY_REFUSALS = ["InputCommitmentOutOfRange", "WordTooLarge", "InvalidProof"] as const;

/** One signal changed, and what stands for it in the statement. */
function otherSignal({ key, draw }: Making): Case {
  const { signals, statement, proof } = drawFacts(key, draw);
  const at = draw.below(3);
  const zero = draw.oneIn(3);
  const value = zero ? 0n : drawWord(draw);
  const registry = zero ? (["InputCommitmentOutOfRange", "InvalidProof", "ZeroSubject"] as const)[at] : "InvalidProof";
  const facts = { key, signals: replaceAt(signals, at, value), statement: withPart(statement, at, value), proof };
  return { facts, wanted: allRefuse("InvalidProof", registry) };
}

/** Signals in another order; the statement's input and first word change places. */
function swappedSignals({ key, draw }: Making): Case {
  const { signals, statement, proof } = drawFacts(key, draw);
  const order = draw.pick([
    [1, 0, 2],
    [0, 2, 1],
    [2, 1, 0],
    [1, 2, 0],
    [2, 0, 1],
  ]);
  const { inputCommitment, words } = statement;
  const swapped = withPart(withPart(statement, 0, words[0]), 1, inputCommitment & MAX_WORD);
  const facts = { key, signals: order.map((at) => signals[at]), statement: swapped, proof };
  return { facts, wanted: allRefuse() };
}

/** A proof of a statement given for another one, or for one that differs in a single part. */
function anotherStatement({ key, draw }: Making): Case {
  const { statement, proof } = drawFacts(key, draw);
  const changed = draw.pick([
    drawStatement(key, draw),
    withPart(statement, 0, draw.scalar()),
    { ...statement, words: replaceAt(statement.words, draw.below(key.wordCount), drawWord(draw)) },
    withPart(statement, 2, draw.word()),
  ]);
  return { facts: { key, signals: signalsFor(changed), statement: changed, proof }, wanted: allRefuse() };
}

/** A proof under another key of the very signals. */
function anotherKey({ key, others, draw }: Making): Case {
  const statement = drawStatement(key, draw);
  const signals = signalsFor(statement);
  const proof = mint(draw.pick(others), signals, draw);
  return { facts: { key, signals, statement, proof }, wanted: allRefuse() };
}

/**
 * Proofs that hold of signals which the statement does not have, or whose statement no one may make. The stand-alone
 * verifier and `verifyProof` know only signals and accept; the registry and the reader of claims refuse.
 */
const STATEMENT_LAYER: readonly ((making: Making) => Case)[] = [
  // Another context, with the words summed up at it.
  ({ key, draw }) => {
    const statement = drawStatement(key, draw);
    const context = drawWord(draw);
    const sum = statement.words.reduceRight((total, word) => Fr.create(total * context + word), 0n);
    return proved({ key, draw }, statement, [statement.inputCommitment, sum, context]);
  },
  // Words merely added up and one added, or any other output commitment.
  ({ key, draw }) => {
    const statement = drawStatement(key, draw);
    const [input, , context] = signalsFor(statement);
    const plain = Fr.create(statement.words.reduce((sum, word) => sum + word, 1n));
    return proved({ key, draw }, statement, [input, draw.pick([plain, draw.scalar()]), context]);
  },
  // A second encoding of a word.
  ({ key, draw }) => {
    const statement = drawStatement(key, draw);
    const at = draw.below(key.wordCount);
    const large = draw.pick([statement.words[at] + R, 2n ** 253n, MAX]);
    return steered({ key, draw }, { ...statement, words: replaceAt(statement.words, at, large) }, "WordTooLarge");
  },
  // A zero word too many, which changes no sum, or a word too few.
  ({ key, draw }) => {
    const statement = drawStatement(key, draw);
    const words = draw.pick([[...statement.words, 0n], statement.words.slice(1), []]);
    return steered({ key, draw }, { ...statement, words }, "WordCountMismatch");
  },
  ({ key, draw }) => steered({ key, draw }, withPart(drawStatement(key, draw), 2, 0n), "ZeroSubject"),
  ({ key, draw }) => steered({ key, draw }, withPart(drawStatement(key, draw), 0, 0n), "InputCommitmentOutOfRange"),
  // A statement about another key, or about none.
  ({ key, others, draw }) => {
    const other = draw.pick(others);
    const words = drawStatement(other, draw).words;
    return steered({ key, draw }, { ...drawStatement(key, draw), keyId: other.keyId, words }, "InvalidProof");
  },
  ({ key, draw }) =>
    steered({ key, draw }, { ...drawStatement(key, draw), keyId: toBytes32(draw.word()) }, "KeyNotFound"),
];

type Prover = Pick<Making, "key" | "draw">;

const proved = ({ key, draw }: Prover, statement: Statement, signals: readonly bigint[]): Case => {
  const facts: Facts = { key, signals, statement, proof: mint(key, signals, draw) };
  return { facts, wanted: signalsOnly() };
};

/** A statement that the registry refuses for this reason, with a proof of the signals that it would have. */
const steered = ({ key, draw }: Prover, statement: Statement, registry: string): Case => {
  return { facts: prove(key, statement, draw), wanted: signalsOnly(registry) };
};
