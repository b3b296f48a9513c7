import { expect } from "chai";
import { ZeroAddress } from "ethers";
import fc from "fast-check";
import { network } from "hardhat";
import { CAP_PIPS, DAY, PIPS_PER_UNIT, WINDOW, deployFees, inputOf, returnOf } from "./volatility.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

const BASE_RESERVE = 1_000_000_000n;
const QUOTE_RESERVE = 4_000_000_000n;
const PURSE = 1n << 100n;
const MAX_PIPS = 1_000_000n;
const MAX_RESERVE = (1n << 120n) - 1n;

/** A pool with reserves, an owner and a trader who have both tokens. */
async function deployWith(tokenName: "TestToken" | "HookToken" | "FeeOnTransferToken") {
  const fees = await deployFees(connection);
  const { provider: owner, stranger: trader } = fees;
  const base = await ethers.deployContract(tokenName as "HookToken");
  const quote = await ethers.deployContract(tokenName as "HookToken");
  const pool = await ethers.deployContract("VolatilityPool", [fees.fees, base, quote, owner]);
  for (const token of [base, quote]) {
    for (const account of [owner, trader]) {
      await token.mint(account, PURSE);
      await token.connect(account).approve(pool, PURSE);
    }
  }
  await fees.toDay(1);
  await pool.connect(owner).add(BASE_RESERVE, QUOTE_RESERVE);
  // The first price, of which no return is known.
  await pool.observe();
  const reserves = async () => [await pool.baseReserve(), await pool.quoteReserve()];
  return { ...fees, base, quote, pool: pool.connect(trader), owner, trader, reserves };
}

const deploy = () => deployWith("TestToken");
const withHooks = () => deployWith("HookToken");
const withTokenFees = () => deployWith("FeeOnTransferToken");

/** What a trade gives, rounded towards the pool. */
function outputOf(amountIn: bigint, reserveIn: bigint, reserveOut: bigint, feePips: bigint): bigint {
  const net = (amountIn * (MAX_PIPS - feePips)) / MAX_PIPS;
  return (net * reserveOut) / (reserveIn + net);
}

