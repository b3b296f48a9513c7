import { expect } from "chai";
import { network } from "hardhat";
import type { Job } from "../../src/codec/statement.ts";
import { AMOUNT, ROYALTY_BPS, TOLL_BPS } from "./market.ts";
import { deployShop } from "./prepaid/shop.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const PAYOUT = AMOUNT - (AMOUNT * (TOLL_BPS + ROYALTY_BPS)) / 10_000n;

/** One token in both vaults, which calls back; each vault owes a credit to the other: of royalties and of a payout. */
async function deploy() {
  const shop = await deployShop(connection);
  const { escrow, prepaid, registerModel, payer, prove, words, terms } = shop;
  const hook = await ethers.deployContract("HookToken");
  const token = await hook.getAddress();
  await hook.mint(payer, 100n * AMOUNT);
  for (const spender of [prepaid, await escrow.collectorOf(1)])
    await hook.connect(payer).approve(spender, 100n * AMOUNT);
  const job: Job = { ...terms, client: payer.address, token, funding: 1 };
  const paid = { ...job, provider: await prepaid.getAddress() };
  await escrow.connect(payer).open(paid, "0x");
  await escrow.settle(paid, words, prove(paid));
  const modelId = await registerModel(1_000n, await escrow.getAddress());
  await shop.deposit(AMOUNT, { token });
  await prepaid.settleOrders([shop.order({ token, modelId, nonce: 90n })]);
  const owed = { escrow: await prepaid.creditOf(escrow, token), prepaid: await escrow.creditOf(prepaid, token) };
  expect(owed).to.deep.equal({ escrow: AMOUNT / 10n, prepaid: PAYOUT });
  const held = () => Promise.all([hook.balanceOf(escrow), hook.balanceOf(prepaid)]);
  return { ...shop, hook, token, job, owed, held };
}

describe("a token that moves what one vault owes to the other while that takes a deposit", () => {
  it("pays for no prepaid deposit with it: more arrives than was paid, and all is undone", async () => {
    const { escrow, prepaid, hook, token, owed, deposit, held, terms } = await networkHelpers.loadFixture(deploy);
    const before = await held();
    await hook.setHook(escrow, escrow.interface.encodeFunctionData("withdrawFor", [token, await prepaid.getAddress()]));
    await expect(deposit(AMOUNT, { token }))
      .to.be.revertedWithCustomError(prepaid, "DepositMismatch")
      .withArgs(AMOUNT + owed.prepaid, AMOUNT);
    expect(await held()).to.deep.equal(before);
    expect(await prepaid.depositOf(terms.client, terms.provider, token)).to.equal(0n);
  });

  it("pays for no job with it either", async () => {
    const { escrow, prepaid, hook, token, job, owed, payer, held } = await networkHelpers.loadFixture(deploy);
    const before = await held();
    await hook.setHook(
      prepaid,
      prepaid.interface.encodeFunctionData("withdrawFor", [token, await escrow.getAddress()]),
    );
    await expect(escrow.connect(payer).open(job, "0x"))
      .to.be.revertedWithCustomError(escrow, "DepositMismatch")
      .withArgs(AMOUNT + owed.escrow, AMOUNT);
    expect([await held(), await escrow.stateOf(job)]).to.deep.equal([before, 0n]);
  });

  it("leaves each vault's own deposit and job alone when it opens or settles in the other", async () => {
    const { escrow, prepaid, hook, token, job, payer, prove, words, deposit, terms } =
      await networkHelpers.loadFixture(deploy);
    await escrow.connect(payer).open(job, "0x");
    await hook.setHook(escrow, escrow.interface.encodeFunctionData("settle", [job, words, prove(job)]));
    await deposit(AMOUNT, { token });
    expect(await hook.hookSucceeded()).to.equal(true);
    expect(await prepaid.depositOf(terms.client, terms.provider, token)).to.equal(AMOUNT);
    expect(await escrow.creditOf(terms.provider, token)).to.equal(PAYOUT);
  });
});
