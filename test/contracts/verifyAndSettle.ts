import { expect } from "chai";
import { network } from "hardhat";
import { hashWords, toBytes32 } from "../../src/codec/statement.ts";
import { BASE_ORDER } from "../../src/field.ts";
import { INPUT_COMMITMENT, deployMarket } from "./market.ts";

const connection = await network.create();
const { ethers, networkHelpers, provider } = connection;
const deploy = () => deployMarket(connection);
const SUBJECT = toBytes32(42n);

describe("verifyAndSettle", () => {
  it("records what was proven and says so", async () => {
    const { settlements, modelId, words, mintFor, stranger } = await networkHelpers.loadFixture(deploy);
    expect(await settlements.isSettled(modelId, INPUT_COMMITMENT, SUBJECT, words)).to.equal(false);
    const call = settlements.connect(stranger);
    await expect(call.verifyAndSettle(modelId, INPUT_COMMITMENT, words, SUBJECT, mintFor(SUBJECT)))
      .to.emit(settlements, "InferenceSettled")
      .withArgs(modelId, INPUT_COMMITMENT, SUBJECT, words);
    expect(await settlements.isSettled(modelId, INPUT_COMMITMENT, SUBJECT, words)).to.equal(true);
    await settlements.requireSettled(modelId, INPUT_COMMITMENT, SUBJECT, words);
  });

  it("returns silently where the same is on record, so that a copier cannot make a composed call revert (E5)", async () => {
    const { settlements, modelId, words, mintFor, stranger } = await networkHelpers.loadFixture(deploy);
    const proof = mintFor(SUBJECT);
    await settlements.connect(stranger).verifyAndSettle(modelId, INPUT_COMMITMENT, words, SUBJECT, proof);
    await expect(settlements.verifyAndSettle(modelId, INPUT_COMMITMENT, words, SUBJECT, proof)).not.to.emit(
      settlements,
      "InferenceSettled",
    );
  });

  it("reverts where other words are on record, even proven ones", async () => {
    const { settlements, modelId, words, mintFor } = await networkHelpers.loadFixture(deploy);
    const other = [words[0] + 1n];
    await settlements.verifyAndSettle(modelId, INPUT_COMMITMENT, words, SUBJECT, mintFor(SUBJECT));
    await expect(settlements.verifyAndSettle(modelId, INPUT_COMMITMENT, other, SUBJECT, mintFor(SUBJECT, other)))
      .to.be.revertedWithCustomError(settlements, "RecordConflict")
      .withArgs(hashWords(words), hashWords(other));
  });

  it("reverts on any other statement than was proven and records nothing", async () => {
    const { settlements, registry, modelId, words, mintFor } = await networkHelpers.loadFixture(deploy);
    const proof = mintFor(SUBJECT);
    const statements: [string, bigint[], string][] = [
      [toBytes32(BigInt(INPUT_COMMITMENT) + 1n), words, SUBJECT],
      [INPUT_COMMITMENT, [words[0] + 1n], SUBJECT],
      [INPUT_COMMITMENT, words, toBytes32(43n)],
    ];
    for (const [input, output, subject] of statements) {
      await expect(settlements.verifyAndSettle(modelId, input, output, subject, proof)).to.be.revertedWithCustomError(
        registry,
        "InvalidProof",
      );
      expect(await settlements.isSettled(modelId, input, subject, output)).to.equal(false);
    }
    await expect(settlements.verifyAndSettle(1, INPUT_COMMITMENT, words, SUBJECT, proof)).to.be.revertedWithCustomError(
      registry,
      "ModelNotFound",
    );
  });

  it("keeps the models of one key apart", async () => {
    const { settlements, modelId, words, mintFor, registerModel } = await networkHelpers.loadFixture(deploy);
    const other = await registerModel(100n);
    await settlements.verifyAndSettle(modelId, INPUT_COMMITMENT, words, SUBJECT, mintFor(SUBJECT));
    expect(await settlements.isSettled(other, INPUT_COMMITMENT, SUBJECT, words)).to.equal(false);
    await expect(settlements.requireSettled(other, INPUT_COMMITMENT, SUBJECT, words))
      .to.be.revertedWithCustomError(settlements, "NotSettled")
      .withArgs(toBytes32(0n), hashWords(words));
  });

  it("goes on under a deprecated model", async () => {
    const { settlements, registry, modelId, words, mintFor } = await networkHelpers.loadFixture(deploy);
    await registry.deprecateModel(modelId);
    await settlements.verifyAndSettle(modelId, INPUT_COMMITMENT, words, SUBJECT, mintFor(SUBJECT));
    expect(await settlements.isSettled(modelId, INPUT_COMMITMENT, SUBJECT, words)).to.equal(true);
  });

  it("ends with the key: nothing is settled any more, what was settled does not count", async () => {
    const { settlements, registry, modelId, keyId, words, mintFor, stopKey } = await networkHelpers.loadFixture(deploy);
    await settlements.verifyAndSettle(modelId, INPUT_COMMITMENT, words, SUBJECT, mintFor(SUBJECT));
    await stopKey();
    expect(await settlements.isSettled(modelId, INPUT_COMMITMENT, SUBJECT, words)).to.equal(false);
    const other = toBytes32(43n);
    const calls = [
      () => settlements.requireSettled(modelId, INPUT_COMMITMENT, SUBJECT, words),
      () => settlements.verifyAndSettle(modelId, INPUT_COMMITMENT, words, SUBJECT, mintFor(SUBJECT)),
      () => settlements.verifyAndSettle(modelId, INPUT_COMMITMENT, words, other, mintFor(other)),
    ];
    for (const call of calls)
      await expect(call()).to.be.revertedWithCustomError(registry, "KeyIsStopped").withArgs(keyId);
  });

  it("refuses a subject of zero, an input commitment of zero and a model of zero (E12)", async () => {
    const { settlements, registry, modelId, words, mintFor } = await networkHelpers.loadFixture(deploy);
    const zero = toBytes32(0n);
    const calls: [bigint, string, string, string][] = [
      [modelId, INPUT_COMMITMENT, zero, "ZeroSubject"],
      [modelId, zero, SUBJECT, "InputCommitmentOutOfRange"],
      [0n, INPUT_COMMITMENT, SUBJECT, "ModelNotFound"],
    ];
    for (const [model, input, subject, error] of calls) {
      const proof = mintFor(subject, words, input);
      await expect(settlements.verifyAndSettle(model, input, words, subject, proof)).to.be.revertedWithCustomError(
        registry,
        error,
      );
      expect(await settlements.isSettled(modelId, input, subject, words)).to.equal(false);
    }
  });

  it("takes no empty list of words for an empty record", async () => {
    const { settlements, modelId } = await networkHelpers.loadFixture(deploy);
    expect(await settlements.isSettled(modelId, INPUT_COMMITMENT, SUBJECT, [])).to.equal(false);
    await expect(settlements.requireSettled(modelId, INPUT_COMMITMENT, SUBJECT, []))
      .to.be.revertedWithCustomError(settlements, "NotSettled")
      .withArgs(toBytes32(0n), hashWords([]));
  });

  it("records what another encoding of a proof shows too, once", async () => {
    const { settlements, modelId, words, mintFor } = await networkHelpers.loadFixture(deploy);
    const proof = mintFor(SUBJECT);
    const negated = proof.map((word, index) => ([1, 4, 5].includes(index) ? BASE_ORDER - word : word));
    const settle = (points: bigint[]) => settlements.verifyAndSettle(modelId, INPUT_COMMITMENT, words, SUBJECT, points);
    await expect(settle(negated)).to.emit(settlements, "InferenceSettled");
    await expect(settle(proof)).not.to.emit(settlements, "InferenceSettled");
  });

  it("reverts at every gas limit that does not reach, and records nothing then (Z8)", async () => {
    const { settlements, modelId, words, mintFor, client } = await networkHelpers.loadFixture(deploy);
    const call = [modelId, INPUT_COMMITMENT, words, SUBJECT, mintFor(SUBJECT)] as const;
    const data = settlements.interface.encodeFunctionData("verifyAndSettle", [...call]);
    const transaction = { from: client.address, to: await settlements.getAddress(), data };
    let accepted = 0;
    for (let gas = 30_000; gas <= 300_000; gas += 2_300) {
      const limit = ethers.toQuantity(gas);
      const returned = await provider.request({ method: "eth_call", params: [{ ...transaction, gas: limit }] }).then(
        (result) => result,
        () => "reverted",
      );
      if (returned === "0x") accepted++;
      expect(returned, `gas ${gas}`).to.equal(accepted > 0 ? "0x" : "reverted");
    }
    expect(accepted).to.be.within(1, 50);
    for (const gasLimit of [60_000n, 150_000n, 235_000n]) {
      await settlements.verifyAndSettle(...call, { gasLimit }).catch(() => undefined);
      expect(await settlements.isSettled(modelId, INPUT_COMMITMENT, SUBJECT, words)).to.equal(false);
    }
  });

  it("takes only a model registry", async () => {
    const { settlements, token, stranger } = await networkHelpers.loadFixture(deploy);
    const factory = await ethers.getContractFactory("SettlementRegistry");
    const expectRefused = async (address: string) =>
      expect(factory.deploy(address)).to.be.revertedWithCustomError(settlements, "NotAModelRegistry").withArgs(address);
    for (const target of [settlements, token, stranger]) await expectRefused(await target.getAddress());
    // A contract that answers false to everything: PUSH0 PUSH0 MSTORE PUSH1 32 PUSH0 RETURN.
    await networkHelpers.setCode(stranger.address, "0x5f5f5260205ff3");
    await expectRefused(stranger.address);
  });
});
