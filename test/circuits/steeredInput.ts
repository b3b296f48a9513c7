import { expect } from "chai";
import { keccak256, toUtf8Bytes } from "ethers";
import { contextOf, hashWords, outputCommitmentOf } from "../../src/codec/statement.ts";
import { circuitInputs, emitCircuit } from "../../src/circom/emitCircuit.ts";
import { packWords, unpackWords } from "../../src/codec/codec.ts";
import { commit } from "../../src/codec/commitment.ts";
import { mod } from "../../src/field.ts";
import type { IntegerGraph } from "../../src/ir/integerGraph.ts";
import { compileText } from "../fixtures/circuits/circuitUnderTest.ts";

/** Eleven elements of 23 bits fill a word: every number below 2^253 is a word of some input. */
const CODEC = { shape: [22], bits: 23, signed: false, scale: 1 };

/** A model whose output is its input, two words long: the prover controls both coefficients of the sum. */
const IDENTITY: IntegerGraph = {
  format: "tollgate-graph-1",
  name: "identity",
  source: { onnxSha256: "" },
  inputs: [{ ...CODEC, name: "x", range: { low: 0, high: 1, source: "option" } }],
  kernels: [
    { kernel: "Arrange", name: "copy", inputs: ["x"], output: "y", indices: [...Array(22).keys()], constants: [] },
  ],
  outputs: [{ ...CODEC, name: "y", from: "y", role: "values" }],
};

const KEY_ID = keccak256(toUtf8Bytes("key"));
const SUBJECT = keccak256(toUtf8Bytes("job"));
const SALT = 1n;
const WORD_LIMIT = 1n << 253n;
/** What the cheat wants to be paid for: words that are not the output of any input it commits to. */
const FALSE_WORDS = [42n, 7n];

/** The nth word that the cheat tries as the second one. */
const trialWord = (trial: number): bigint => BigInt(keccak256(toUtf8Bytes(`trial ${trial}`))) >> 3n;

/** Words with the sum of FALSE_WORDS at `context`, or undefined where the first does not fit a word. */
function steer(context: bigint, trial: number): [bigint, bigint] | undefined {
  const second = trialWord(trial);
  const first = mod(FALSE_WORDS[0] + (FALSE_WORDS[1] - second) * context);
  return first < WORD_LIMIT ? [first, second] : undefined;
}

/** The first trial that steers the sum at a context known in advance. */
function steerWithin(context: bigint, trials: number): [bigint, bigint] | undefined {
  for (let trial = 0; trial < trials; trial++) {
    const words = steer(context, trial);
    if (words !== undefined) return words;
  }
  return undefined;
}

describe("steered input (Z6c)", () => {
  /** A context that forgets the input commitment: what the statement must not use. */
  const blindContext = BigInt(keccak256(KEY_ID + SUBJECT.slice(2) + hashWords(FALSE_WORDS).slice(2))) >> 3n;
  const honestContext = (words: readonly bigint[]): bigint =>
    contextOf(KEY_ID, commit(SALT, words), SUBJECT, FALSE_WORDS);

  /** The circuit's output commitment for the input whose words are given. */
  async function prove(words: readonly bigint[], context: bigint): Promise<bigint> {
    const { source, template } = emitCircuit(IDENTITY, "00");
    const circuit = await compileText(template, source);
    const inputs = unpackWords(IDENTITY.inputs, words);
    expect(packWords(IDENTITY.outputs, inputs)).to.deep.equal(words);
    return circuit.read(await circuit.witness(circuitInputs(inputs, SALT, context)), "outputCommitment");
  }

  it("fits false words within a few tries when the context leaves out the input commitment", async () => {
    const words = steerWithin(blindContext, 48);
    expect(words).to.not.equal(undefined);
    expect(words).to.not.deep.equal(FALSE_WORDS);
    expect(await prove(words!, blindContext)).to.equal(outputCommitmentOf(FALSE_WORDS, blindContext));
  });

  it("does not fit them when the context is the statement's", async () => {
    const words = steerWithin(blindContext, 48)!;
    const context = honestContext(words);
    expect(await prove(words, context)).to.equal(outputCommitmentOf(words, context));
    expect(await prove(words, context)).to.not.equal(outputCommitmentOf(FALSE_WORDS, context));
  });

  it("keeps missing a context that moves with every steered input", () => {
    let guess = blindContext;
    for (let trial = 0; trial < 500; trial++) {
      const words = steer(guess, trial) ?? [BigInt(trial), 1n];
      const context = honestContext(words);
      expect(outputCommitmentOf(words, context)).to.not.equal(outputCommitmentOf(FALSE_WORDS, context));
      guess = context;
    }
  });
});
