import { expect } from "chai";
import { network } from "hardhat";
import { DAY, WINDOW, closesOf, deployFees, featuresOf, returnOf } from "./volatility.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const deploy = () => deployFees(connection);
const numbers = (values: Iterable<bigint>): number[] => Array.from(values, Number);
/** Returns of closes in a row, the latest first. */
const returnsOf = (closes: readonly number[]): number[] =>
  closes
    .slice(1)
    .map((close, index) => returnOf(close, closes[index]))
    .reverse();

describe("ReturnsWindow", () => {
  it("computes the model's features, integer for integer, on every day of a window that moves", async () => {
    const { window, market, recordDaily } = await networkHelpers.loadFixture(deploy);
    const closes = closesOf(WINDOW + 25, 7);
    await recordDaily(closes.slice(0, WINDOW));
    for (let count = WINDOW + 1; count <= closes.length; count++) {
      const today = await recordDaily([closes[count - 1]]);
      const wanted = featuresOf(returnsOf(closes.slice(0, count)));
      const [features, day] = await window.featuresOf(market);
      expect(numbers(features), `after ${count} closes`).to.deep.equal(wanted);
      expect(day).to.equal(today);
    }
  });

  it("counts the smallest rise as no fall, and the smallest fall as one", async () => {
    const { window, market, toDay, recordDaily } = await networkHelpers.loadFixture(deploy);
    const closes = Array.from({ length: 6 }, (_, day) => 1_000_000_000 + 100_000 * day);
    for (const [prices, downs] of [
      [closes, 0n],
      [closes.toReversed(), 1n],
    ] as const) {
      const start = await networkHelpers.takeSnapshot();
      await recordDaily([closes[0]]);
      await toDay(WINDOW);
      await recordDaily(prices);
      expect((await window.featuresOf(market)).features[9]).to.equal(downs);
      await start.restore();
    }
  });

  it("records the first price of a day and no later one", async () => {
    const { window, market, toDay } = await networkHelpers.loadFixture(deploy);
    const asMarket = window.connect(market);
    const first = await toDay(1);
    await expect(asMarket.record(1_000)).to.emit(window, "DayRecorded").withArgs(market.address, first, 1_000, 0);
    await expect(asMarket.record(5_000)).not.to.emit(window, "DayRecorded");
    await networkHelpers.time.setNextBlockTimestamp((first + 1) * DAY - 1);
    await expect(asMarket.record(7_000)).not.to.emit(window, "DayRecorded");
    await networkHelpers.time.setNextBlockTimestamp((first + 1) * DAY);
    await expect(asMarket.record(1_010))
      .to.emit(window, "DayRecorded")
      .withArgs(market.address, first + 1, 1_010, 1);
    expect(numbers(await window.returnsOf(market))).to.deep.equal([returnOf(1_010, 1_000)]);
  });

  it("takes days without a record as days on which the price stood still", async () => {
    const { window, market, toDay } = await networkHelpers.loadFixture(deploy);
    const asMarket = window.connect(market);
    for (const [later, price] of [
      [1, 1_000],
      [1, 1_020],
      [4, 1_000],
      [1, 1_010],
    ]) {
      await toDay(later);
      await asMarket.record(price);
    }
    // The market closed at 1,000 on its last day of trading, and stood there for three more.
    const wanted = [returnOf(1_010, 1_000), 0, 0, 0, returnOf(1_000, 1_020), returnOf(1_020, 1_000)];
    expect(numbers(await window.returnsOf(market))).to.deep.equal(wanted);
  });

  it("fills a whole window at once after a long pause, and forgets what is older, in bounded gas", async () => {
    const { window, market, toDay } = await networkHelpers.loadFixture(deploy);
    const asMarket = window.connect(market);
    await toDay(1);
    await asMarket.record(1_000);
    await toDay(WINDOW);
    await asMarket.record(1_100);
    expect(numbers(await window.returnsOf(market))).to.deep.equal([
      ...Array<number>(WINDOW - 1).fill(0),
      returnOf(1_100, 1_000),
    ]);
    await toDay(WINDOW + 1);
    await asMarket.record(1_300);
    expect(numbers(await window.returnsOf(market))).to.deep.equal(Array<number>(WINDOW).fill(0));
    await toDay(36_500);
    const { gasUsed } = (await (await asMarket.record(1_300)).wait())!;
    expect(gasUsed).to.be.lessThan(150_000n);
  });

  it("keeps a market's series from everybody else", async () => {
    const { window, market, otherMarket, recordDaily } = await networkHelpers.loadFixture(deploy);
    await recordDaily([1_000, 1_010]);
    await recordDaily([5], otherMarket);
    expect(numbers(await window.returnsOf(market))).to.deep.equal([returnOf(1_010, 1_000)]);
    expect(numbers(await window.returnsOf(otherMarket))).to.deep.equal([]);
  });

  it("has no features before the window is full", async () => {
    const { window, market, toDay } = await networkHelpers.loadFixture(deploy);
    const asMarket = window.connect(market);
    await expect(window.featuresOf(market)).to.be.revertedWithCustomError(window, "WindowTooShort").withArgs(0, WINDOW);
    await toDay(1);
    await asMarket.record(1_000);
    await toDay(WINDOW - 1);
    await asMarket.record(1_000);
    await expect(window.featuresOf(market))
      .to.be.revertedWithCustomError(window, "WindowTooShort")
      .withArgs(WINDOW - 1, WINDOW);
    await toDay(1);
    await asMarket.record(1_000);
    expect(numbers((await window.featuresOf(market)).features)).to.deep.equal(Array<number>(10).fill(0));
  });

  it("refuses prices without a logarithm, and saturates returns far beyond the model's range", async () => {
    const { window, market, toDay } = await networkHelpers.loadFixture(deploy);
    const asMarket = window.connect(market);
    const greatest = (1n << 255n) - 1n;
    for (const price of [0n, greatest + 1n, (1n << 256n) - 1n]) {
      await expect(asMarket.record(price)).to.be.revertedWithCustomError(window, "PriceOutOfRange").withArgs(price);
    }
    for (const price of [1n, greatest, 1n]) {
      await toDay(1);
      await asMarket.record(price);
    }
    expect(numbers(await window.returnsOf(market))).to.deep.equal([-32_768, 32_767]);
    await toDay(WINDOW - 2);
    await asMarket.record(1n);
    const { features } = await window.featuresOf(market);
    expect(features[8], "the longest feature shows it as long as it is in the window").to.be.greaterThan(4_000n);
  });
});
