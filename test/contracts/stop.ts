import { expect } from "chai";
import { network } from "hardhat";
import { hashWords, toBytes32 } from "../../src/codec/statement.ts";
import { SCALAR_ORDER } from "../../src/field.ts";
import { INPUT_COMMITMENT, REGISTER, commitmentTo, deployMarket } from "./market.ts";
import { keyOf } from "../fixtures/mint.ts";

const connection = await network.create();
const { networkHelpers } = connection;

async function deployClaims() {
  const market = await deployMarket(connection, 2);
  const claim = (words: bigint[], subject: bigint, inputCommitment = INPUT_COMMITMENT) => ({
    inputCommitment,
    words,
    subject: toBytes32(subject),
    proof: market.mintFor(toBytes32(subject), words, inputCommitment),
  });
  return { ...market, claim, a: claim([1n, 2n], 7n), b: claim([1n, 3n], 8n) };
}

describe("stop", () => {
  it("halts the key for ever on two proofs of one input with different words, whoever calls (invariant 17)", async () => {
    const { registry, keyId, a, b, stranger, mintFor, trapdoor } = await networkHelpers.loadFixture(deployClaims);
    expect(await registry.isStopped(keyId)).to.equal(false);
    await expect(registry.connect(stranger).stop(keyId, a, b)).to.emit(registry, "KeyStopped");
    expect(await registry.isStopped(keyId)).to.equal(true);
    const subject = toBytes32(9n);
    const attempts = [
      () => registry.verify(keyId, INPUT_COMMITMENT, [1n, 2n], subject, mintFor(subject, [1n, 2n])),
      () => registry.stop(keyId, a, b),
      () => registry[REGISTER](commitmentTo(keyId)),
    ];
    for (const attempt of attempts) {
      await expect(attempt()).to.be.revertedWithCustomError(registry, "KeyIsStopped").withArgs(keyId);
    }
    await registry.publishKey(keyOf(trapdoor), 2);
    expect(await registry.isStopped(keyId)).to.equal(true);
  });

  it("takes two claims for one subject too", async () => {
    const { registry, keyId, claim } = await networkHelpers.loadFixture(deployClaims);
    await registry.stop(keyId, claim([1n, 2n], 7n), claim([2n, 2n], 7n));
    expect(await registry.isStopped(keyId)).to.equal(true);
  });

  it("refuses two proofs that say the same", async () => {
    const { registry, keyId, a, claim } = await networkHelpers.loadFixture(deployClaims);
    for (const other of [a, claim([1n, 2n], 8n)]) {
      await expect(registry.stop(keyId, a, other))
        .to.be.revertedWithCustomError(registry, "WordsAgree")
        .withArgs(hashWords(a.words));
    }
  });

  it("refuses proofs of different inputs", async () => {
    const { registry, keyId, a, claim } = await networkHelpers.loadFixture(deployClaims);
    const other = claim([1n, 3n], 8n, toBytes32(5n));
    await expect(registry.stop(keyId, a, other))
      .to.be.revertedWithCustomError(registry, "InputCommitmentsDiffer")
      .withArgs(INPUT_COMMITMENT, toBytes32(5n));
  });

  it("refuses when either proof is not valid, and nothing is stopped", async () => {
    const { registry, keyId, a, b } = await networkHelpers.loadFixture(deployClaims);
    const pairs = [
      [a, { ...b, words: [1n, 4n] }],
      [{ ...a, words: [9n, 2n] }, b],
      [a, { ...b, proof: a.proof }],
    ];
    for (const [first, second] of pairs) {
      await expect(registry.stop(keyId, first, second)).to.be.revertedWithCustomError(registry, "InvalidProof");
    }
    expect(await registry.isStopped(keyId)).to.equal(false);
  });

  it("cannot be tripped by a second encoding of one output (Z6b)", async () => {
    const { registry, keyId, a, claim } = await networkHelpers.loadFixture(deployClaims);
    await expect(registry.stop(keyId, a, claim([1n, 2n, 0n], 8n))).to.be.revertedWithCustomError(
      registry,
      "WordCountMismatch",
    );
    const wrapped = claim([1n, 2n + SCALAR_ORDER], 8n);
    await expect(registry.stop(keyId, a, wrapped)).to.be.revertedWithCustomError(registry, "WordTooLarge");
  });

  it("knows no key that was not published", async () => {
    const { registry, a, b } = await networkHelpers.loadFixture(deployClaims);
    await expect(registry.stop(toBytes32(1n), a, b)).to.be.revertedWithCustomError(registry, "KeyNotFound");
  });

  it("checks the key and both proofs before it compares the claims", async () => {
    const { registry, keyId, a, b, claim } = await networkHelpers.loadFixture(deployClaims);
    const elsewhere = claim([1n, 3n], 8n, toBytes32(5n));
    for (const other of [a, elsewhere]) {
      await expect(registry.stop(toBytes32(1n), a, other)).to.be.revertedWithCustomError(registry, "KeyNotFound");
      const forged = { ...other, proof: b.proof };
      await expect(registry.stop(keyId, a, forged)).to.be.revertedWithCustomError(registry, "InvalidProof");
    }
    await registry.stop(keyId, a, b);
    await expect(registry.stop(keyId, a, elsewhere))
      .to.be.revertedWithCustomError(registry, "KeyIsStopped")
      .withArgs(keyId);
  });
});
