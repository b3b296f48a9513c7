import { expect } from "chai";
import { network } from "hardhat";
import { FUNDING } from "../../../src/codec/statement.ts";
import { AMOUNT, ROYALTY_BPS, TOLL_BPS } from "../market.ts";
import { DEPOSIT, LIFE, SKIP, deployShop } from "./shop.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const PAYOUT = AMOUNT - (AMOUNT * (TOLL_BPS + ROYALTY_BPS)) / 10_000n;

/** A shop whose client could pay both ways. */
async function deploy() {
  const shop = await deployShop(connection);
  const { escrow, token, client, terms } = shop;
  await token.mint(client, DEPOSIT);
  await token.connect(client).approve(await escrow.collectorOf(1), DEPOSIT);
  const balances = async () => [
    await shop.prepaid.creditOf(terms.provider, terms.token),
    await escrow.creditOf(terms.provider, terms.token),
  ];
  return { ...shop, balances };
}

describe("one order on two payment paths (E14)", () => {
  it("is no job of the escrow: funding 5 has no collector there, even if the client opens it itself", async () => {
    const { prepaid, escrow, client, order, balances, orderId, signDigest } = await networkHelpers.loadFixture(deploy);
    const item = order();
    const { r, vs } = signDigest(orderId(item.job), client);
    const signature = ethers.Signature.from({ r, yParityAndS: vs }).serialized;
    await prepaid.settleOrders([item]);
    await expect(escrow.connect(client).open(item.job, "0x"))
      .to.be.revertedWithCustomError(escrow, "FundingNotSupported")
      .withArgs(5);
    for (const funding of [FUNDING.prepaid, FUNDING.allowance]) {
      await expect(escrow.openWithSignature({ ...item.job, funding }, signature, "0x")).to.revert(ethers);
    }
    expect(await balances()).to.deep.equal([PAYOUT, 0n]);
  });

  it("is not made of an escrow's job: neither its signature nor its proof fits here", async () => {
    const { prepaid, registry, escrow, client, terms, order, jobId, signDigest, prove, words, balances } =
      await networkHelpers.loadFixture(deploy);
    const job = { ...terms, funding: FUNDING.allowance };
    await escrow.connect(client).open(job, "0x");
    await escrow.settle(job, words, prove(job));
    const item = order();
    const signed = { ...item, ...signDigest(jobId(job), client) };
    await expect(prepaid.settleOrders([{ ...signed, job }])).to.be.revertedWithCustomError(prepaid, "ItemRefused");
    await expect(prepaid.settleOrders([signed])).to.be.revertedWithCustomError(prepaid, "ItemRefused");
    await expect(prepaid.settleOrders([{ ...item, proof: prove(job) }])).to.be.revertedWithCustomError(
      registry,
      "BatchProofInvalid",
    );
    expect(await balances()).to.deep.equal([0n, PAYOUT]);
  });

  for (const escrowFirst of [true, false]) {
    it(`pays twice only for two agreements with a proof each, ${escrowFirst ? "escrow" : "deposit"} first`, async () => {
      const { prepaid, escrow, client, terms, order, prove, words, balances } =
        await networkHelpers.loadFixture(deploy);
      const job = { ...terms, funding: FUNDING.allowance };
      const item = order();
      const calls = [
        async () => {
          await escrow.connect(client).open(job, "0x");
          await escrow.settle(job, words, prove(job));
        },
        () => prepaid.settleOrders([item]),
      ];
      for (const call of escrowFirst ? calls : calls.reverse()) await call();
      expect(await balances()).to.deep.equal([PAYOUT, PAYOUT]);
      await expect(escrow.settle(job, words, prove(job))).to.be.revertedWithCustomError(escrow, "JobNotInState");
      await prepaid.settleOrders([item]);
      expect(await balances()).to.deep.equal([PAYOUT, PAYOUT]);
    });
  }

  it("pays from one contract of its kind, not from a second one with a deposit as well", async () => {
    const { prepaid, registry, tollCollector, payer, provider, token, terms, order, orderId } =
      await networkHelpers.loadFixture(deploy);
    const other = await ethers.deployContract("PrepaidOrders", [registry, tollCollector, TOLL_BPS, LIFE], provider);
    await token.connect(payer).approve(other, DEPOSIT);
    await other.connect(payer).deposit(terms.client, terms.provider, terms.token, DEPOSIT, "0x");
    const item = order();
    await prepaid.settleOrders([item]);
    await expect(other.settleOrders([item])).to.be.revertedWithCustomError(other, "ItemRefused");
    await expect(prepaid.settleOrders([item]))
      .to.emit(prepaid, "OrderSkipped")
      .withArgs(orderId(terms), 0n, SKIP.nonceUsed);
    expect(await other.creditOf(terms.provider, terms.token)).to.equal(0n);
  });

  it("settles alone or in a batch, once, in either order", async () => {
    for (const batchFirst of [true, false]) {
      const { prepaid, order, balances } = await networkHelpers.loadFixture(deploy);
      const [a, b] = [order(), order({ nonce: 2n })];
      const calls = [[a, b], [a]];
      for (const items of batchFirst ? calls : calls.reverse()) await prepaid.settleOrders(items);
      expect(await balances()).to.deep.equal([2n * PAYOUT, 0n]);
    }
  });

  it("on a record of the consumers' registry pays nobody: its subject is the order, but no money moves there", async () => {
    const { settlements, order, words, orderId, balances, terms } = await networkHelpers.loadFixture(deploy);
    const item = order();
    await settlements.verifyAndSettle(terms.modelId, terms.inputCommitment, words, orderId(item.job), item.proof);
    expect(await balances()).to.deep.equal([0n, 0n]);
  });
});
