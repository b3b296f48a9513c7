import { expect } from "chai";
import { network } from "hardhat";
import type { Job } from "../../../src/codec/statement.ts";
import { keyIdOf, modelIdOf } from "../../../src/codec/statement.ts";
import { keyOf, mintStatement, trapdoorOf } from "../../fixtures/mint.ts";
import { AMOUNT, REGISTER_WITH_ROYALTY, ROYALTY_BPS, TOLL_BPS, commitmentTo } from "../market.ts";
import type { SignedOrder } from "./shop.ts";
import { DEPOSIT, SKIP, deployShop } from "./shop.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const GREATEST_ROYALTY = 1_000;
const PAYOUT = DEPOSIT - (DEPOSIT * (TOLL_BPS + ROYALTY_BPS)) / 10_000n;

/** An order over the whole deposit that was served, and a client whose own model, over a key that it can forge, pays it. */
async function deploy() {
  const shop = await deployShop(connection);
  const { prepaid, registry, client, provider, stranger, chainId, terms, orderId, signDigest } = shop;
  const trapdoor = trapdoorOf("the client's");
  const keyId = keyIdOf(keyOf(trapdoor), 1);
  const commitment = commitmentTo(keyId);
  await registry.connect(client).publishKey(keyOf(trapdoor), 1);
  await registry.connect(client)[REGISTER_WITH_ROYALTY](commitment, GREATEST_ROYALTY, client.address);
  const address = await registry.getAddress();
  const modelId = modelIdOf(chainId, address, client.address, commitment, GREATEST_ROYALTY, client.address);
  const served = shop.order({ amount: DEPOSIT, nonce: 5n });
  /** An order that no provider served, under the client's own model. */
  const sham = (changes: Partial<Job>): SignedOrder => {
    const job = { ...terms, modelId, ...changes };
    const subject = orderId(job);
    const proof = mintStatement(trapdoor, { keyId, inputCommitment: job.inputCommitment, words: [1n], subject });
    return { job, words: [1n], proof, ...signDigest(subject, client) };
  };
  const [, , , , , copier] = await ethers.getSigners();
  /** Expects that the provider alone settles the item, and is paid in full for what it served. */
  const expectHarmless = async (item: SignedOrder): Promise<void> => {
    for (const thief of [client, copier, stranger]) {
      const reason = prepaid.interface.encodeErrorResult("NotProvider", [thief.address, provider.address]);
      await expect(prepaid.connect(thief).settleOrders([item]))
        .to.be.revertedWithCustomError(prepaid, "ItemRefused")
        .withArgs(0n, reason);
    }
    expect(await prepaid.isNonceUsed(client, provider, item.job.nonce)).to.equal(false);
    await expect(prepaid.connect(provider).settleOrders([served]))
      .to.emit(prepaid, "OrderSettled")
      .and.not.to.emit(prepaid, "OrderSkipped");
    expect([await prepaid.creditOf(provider, terms.token), await prepaid.creditOf(client, terms.token)]).to.deep.equal([
      PAYOUT,
      0n,
    ]);
  };
  return { ...shop, served, sham, copier, expectHarmless };
}

describe("PrepaidOrders: an order that the client signs for itself, settled before the one that was served (E14)", () => {
  it("cannot use up the nonce by an order of one base unit", async () => {
    const { sham, expectHarmless } = await networkHelpers.loadFixture(deploy);
    await expectHarmless(sham({ amount: 1n, nonce: 5n }));
  });

  it("cannot empty the deposit with a tenth of it as royalty to the client", async () => {
    const { sham, expectHarmless } = await networkHelpers.loadFixture(deploy);
    await expectHarmless(sham({ amount: DEPOSIT, nonce: 6n }));
  });

  it("cannot do so under a model that is honest and cheap either", async () => {
    const { order, expectHarmless } = await networkHelpers.loadFixture(deploy);
    await expectHarmless(order({ amount: DEPOSIT - AMOUNT, nonce: 7n }));
  });

  it("would do both if the provider itself settled it: it includes only orders that it served", async () => {
    const { prepaid, served, sham, orderId, client, terms } = await networkHelpers.loadFixture(deploy);
    for (const [item, reason, royalty] of [
      [sham({ amount: 1n, nonce: 5n }), SKIP.nonceUsed, 0n],
      [sham({ amount: DEPOSIT, nonce: 6n }), SKIP.depositTooSmall, DEPOSIT / 10n],
    ] as const) {
      const snapshot = await networkHelpers.takeSnapshot();
      await prepaid.settleOrders([item]);
      await expect(prepaid.settleOrders([served]))
        .to.emit(prepaid, "OrderSkipped")
        .withArgs(orderId(served.job), 0n, reason);
      expect(await prepaid.creditOf(client, terms.token)).to.equal(royalty);
      await snapshot.restore();
    }
  });
});

describe("PrepaidOrders: an order that was served, under a model that the client made of the provider's own key", () => {
  it("pays the client a tenth back: the provider asks for the model's royalty, since the key does not tell", async () => {
    const { prepaid, registry, keyId, client, chainId, provider, terms, order, depositOf } =
      await networkHelpers.loadFixture(deploy);
    const commitment = commitmentTo(keyId);
    await registry.connect(client)[REGISTER_WITH_ROYALTY](commitment, GREATEST_ROYALTY, client.address);
    const address = await registry.getAddress();
    const modelId = modelIdOf(chainId, address, client.address, commitment, GREATEST_ROYALTY, client.address);
    // What a provider that looks at keys alone sees: one that it trusts, a deposit that is secured, a fresh nonce.
    const [honest, own] = [await registry.termsOf(terms.modelId), await registry.termsOf(modelId)];
    expect([own.keyId, await registry.isStopped(keyId)]).to.deep.equal([honest.keyId, false]);
    expect(await prepaid.securedUntil(client, provider, terms.token, terms.deadline)).to.equal(await depositOf());

    await prepaid.settleOrders([order({ modelId, amount: DEPOSIT, nonce: 8n })]);
    const credits = await Promise.all([client, provider].map((owner) => prepaid.creditOf(owner, terms.token)));
    const toll = (DEPOSIT * TOLL_BPS) / 10_000n;
    expect(credits).to.deep.equal([DEPOSIT / 10n, DEPOSIT - toll - DEPOSIT / 10n]);
    // What tells: the terms of the model, which never change.
    expect([own.royaltyBps, own.royaltyTo]).to.deep.equal([BigInt(GREATEST_ROYALTY), client.address]);
  });
});

describe("PrepaidOrders: the provider's call, seen in the mempool", () => {
  it("settles nothing for who copies it, as it is or in the copier's name (E5)", async () => {
    const { prepaid, served, mintFor, orderId, words, copier, client, deposit, terms, expectHarmless } =
      await networkHelpers.loadFixture(deploy);
    await deposit(DEPOSIT, { provider: copier.address });
    const job = { ...served.job, provider: copier.address };
    const proof = mintFor(orderId(job), words, job.inputCommitment);
    const flaw = (reason: string) => prepaid.interface.parseError(reason)?.name === "OrderNotSigned";
    await expect(prepaid.connect(copier).settleOrders([{ ...served, job, proof }]))
      .to.be.revertedWithCustomError(prepaid, "ItemRefused")
      .withArgs(0n, flaw);
    await expectHarmless(served);
    expect(await prepaid.depositOf(client, copier, terms.token)).to.equal(DEPOSIT);
  });
});
