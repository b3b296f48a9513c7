import { expect } from "chai";
import { network } from "hardhat";
import { AMOUNT } from "../market.ts";
import { DEPOSIT, LIFE, SKIP, deployShop } from "./shop.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const { time } = networkHelpers;

async function deploy() {
  const shop = await deployShop(connection);
  const { prepaid, terms } = shop;
  /** What a provider sees now that thinks of a deadline `life` seconds ahead. */
  const secured = async (life: bigint) => {
    const now = BigInt(await time.latest());
    return prepaid.securedUntil(terms.client, terms.provider, terms.token, now + life);
  };
  return { ...shop, secured };
}

describe("PrepaidOrders: securedUntil", () => {
  it("is the deposit for deadlines after now and up to one order life ahead, else nothing", async () => {
    const { secured } = await networkHelpers.loadFixture(deploy);
    const lives = [-1n, 0n, 1n, LIFE, LIFE + 1n, 2n ** 200n];
    expect(await Promise.all(lives.map(secured))).to.deep.equal([0n, 0n, DEPOSIT, DEPOSIT, 0n, 0n]);
  });

  it("leaves out an announced withdrawal exactly for deadlines after it matures", async () => {
    const { prepaid, terms, announce, announcement } = await networkHelpers.loadFixture(deploy);
    await announce(3n * AMOUNT);
    const [, maturesAt, expiresAt] = await announcement();
    const at = (deadline: bigint) => prepaid.securedUntil(terms.client, terms.provider, terms.token, deadline);
    await time.increaseTo(maturesAt - 100n);
    expect([await at(maturesAt), await at(maturesAt + 1n)]).to.deep.equal([DEPOSIT, DEPOSIT - 3n * AMOUNT]);
    await time.increaseTo(expiresAt - 1n);
    expect(await at(expiresAt + 100n)).to.equal(DEPOSIT - 3n * AMOUNT);
    await time.increaseTo(expiresAt);
    expect(await at(expiresAt + 100n)).to.equal(DEPOSIT);
  });

  it("is nothing where a withdrawal exceeds what settlements left", async () => {
    const { prepaid, terms, announce, announcement, order } = await networkHelpers.loadFixture(deploy);
    await announce(DEPOSIT);
    await prepaid.settleOrders([order()]);
    const [, maturesAt] = await announcement();
    const seen = await prepaid.securedUntil(terms.client, terms.provider, terms.token, maturesAt + 1n);
    expect(seen).to.equal(0n);
  });

  it("must be asked for the latest deadline: a shorter order's own would let a longer one go unpaid", async () => {
    const { prepaid, announce, announcement, order, orderId, secured, execute } =
      await networkHelpers.loadFixture(deploy);
    const half = DEPOSIT / 2n;
    await announce(half);
    const [, maturesAt] = await announcement();
    await time.increaseTo(maturesAt - LIFE / 2n);
    const long = order({ amount: half, deadline: maturesAt + 100n, nonce: 21n });
    const short = order({ amount: half, deadline: maturesAt - 100n, nonce: 22n });
    // By its own deadline the whole deposit covers both orders, by the latest only one of them.
    expect(await secured(LIFE / 2n - 100n)).to.equal(DEPOSIT);
    expect(await secured(LIFE / 2n + 100n)).to.equal(half);
    await prepaid.settleOrders([short]);
    await time.increaseTo(maturesAt);
    await execute();
    await expect(prepaid.settleOrders([long]))
      .to.emit(prepaid, "OrderSkipped")
      .withArgs(orderId(long.job), 0n, SKIP.depositTooSmall);
  });

  it("knows nothing of deposits that are not", async () => {
    const { prepaid, terms, stranger } = await networkHelpers.loadFixture(deploy);
    const deadline = BigInt(await time.latest()) + 100n;
    expect(await prepaid.securedUntil(stranger, terms.provider, terms.token, deadline)).to.equal(0n);
  });
});

describe("PrepaidOrders: a withdrawal in front of the settlement that shows the words (E17)", () => {
  /** An order that was served and a withdrawal of all, announced in the second in which the provider looked. */
  async function race() {
    const shop = await networkHelpers.loadFixture(deploy);
    const served = BigInt(await time.latest()) + 1n;
    const deadline = served + LIFE;
    await time.setNextBlockTimestamp(served);
    await shop.announce();
    expect((await shop.announcement())[1]).to.equal(deadline);
    return { ...shop, deadline, item: shop.order({ amount: DEPOSIT, deadline }) };
  }

  it("is not due in the last second in which the order settles", async () => {
    const { prepaid, deadline, item, execute, depositOf, credits, orderId } = await race();
    await time.setNextBlockTimestamp(deadline - 1n);
    await expect(execute()).to.be.revertedWithCustomError(prepaid, "WithdrawalNotDue");
    await time.setNextBlockTimestamp(deadline);
    await execute();
    await expect(prepaid.settleOrders([item]))
      .to.emit(prepaid, "OrderSkipped")
      .withArgs(orderId(item.job), 0n, SKIP.deadlinePassed);
    expect([await depositOf(), (await credits())[3]]).to.deep.equal([0n, DEPOSIT]);
  });

  it("finds nothing left when the order settled in time", async () => {
    const { prepaid, deadline, item, execute, credits, terms } = await race();
    await time.setNextBlockTimestamp(deadline - 1n);
    await expect(prepaid.settleOrders([item])).to.emit(prepaid, "OrderSettled");
    await expect(execute())
      .to.be.revertedWithCustomError(prepaid, "NothingToWithdraw")
      .withArgs(terms.client, terms.token);
    expect((await credits())[3]).to.equal(0n);
  });

  it("was announced early: the provider sees that the deposit is not secured, and does not serve", async () => {
    const { secured, announce, announcement } = await networkHelpers.loadFixture(deploy);
    await announce();
    const [, maturesAt] = await announcement();
    await time.increaseTo(maturesAt - 1n);
    expect([await secured(LIFE), await secured(1n)]).to.deep.equal([0n, DEPOSIT]);
  });

  it("more than the deposit cannot wait matured for money that comes later", async () => {
    const { prepaid, announce, announcement, execute, deposit, depositOf } = await networkHelpers.loadFixture(deploy);
    await expect(announce(100n * DEPOSIT)).to.be.revertedWithCustomError(prepaid, "AmountOutOfRange");
    await announce(DEPOSIT);
    const [, maturesAt] = await announcement();
    await time.increaseTo(maturesAt);
    await deposit(99n * DEPOSIT);
    await execute();
    expect(await depositOf()).to.equal(99n * DEPOSIT);
  });
});
