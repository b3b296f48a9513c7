import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { buildPoseidon } from "circomlibjs";
import fc from "fast-check";
import { poseidon2, poseidon3, poseidon4, poseidon5, poseidon16 } from "poseidon-lite";
import { PARTIAL_ROUNDS, renderPoseidonConstants } from "../../src/circom/poseidonConstants.ts";
import { commit } from "../../src/codec/commitment.ts";
import { SCALAR_ORDER } from "../../src/field.ts";
import { projectPath } from "../../src/paths.ts";
import { type CircuitUnderTest, broken, compileText } from "../fixtures/circuits/circuitUnderTest.ts";

const LITE = { 2: poseidon2, 3: poseidon3, 4: poseidon4, 5: poseidon5, 16: poseidon16 };
const INPUT_COUNTS = [2, 3, 4, 5, 16] as const;

/** Constraints of one permutation: three an S-box, none for the constant capacity element and none for the output. */
const COSTS = { 2: 240, 3: 261, 4: 297, 5: 321, 16: 609 };

/** One Poseidon of every width side by side. */
const ALL_WIDTHS = `pragma circom 2.2.0;
include "Poseidon.circom";
template AllWidths() {
    ${INPUT_COUNTS.map((count) => `signal input in${count}[${count}];`).join("\n    ")}
    ${INPUT_COUNTS.map((count) => `signal output hash${count} <== Poseidon(${count})(in${count});`).join("\n    ")}
}
component main = AllWidths();
`;

/** Chains of one, two and three blocks: words of 253 bits, one a one-element tensor. */
const CHAIN_WORDS = [5, 14, 15, 30] as const;
const CHAINS = `pragma circom 2.2.0;
include "InputCommitment.circom";
template Chains() {
    signal input salt;
    ${CHAIN_WORDS.map((words) => `signal input in${words}[${words}];`).join("\n    ")}
    ${CHAIN_WORDS.map(
      (words) => `signal output hash${words} <== InputCommitment(1, [${words}], [252], [0])(in${words}, salt);`,
    ).join("\n    ")}
}
component main = Chains();
`;

const element = (): fc.Arbitrary<bigint> =>
  fc.oneof(fc.constantFrom(0n, 1n, SCALAR_ORDER - 1n), fc.bigInt({ min: 0n, max: SCALAR_ORDER - 1n }));

describe("Poseidon", () => {
  it("has the committed constants, from our own generator", async () => {
    for (const [path, text] of renderPoseidonConstants()) {
      expect(await readFile(projectPath(path), "utf8"), path).to.equal(text);
    }
    expect(Object.keys(PARTIAL_ROUNDS).map(Number)).to.deep.equal(INPUT_COUNTS.map((count) => count + 1));
  });

  it("equals circomlibjs and poseidon-lite at every width, in as many constraints as S-boxes need", async () => {
    const [circuit, oracle] = await Promise.all([compileText("AllWidths", ALL_WIDTHS), buildPoseidon()]);
    const total = INPUT_COUNTS.reduce((sum, count) => sum + COSTS[count], 0);
    expect(circuit.counts).to.include({ nonlinear: total, linear: 0 });
    const inputs = fc.tuple(
      ...INPUT_COUNTS.map((count) => fc.array(element(), { minLength: count, maxLength: count })),
    );
    const check = async (messages: bigint[][]): Promise<void> => {
      const named = Object.fromEntries(messages.map((message, index) => [`in${INPUT_COUNTS[index]}`, message]));
      const witness = await circuit.witness(named);
      INPUT_COUNTS.forEach((count, index) => {
        const hash = circuit.read(witness, `hash${count}`);
        expect(hash).to.equal(BigInt(oracle.F.toString(oracle(messages[index]))));
        expect(hash).to.equal(LITE[count](messages[index]));
      });
    };
    await check(INPUT_COUNTS.map((count) => Array<bigint>(count).fill(0n)));
    await check(INPUT_COUNTS.map((count) => Array<bigint>(count).fill(SCALAR_ORDER - 1n)));
    await fc.assert(fc.asyncProperty(inputs, check), { seed: 7, numRuns: 10 });
  });

  it("chains commitments of more than five elements as the codec does", async () => {
    const circuit: CircuitUnderTest = await compileText("Chains", CHAINS);
    const word = (index: number): bigint => ((1n << 252n) - 1n) >> BigInt(index);
    const words = (count: number): bigint[] => Array.from({ length: count }, (_, index) => word(index));
    const named = Object.fromEntries(CHAIN_WORDS.map((count) => [`in${count}`, words(count)]));
    const salt = SCALAR_ORDER - 1n;
    const witness = await circuit.witness({ ...named, salt });
    expect(broken(circuit.constraints, witness)).to.deep.equal([]);
    for (const count of CHAIN_WORDS) {
      expect(circuit.read(witness, `hash${count}`)).to.equal(commit(salt, words(count)));
    }
  });
});
