import { expect } from "chai";
import { network } from "hardhat";
import { AMOUNT } from "../market.ts";
import { DEPOSIT, LIFE, deployShop } from "./shop.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const { time } = networkHelpers;
const deploy = () => deployShop(connection);
const NOTHING = [0n, 0n, 0n];

describe("PrepaidOrders: announceWithdrawal", () => {
  it("starts a clock of one order life, and pays nothing yet", async () => {
    const { prepaid, terms, announce, announcement, depositOf, credits } = await networkHelpers.loadFixture(deploy);
    expect(await announcement()).to.deep.equal(NOTHING);
    await expect(announce(AMOUNT))
      .to.emit(prepaid, "WithdrawalAnnounced")
      .withArgs(terms.client, terms.provider, terms.token, AMOUNT, BigInt(await time.latest()) + LIFE + 1n);
    const at = BigInt(await time.latest());
    expect(await announcement()).to.deep.equal([AMOUNT, at + LIFE, at + 2n * LIFE]);
    expect([await depositOf(), (await credits())[3]]).to.deep.equal([DEPOSIT, 0n]);
  });

  it("takes 1 to what is in the deposit now: more than the balance cannot be announced early (E17)", async () => {
    const { prepaid, announce, announcement } = await networkHelpers.loadFixture(deploy);
    for (const amount of [0n, DEPOSIT + 1n, 2n ** 128n + 1n, 2n ** 256n - 1n]) {
      await expect(announce(amount))
        .to.be.revertedWithCustomError(prepaid, "AmountOutOfRange")
        .withArgs(amount, DEPOSIT);
    }
    expect(await announcement()).to.deep.equal(NOTHING);
    await announce(1n);
    await announce(DEPOSIT);
    expect((await announcement())[0]).to.equal(DEPOSIT);
  });

  it("is the client's alone: payer, provider and stranger announce only for deposits of their own", async () => {
    const { prepaid, terms, payer, provider, stranger, announcement } = await networkHelpers.loadFixture(deploy);
    for (const caller of [payer, provider, stranger]) {
      await expect(prepaid.connect(caller).announceWithdrawal(terms.provider, terms.token, 1n))
        .to.be.revertedWithCustomError(prepaid, "AmountOutOfRange")
        .withArgs(1n, 0n);
    }
    expect(await announcement()).to.deep.equal(NOTHING);
  });

  for (const [name, amount] of [
    ["raising", DEPOSIT],
    ["lowering", 1n],
    ["repeating", AMOUNT],
  ] as const) {
    it(`restarts the clock when ${name} the amount`, async () => {
      const { prepaid, announce, announcement, execute } = await networkHelpers.loadFixture(deploy);
      await announce(AMOUNT);
      const [, maturesAt] = await announcement();
      await time.setNextBlockTimestamp(maturesAt - 1n);
      await announce(amount);
      expect(await announcement()).to.deep.equal([amount, maturesAt - 1n + LIFE, maturesAt - 1n + 2n * LIFE]);
      await time.setNextBlockTimestamp(maturesAt);
      await expect(execute()).to.be.revertedWithCustomError(prepaid, "WithdrawalNotDue");
    });
  }

  it("does not let one unit, announced early and raised once matured, take the deposit in front of a settlement (E17)", async () => {
    const { prepaid, announce, announcement, execute, order, credits, depositOf } =
      await networkHelpers.loadFixture(deploy);
    await announce(1n);
    const [, maturesAt] = await announcement();
    await time.setNextBlockTimestamp(maturesAt);
    await announce(DEPOSIT);
    await expect(execute()).to.be.revertedWithCustomError(prepaid, "WithdrawalNotDue");
    await prepaid.settleOrders([order({ amount: DEPOSIT, deadline: maturesAt + LIFE })]);
    expect([await depositOf(), (await credits())[3]]).to.deep.equal([0n, 0n]);
  });

  it("announces one deposit, not another of the same client", async () => {
    const { prepaid, client, deposit, terms, stranger, announcement } = await networkHelpers.loadFixture(deploy);
    await deposit(DEPOSIT, { provider: stranger.address });
    await prepaid.connect(client).announceWithdrawal(stranger, terms.token, DEPOSIT);
    expect(await announcement()).to.deep.equal(NOTHING);
  });
});

describe("PrepaidOrders: cancelWithdrawal", () => {
  it("makes the announcement void, for the client alone", async () => {
    const { prepaid, client, terms, announce, announcement, execute, stranger, provider } =
      await networkHelpers.loadFixture(deploy);
    await announce();
    const [, maturesAt] = await announcement();
    for (const caller of [stranger, provider]) {
      await expect(prepaid.connect(caller).cancelWithdrawal(terms.provider, terms.token))
        .to.be.revertedWithCustomError(prepaid, "NothingAnnounced")
        .withArgs(caller.address, terms.provider, terms.token);
    }
    const cancel = () => prepaid.connect(client).cancelWithdrawal(terms.provider, terms.token);
    await expect(cancel()).to.emit(prepaid, "WithdrawalCancelled").withArgs(terms.client, terms.provider, terms.token);
    expect(await announcement()).to.deep.equal(NOTHING);
    await time.setNextBlockTimestamp(maturesAt);
    await expect(execute()).to.be.revertedWithCustomError(prepaid, "NothingAnnounced");
    await expect(cancel()).to.be.revertedWithCustomError(prepaid, "NothingAnnounced");
  });
});
