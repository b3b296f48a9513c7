import { expect } from "chai";
import { commitInput, randomSalt } from "../../src/codec/commitment.ts";
import type { CodecTensor } from "../../src/codec/codec.ts";

/** An input of one byte: whoever knows the salt tries all of them. */
const CODEC: readonly CodecTensor[] = [{ name: "age", shape: [1], bits: 8, signed: false, scale: 1 }];
const ALL = Array.from({ length: 256 }, (_, value) => BigInt(value));
const SECRET = 42n;

/** Inputs that open the commitment with one of the salts. */
const guesses = (commitment: bigint, salts: readonly bigint[]): bigint[] =>
  ALL.filter((value) => salts.some((salt) => commitInput(CODEC, [[value]], salt) === commitment));

describe("an input of low entropy (Z16)", () => {
  it("is found among all inputs by who knows the salt", () => {
    const salt = randomSalt();
    expect(guesses(commitInput(CODEC, [[SECRET]], salt), [salt])).to.deep.equal([SECRET]);
  });

  it("is found by nobody who tries all inputs with no salt, a small one or another commitment's", () => {
    const commitment = commitInput(CODEC, [[SECRET]], randomSalt());
    expect(guesses(commitment, [0n, 1n, 2n, 255n, randomSalt()])).to.deep.equal([]);
  });

  it("has a salt of 248 bits, of which each is as often 0 as 1", () => {
    const salts = Array.from({ length: 2000 }, randomSalt);
    for (let bit = 0n; bit < 248n; bit++) {
      const ones = salts.filter((salt) => ((salt >> bit) & 1n) === 1n).length;
      // Nine standard deviations: chance does not fail it.
      expect(Math.abs(ones - 1000), `bit ${bit}`).to.be.below(201);
    }
    expect(new Set(salts).size).to.equal(salts.length);
    expect(salts.every((salt) => salt < 1n << 248n)).to.equal(true);
  });
});
