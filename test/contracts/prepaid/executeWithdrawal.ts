import { expect } from "chai";
import { network } from "hardhat";
import { AMOUNT } from "../market.ts";
import { DEPOSIT, LIFE, deployShop } from "./shop.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { time } = networkHelpers;
const NOTHING = [0n, 0n, 0n];

/** A shop whose client announced to withdraw everything. */
async function deployAnnounced() {
  const shop = await deployShop(connection);
  await shop.announce();
  const [, maturesAt, expiresAt] = await shop.announcement();
  const executeAt = async (at: bigint) => {
    await time.setNextBlockTimestamp(at);
    return shop.execute();
  };
  return { ...shop, maturesAt, expiresAt, executeAt };
}

describe("PrepaidOrders: executeWithdrawal", () => {
  it("moves the announced amount to the client's credit, once", async () => {
    const { prepaid, token, terms, client, executeAt, maturesAt, announcement, depositOf, execute, stranger } =
      await networkHelpers.loadFixture(deployAnnounced);
    await expect(executeAt(maturesAt))
      .to.emit(prepaid, "WithdrawalExecuted")
      .withArgs(terms.client, terms.provider, terms.token, DEPOSIT);
    expect([await depositOf(), await prepaid.creditOf(client, token), await announcement()]).to.deep.equal([
      0n,
      DEPOSIT,
      NOTHING,
    ]);
    await expect(execute())
      .to.be.revertedWithCustomError(prepaid, "NothingAnnounced")
      .withArgs(terms.client, terms.provider, terms.token);
    await expect(prepaid.connect(client).withdraw(token, stranger)).to.changeTokenBalances(
      ethers,
      token,
      [prepaid, stranger],
      [-DEPOSIT, DEPOSIT],
    );
  });

  for (const [name, fromMaturity, pays] of [
    ["one second before it matures", -1n, false],
    ["when it matures", 0n, true],
    ["in its last second", LIFE - 1n, true],
    ["when it expires", LIFE, false],
    ["after it expired", LIFE + 1n, false],
  ] as const) {
    it(`${pays ? "pays" : "is refused"} ${name}`, async () => {
      const { prepaid, executeAt, maturesAt, expiresAt, depositOf } = await networkHelpers.loadFixture(deployAnnounced);
      const at = maturesAt + fromMaturity;
      if (pays) await executeAt(at);
      else {
        await expect(executeAt(at))
          .to.be.revertedWithCustomError(prepaid, "WithdrawalNotDue")
          .withArgs(maturesAt, expiresAt, at);
      }
      expect(await depositOf()).to.equal(pays ? 0n : DEPOSIT);
    });
  }

  it("waits a whole order life again after an announcement that expired", async () => {
    const { prepaid, announce, execute, expiresAt, executeAt } = await networkHelpers.loadFixture(deployAnnounced);
    await time.setNextBlockTimestamp(expiresAt);
    await announce();
    await expect(execute()).to.be.revertedWithCustomError(prepaid, "WithdrawalNotDue");
    await expect(executeAt(expiresAt + LIFE)).to.emit(prepaid, "WithdrawalExecuted");
  });

  it("pays what is left where orders took a part", async () => {
    const { prepaid, terms, order, executeAt, maturesAt, credits, depositOf } =
      await networkHelpers.loadFixture(deployAnnounced);
    await prepaid.settleOrders([order({ amount: 3n * AMOUNT })]);
    await expect(executeAt(maturesAt))
      .to.emit(prepaid, "WithdrawalExecuted")
      .withArgs(terms.client, terms.provider, terms.token, DEPOSIT - 3n * AMOUNT);
    expect([await depositOf(), (await credits())[3]]).to.deep.equal([0n, DEPOSIT - 3n * AMOUNT]);
  });

  it("leaves what others deposited after the announcement", async () => {
    const { deposit, executeAt, maturesAt, depositOf, credits } = await networkHelpers.loadFixture(deployAnnounced);
    await deposit(AMOUNT);
    await executeAt(maturesAt);
    expect([await depositOf(), (await credits())[3]]).to.deep.equal([AMOUNT, DEPOSIT]);
  });

  it("does nothing with an empty deposit, and works once it is filled again", async () => {
    const { prepaid, terms, order, deposit, executeAt, maturesAt, credits } =
      await networkHelpers.loadFixture(deployAnnounced);
    await prepaid.settleOrders([order({ amount: DEPOSIT })]);
    await expect(executeAt(maturesAt))
      .to.be.revertedWithCustomError(prepaid, "NothingToWithdraw")
      .withArgs(terms.client, terms.token);
    await deposit(AMOUNT);
    await executeAt(maturesAt + 2n);
    expect((await credits())[3]).to.equal(AMOUNT);
  });

  it("ends no order with a far deadline, which is paid from a later deposit: clients sign none", async () => {
    const { prepaid, order, executeAt, maturesAt, deposit, depositOf } =
      await networkHelpers.loadFixture(deployAnnounced);
    const old = order({ deadline: maturesAt + 10n * LIFE });
    await expect(prepaid.settleOrders([old])).to.be.revertedWithCustomError(prepaid, "ItemRefused");
    await executeAt(maturesAt);
    expect(await depositOf()).to.equal(0n);
    await time.increaseTo(old.job.deadline - LIFE);
    await deposit(AMOUNT);
    await prepaid.settleOrders([old]);
    expect(await depositOf()).to.equal(0n);
  });

  it("is the client's alone", async () => {
    const { prepaid, terms, payer, provider, stranger, maturesAt, depositOf } =
      await networkHelpers.loadFixture(deployAnnounced);
    await time.increaseTo(maturesAt);
    for (const caller of [payer, provider, stranger]) {
      await expect(prepaid.connect(caller).executeWithdrawal(terms.provider, terms.token))
        .to.be.revertedWithCustomError(prepaid, "NothingAnnounced")
        .withArgs(caller.address, terms.provider, terms.token);
    }
    expect(await depositOf()).to.equal(DEPOSIT);
  });

  it("takes no other deposit: a client with a sham provider drains only what it has with that one (E14)", async () => {
    const { prepaid, client, terms, deposit, stranger, maturesAt, depositOf } =
      await networkHelpers.loadFixture(deployAnnounced);
    await deposit(AMOUNT, { provider: stranger.address });
    await prepaid.connect(client).announceWithdrawal(stranger, terms.token, AMOUNT);
    const [, shamMaturesAt] = await prepaid.announcementOf(client, stranger, terms.token);
    expect(shamMaturesAt > maturesAt).to.equal(true);
    await time.setNextBlockTimestamp(shamMaturesAt);
    await prepaid.connect(client).executeWithdrawal(stranger, terms.token);
    expect([await depositOf(), await prepaid.depositOf(client, stranger, terms.token)]).to.deep.equal([DEPOSIT, 0n]);
  });
});