describe("VolatilityPool", () => {
  it("trades both ways along the constant product, with the cap's fee while nothing is forecast", async () => {
    const { pool, base, quote, trader, reserves } = await networkHelpers.loadFixture(deploy);
    const amount = 5_000_000n;
    const bought = outputOf(amount, QUOTE_RESERVE, BASE_RESERVE, CAP_PIPS);
    await expect(pool.swap(true, amount, bought))
      .to.emit(pool, "Swapped")
      .withArgs(trader.address, true, amount, bought, CAP_PIPS);
    expect(await reserves()).to.deep.equal([BASE_RESERVE - bought, QUOTE_RESERVE + amount]);
    const sold = outputOf(bought, BASE_RESERVE - bought, QUOTE_RESERVE + amount, CAP_PIPS);
    await pool.swap(false, bought, sold);
    expect(await base.balanceOf(trader)).to.equal(PURSE);
    expect(await quote.balanceOf(trader)).to.equal(PURSE - amount + sold);
    expect(await base.balanceOf(pool)).to.equal(await pool.baseReserve());
    expect(await quote.balanceOf(pool)).to.equal(await pool.quoteReserve());
  });

  it("never lets the product of its reserves fall, whatever is traded", async () => {
    const { pool, reserves } = await networkHelpers.loadFixture(deploy);
    const trade = fc.tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 20_000_000_000n }));
    const property = fc.asyncProperty(fc.array(trade, { minLength: 1, maxLength: 10 }), async (trades) => {
      const start = await networkHelpers.takeSnapshot();
      for (const [buysBase, amount] of trades) {
        const [base, quote] = await reserves();
        const [reserveIn, reserveOut] = buysBase ? [quote, base] : [base, quote];
        const wanted = outputOf(amount, reserveIn, reserveOut, CAP_PIPS);
        if (wanted === 0n) {
          await expect(pool.swap(buysBase, amount, 0)).to.be.revertedWithCustomError(pool, "ZeroOutput");
          continue;
        }
        await pool.swap(buysBase, amount, wanted);
        const [baseAfter, quoteAfter] = await reserves();
        expect(baseAfter * quoteAfter >= base * quote).to.equal(true);
      }
      await start.restore();
    });
    await fc.assert(property, { seed: 51, numRuns: 15 });
  });

  it("takes the day's price before the first trade, however large the trade is", async () => {
    const { pool, window, toDay } = await networkHelpers.loadFixture(deploy);
    await toDay(1);
    // Opens the day with a trade that trebles the price, and undoes it: neither shows in the return of the day before.
    await pool.swap(true, QUOTE_RESERVE, 0);
    await pool.swap(false, await pool.baseReserve(), 0);
    expect(Array.from(await window.returnsOf(pool))).to.deep.equal([0n]);
    const [base, quote] = [await pool.baseReserve(), await pool.quoteReserve()];
    await toDay(1);
    await pool.swap(true, QUOTE_RESERVE, 0);
    const day = returnOf(Number(quote) / Number(base), Number(QUOTE_RESERVE) / Number(BASE_RESERVE));
    expect(Array.from(await window.returnsOf(pool), Number)).to.deep.equal([day, 0]);
  });

  it("trades at the fee of its own proven forecast", async () => {
    const { pool, fees, window, trader, toDay, mintFor } = await networkHelpers.loadFixture(deploy);
    const day = await toDay(WINDOW);
    await pool.observe();
    await fees.request(pool);
    const { commitment } = inputOf(Array.from((await window.featuresOf(pool)).features, Number));
    const forecast = 700n;
    const proof = mintFor(await fees.subjectOf(pool, day), [forecast], commitment);
    await fees.fulfil(pool, day, [forecast], proof);
    const fee = forecast * PIPS_PER_UNIT;
    const bought = outputOf(9_999n, QUOTE_RESERVE, BASE_RESERVE, fee);
    await expect(pool.swap(true, 9_999n, 0))
      .to.emit(pool, "Swapped")
      .withArgs(trader.address, true, 9_999n, bought, fee);
  });

  it("refuses to trade for less than is asked for, or for nothing", async () => {
    const { pool, owner } = await networkHelpers.loadFixture(deploy);
    const bought = outputOf(10_000n, QUOTE_RESERVE, BASE_RESERVE, CAP_PIPS);
    await expect(pool.swap(true, 10_000n, bought + 1n))
      .to.be.revertedWithCustomError(pool, "OutputTooSmall")
      .withArgs(bought, bought + 1n);
    await expect(pool.swap(true, 4n, 0))
      .to.be.revertedWithCustomError(pool, "ZeroOutput")
      .withArgs(4);
    const asOwner = pool.connect(owner);
    for (const [base, quote] of [
      [BASE_RESERVE, 0n],
      [0n, QUOTE_RESERVE],
    ]) {
      const full = await networkHelpers.takeSnapshot();
      await asOwner.remove(base, quote, owner);
      for (const buysBase of [true, false]) {
        await expect(pool.swap(buysBase, 10_000n, 0)).to.be.revertedWithCustomError(pool, "ZeroOutput");
      }
      await networkHelpers.time.increase(DAY);
      await pool.observe();
      await full.restore();
    }
  });

  it("lets only its owner move reserves, within what it has and can count", async () => {
    const { pool, base, quote, owner, trader, stranger } = await networkHelpers.loadFixture(deploy);
    for (const call of [() => pool.add(1, 1), () => pool.remove(1, 1, trader)]) {
      await expect(call()).to.be.revertedWithCustomError(pool, "NotOwner").withArgs(stranger.address, owner.address);
    }
    const asOwner = pool.connect(owner);
    await expect(asOwner.remove(BASE_RESERVE + 1n, 0, owner)).to.be.revertedWithPanic(0x11);
    await expect(asOwner.add(MAX_RESERVE, 0)).to.be.revertedWithCustomError(pool, "SafeCastOverflowedUintDowncast");
    await base.mint(pool, 77n);
    await asOwner.remove(BASE_RESERVE, QUOTE_RESERVE, owner);
    expect([await base.balanceOf(pool), await quote.balanceOf(pool)], "forced tokens are nobody's").to.deep.equal([
      77n,
      0n,
    ]);
  });

  it("records the price before its owner changes it", async () => {
    const { pool, window, owner, toDay } = await networkHelpers.loadFixture(deploy);
    await toDay(1);
    await pool.connect(owner).add(0, 3n * QUOTE_RESERVE);
    await toDay(1);
    await pool.connect(owner).remove(0, 3n * QUOTE_RESERVE, owner);
    expect(Array.from(await window.returnsOf(pool), Number)).to.deep.equal([returnOf(4, 1), 0]);
  });

  it("cannot be entered again in a transfer", async () => {
    const { pool, base, quote, owner } = await networkHelpers.loadFixture(withHooks);
    const calls = [
      pool.interface.encodeFunctionData("swap", [true, 10_000n, 0n]),
      pool.interface.encodeFunctionData("add", [0n, 0n]),
      pool.interface.encodeFunctionData("remove", [0n, 0n, owner.address]),
    ];
    const locked = pool.interface.getError("ReentrancyGuardReentrantCall")!.selector;
    for (const data of calls) {
      for (const token of [base, quote]) {
        await token.setHook(pool, data);
        const moves = [
          () => pool.swap(true, 10_000n, 0),
          () => pool.connect(owner).add(1, 1),
          () => pool.connect(owner).remove(1, 1, owner),
        ];
        for (const move of moves) {
          await move();
          expect([await token.hookSucceeded(), await token.hookResult()]).to.deep.equal([false, locked]);
        }
        await token.setHook(ZeroAddress, "0x");
      }
    }
  });

  it("refuses tokens of which less arrives than was sent", async () => {
    const { pool, base, quote } = await networkHelpers.loadFixture(withTokenFees);
    for (const [token, buysBase] of [
      [quote, true],
      [base, false],
    ] as const) {
      const fee = await ethers.getContractAt("FeeOnTransferToken", token);
      await fee.setFees(100, 0);
      await expect(pool.swap(buysBase, 10_000n, 0))
        .to.be.revertedWithCustomError(pool, "TransferNotExact")
        .withArgs(9_900, 10_000);
    }
  });

  it("is deployed only with two tokens and an owner", async () => {
    const { pool, fees, base, quote, owner } = await networkHelpers.loadFixture(deploy);
    const factory = await ethers.getContractFactory("VolatilityPool");
    const [baseAddress, quoteAddress] = [await base.getAddress(), await quote.getAddress()];
    for (const [first, second, third] of [
      [ZeroAddress, quoteAddress, owner.address],
      [baseAddress, ZeroAddress, owner.address],
      [baseAddress, baseAddress, owner.address],
      [baseAddress, quoteAddress, ZeroAddress],
    ]) {
      await expect(factory.deploy(fees, first, second, third))
        .to.be.revertedWithCustomError(pool, "AddressesInvalid")
        .withArgs(first, second, third);
    }
  });
});
