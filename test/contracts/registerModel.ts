import { expect } from "chai";
import type { Result } from "ethers";
import { network } from "hardhat";
import { PROOF_SYSTEM_ID, keyIdOf, modelIdOf, toBytes32 } from "../../src/codec/statement.ts";
import { keyOf, trapdoorOf } from "../fixtures/mint.ts";
import { NO_ONE, REGISTER, REGISTER_WITH_ROYALTY, commitmentTo, deployMarket } from "./market.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const deploy = () => deployMarket(connection);

describe("registerModel", () => {
  it("keeps owner, commitment and royalty under the id of ADR-0001", async () => {
    const { registry, keyId, stranger, royaltyReceiver, chainId } = await networkHelpers.loadFixture(deploy);
    const commitment = { ...commitmentTo(keyId), modelHash: toBytes32(77n) };
    const address = await registry.getAddress();
    const id = modelIdOf(chainId, address, stranger.address, commitment, 1_000, royaltyReceiver.address);
    await expect(registry.connect(stranger)[REGISTER_WITH_ROYALTY](commitment, 1_000, royaltyReceiver))
      .to.emit(registry, "ModelRegistered")
      .withArgs(id, stranger.address, Object.values(commitment))
      .and.to.emit(registry, "RoyaltySet")
      .withArgs(id, 1_000, royaltyReceiver.address);
    const [stored, deprecated, owner] = await registry.getModel(id);
    expect((stored as unknown as Result).toObject()).to.deep.equal(commitment);
    expect([deprecated, owner]).to.deep.equal([false, stranger.address]);
    expect([...(await registry.termsOf(id))]).to.deep.equal([keyId, 1_000n, royaltyReceiver.address, false]);
  });

  it("has no royalty in the form of ERC-7992", async () => {
    const { registry, keyId, client, chainId } = await networkHelpers.loadFixture(deploy);
    const id = modelIdOf(chainId, await registry.getAddress(), client.address, commitmentTo(keyId), 0, NO_ONE);
    expect(await registry[REGISTER].staticCall(commitmentTo(keyId))).to.equal(id);
    await expect(registry[REGISTER](commitmentTo(keyId))).not.to.emit(registry, "RoyaltySet");
    expect([...(await registry.termsOf(id))]).to.deep.equal([keyId, 0n, NO_ONE, false]);
    await expect(registry[REGISTER_WITH_ROYALTY](commitmentTo(keyId), 0, NO_ONE))
      .to.be.revertedWithCustomError(registry, "ModelExists")
      .withArgs(id);
  });

  it("lets a copier register the same thing under another id and take nothing (E15)", async () => {
    const { registry, keyId, stranger, modelId, royaltyReceiver } = await networkHelpers.loadFixture(deploy);
    await registry.connect(stranger)[REGISTER_WITH_ROYALTY](commitmentTo(keyId), 250, royaltyReceiver);
    const events = await registry.queryFilter(registry.filters.ModelRegistered());
    expect(new Set(events.map(({ args }) => args.modelId)).size).to.equal(2);
    expect(events[0].args.modelId).to.equal(modelId);
  });

  it("refuses what is incomplete or over the cap (Z12, E12)", async () => {
    const { registry, keyId, royaltyReceiver } = await networkHelpers.loadFixture(deploy);
    const good = commitmentTo(keyId);
    const zero = toBytes32(0n);
    const receiver = royaltyReceiver.address;
    const [unknown, none] = [toBytes32(5n), "0x00000000"];
    const cases: [Partial<typeof good>, number, string, string, unknown[]][] = [
      [{ vkHash: unknown }, 0, NO_ONE, "KeyNotFound", [unknown]],
      [{ vkHash: zero }, 0, NO_ONE, "KeyNotFound", [zero]],
      [{ modelHash: zero }, 0, NO_ONE, "ZeroHash", [zero, good.circuitHash]],
      [{ circuitHash: zero }, 0, NO_ONE, "ZeroHash", [good.modelHash, zero]],
      [{ proofSystemId: none }, 0, NO_ONE, "UnsupportedProofSystem", [none, PROOF_SYSTEM_ID]],
      [{ proofSystemId: "0xffffffff" }, 0, NO_ONE, "UnsupportedProofSystem", ["0xffffffff", PROOF_SYSTEM_ID]],
      [{}, 1_001, receiver, "RoyaltyTooHigh", [1_001, 1_000]],
      [{}, 1, NO_ONE, "RoyaltyReceiverMismatch", [1, NO_ONE]],
      [{}, 0, receiver, "RoyaltyReceiverMismatch", [0, receiver]],
    ];
    for (const [change, royaltyBps, royaltyTo, error, values] of cases) {
      const call = registry[REGISTER_WITH_ROYALTY]({ ...good, ...change }, royaltyBps, royaltyTo);
      await expect(call, error)
        .to.be.revertedWithCustomError(registry, error)
        .withArgs(...values);
    }
  });

  it("never changes a model (invariant 15)", async () => {
    const { registry, keyId, modelId } = await networkHelpers.loadFixture(deploy);
    for (const id of [modelId, 1n]) {
      await expect(registry.updateModel(id, commitmentTo(keyId)))
        .to.be.revertedWithCustomError(registry, "ModelIsImmutable")
        .withArgs(id);
    }
  });

  it("is deprecated once, by its owner", async () => {
    const { registry, modelId, stranger } = await networkHelpers.loadFixture(deploy);
    await expect(registry.connect(stranger).deprecateModel(modelId))
      .to.be.revertedWithCustomError(registry, "NotModelOwner")
      .withArgs(modelId, stranger.address);
    await expect(registry.deprecateModel(modelId)).to.emit(registry, "ModelDeprecated").withArgs(modelId);
    expect((await registry.getModel(modelId))[1]).to.equal(true);
    expect((await registry.termsOf(modelId)).deprecated).to.equal(true);
    await expect(registry.deprecateModel(modelId))
      .to.be.revertedWithCustomError(registry, "ModelIsDeprecated")
      .withArgs(modelId);
  });

  it("knows no model that was not registered", async () => {
    const { registry } = await networkHelpers.loadFixture(deploy);
    for (const call of [() => registry.getModel(1), () => registry.termsOf(1), () => registry.deprecateModel(1)]) {
      await expect(call()).to.be.revertedWithCustomError(registry, "ModelNotFound").withArgs(1);
    }
  });

  it("answers ERC-165 for itself, ERC-7992's registry and nothing else", async () => {
    const { registry } = await networkHelpers.loadFixture(deploy);
    const selectors = [REGISTER, "updateModel", "deprecateModel", "getModel"] as const;
    const faceId = selectors.reduce(
      (id, name) => id ^ BigInt(registry.getFunction(name as "getModel").fragment.selector),
      0n,
    );
    expect(await registry.supportsInterface("0x01ffc9a7")).to.equal(true);
    expect(await registry.supportsInterface(`0x${faceId.toString(16).padStart(8, "0")}`)).to.equal(true);
    expect(await registry.supportsInterface("0xffffffff")).to.equal(false);
    expect(await registry.PROOF_SYSTEM_ID()).to.equal(PROOF_SYSTEM_ID);
  });

  it("makes one key with two word counts two keys", async () => {
    const { registry } = await networkHelpers.loadFixture(deploy);
    const key = keyOf(trapdoorOf("two counts"));
    await registry.publishKey(key, 1);
    await registry.publishKey(key, 2);
    expect((await registry.getKey(keyIdOf(key, 1))).wordCount).to.equal(1n);
    expect((await registry.getKey(keyIdOf(key, 2))).wordCount).to.equal(2n);
  });
});
