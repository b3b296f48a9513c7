import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { network } from "hardhat";
import { hashWords, keyIdOf, modelIdOf, type Hex } from "../../../src/codec/statement.ts";
import { keyOf, mintStatement, trapdoorOf } from "../../fixtures/mint.ts";
import { NO_ONE, REGISTER, commitmentTo } from "../market.ts";
import {
  CAP_PIPS,
  DAY,
  FLOOR_PIPS,
  LIFE_DAYS,
  PIPS_PER_UNIT,
  WINDOW,
  closesOf,
  deployFees,
  inputOf,
  type SubjectChanges,
} from "./volatility.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

/** A market with a full window whose forecast of today is requested. */
async function deployRequested() {
  const base = await deployFees(connection);
  const { window, fees, market, recordDaily, mintFor, subjectFor } = base;
  const closes = closesOf(WINDOW + 1, 3);
  const day = await recordDaily(closes);
  await fees.request(market);
  const features = Array.from((await window.featuresOf(market)).features, Number);
  const input = inputOf(features);
  /** A proof of one word over the requested input, or over what else is said. */
  const prove = (word: bigint, changes: SubjectChanges & { of?: string; day?: number; input?: Hex } = {}) =>
    mintFor(subjectFor(changes.day ?? day, changes), [word], changes.input ?? input.commitment);
  const price = closes.at(-1)!;
  return { ...base, day, features, input, prove, price };
}

const deployFull = async () => {
  const base = await deployFees(connection);
  const day = await base.recordDaily(closesOf(WINDOW + 1, 3));
  return { ...base, day };
};

const FORECAST = 1_234n;

describe("VolatilityFee", () => {
  describe("request", () => {
    it("commits to the window packed by the model's codec and says what to prove, whoever calls", async () => {
      const { window, fees, market, stranger, day, subjectFor } = await networkHelpers.loadFixture(deployFull);
      const { word, commitment } = inputOf(Array.from((await window.featuresOf(market)).features, Number));
      await expect(fees.connect(stranger).request(market))
        .to.emit(fees, "ForecastRequested")
        .withArgs(market.address, day, subjectFor(day), commitment, word);
      expect(await fees.subjectOf(market, day)).to.equal(subjectFor(day));
    });

    it("is possible once a day, so that nobody can push out a request that is being proven", async () => {
      const { fees, market, day, price, recordDaily } = await networkHelpers.loadFixture(deployRequested);
      await expect(fees.request(market))
        .to.be.revertedWithCustomError(fees, "AlreadyRequested")
        .withArgs(market.address, day);
      await recordDaily([price]);
      await fees.request(market);
    });

    it("needs a price of today and a full window", async () => {
      const { window, fees, market, otherMarket, day, toDay } = await networkHelpers.loadFixture(deployFull);
      await toDay(1);
      await expect(fees.request(market))
        .to.be.revertedWithCustomError(fees, "WindowOutdated")
        .withArgs(day, day + 1);
      await expect(fees.request(otherMarket)).to.be.revertedWithCustomError(window, "WindowTooShort");
    });

    it("refuses a feature beyond the codec's range, and the fee goes to the cap", async () => {
      const base = await networkHelpers.loadFixture(deployRequested);
      const { fees, market, day, price, prove, toDay, recordDaily } = base;
      await fees.fulfil(market, day, [FORECAST], prove(FORECAST));
      // ln(1.2214) is 2,000 basis points, which is allowed.
      await recordDaily([BigInt(Math.round(price * Math.exp(0.2)))]);
      await fees.request(market);
      await recordDaily([BigInt(Math.round(price * Math.exp(0.4001)))]);
      await expect(fees.request(market))
        .to.be.revertedWithCustomError(fees, "FeatureOutOfRange")
        .withArgs(0, 2_001, 2_000);
      expect(await fees.feePipsOf(market)).to.equal(FORECAST * PIPS_PER_UNIT);
      await toDay(LIFE_DAYS - 2);
      expect(await fees.feePipsOf(market)).to.equal(CAP_PIPS);
    });

    it("refuses a deprecated model; what was requested before is still fulfilled", async () => {
      const base = await networkHelpers.loadFixture(deployRequested);
      const { fees, registry, market, modelId, day, price, prove, recordDaily } = base;
      await registry.deprecateModel(modelId);
      await fees.fulfil(market, day, [FORECAST], prove(FORECAST));
      await recordDaily([price]);
      await expect(fees.request(market)).to.be.revertedWithCustomError(registry, "ModelIsDeprecated").withArgs(modelId);
      expect(await fees.feePipsOf(market)).to.equal(FORECAST * PIPS_PER_UNIT);
    });

    it("refuses a stopped key", async () => {
      const { fees, registry, market, keyId, stopKey } = await networkHelpers.loadFixture(deployFull);
      await stopKey();
      await expect(fees.request(market)).to.be.revertedWithCustomError(registry, "KeyIsStopped").withArgs(keyId);
    });
  });

  describe("fulfil", () => {
    it("sets the fee to the forecast times the rate, between floor and cap", async () => {
      const cases: [forecast: bigint, fee: bigint][] = [
        [0n, FLOOR_PIPS],
        [FLOOR_PIPS / PIPS_PER_UNIT, FLOOR_PIPS],
        [FLOOR_PIPS / PIPS_PER_UNIT + 1n, FLOOR_PIPS + PIPS_PER_UNIT],
        [FORECAST, FORECAST * PIPS_PER_UNIT],
        [CAP_PIPS / PIPS_PER_UNIT - 1n, CAP_PIPS - PIPS_PER_UNIT],
        [CAP_PIPS / PIPS_PER_UNIT, CAP_PIPS],
        [(1n << 18n) - 1n, CAP_PIPS],
      ];
      for (const [forecast, fee] of cases) {
        const { fees, market, stranger, day, prove } = await networkHelpers.loadFixture(deployRequested);
        expect(await fees.feePipsOf(market)).to.equal(CAP_PIPS);
        await expect(fees.connect(stranger).fulfil(market, day, [forecast], prove(forecast)))
          .to.emit(fees, "ForecastProven")
          .withArgs(market.address, day, forecast, fee);
        expect(await fees.feePipsOf(market)).to.equal(fee);
      }
    });

    it("rounds the fee down", async () => {
      const base = await networkHelpers.loadFixture(deployFull);
      const { settlements, window, market, day, mintFor, terms } = base;
      const rate = 3n * 10n ** 18n - 1n;
      const fees = await ethers.deployContract("VolatilityFee", [
        settlements,
        window,
        { ...terms, pipsPerUnitWad: rate },
      ]);
      await fees.request(market);
      const { commitment } = inputOf(Array.from((await window.featuresOf(market)).features, Number));
      const subject = await fees.subjectOf(market, day);
      await fees.fulfil(market, day, [FORECAST], mintFor(subject, [FORECAST], commitment));
      expect(await fees.feePipsOf(market)).to.equal(3n * FORECAST - 1n);
    });

    it("accepts no proof of anything else", async () => {
      const base = await networkHelpers.loadFixture(deployRequested);
      const { fees, registry, settlements, window, market, otherMarket, day, features, chainId, prove, terms } = base;
      const twin = await ethers.deployContract("VolatilityFee", [settlements, window, terms]);
      const otherWindow = features.map((feature, index) => (index === 3 ? feature + 1 : feature));
      const attacks: Record<string, bigint[]> = {
        "another window": prove(FORECAST, { input: inputOf(otherWindow).commitment }),
        "another salt": prove(FORECAST, { input: inputOf(features, 1n).commitment }),
        "the day before": prove(FORECAST, { day: day - 1 }),
        "another market": prove(FORECAST, { of: otherMarket.address }),
        "another consumer": prove(FORECAST, { consumer: await twin.getAddress() }),
        "another chain": prove(FORECAST, { chainId: chainId + 1n }),
        "another settlement registry": prove(FORECAST, { settlementRegistry: NO_ONE }),
        "other words": prove(FORECAST + 1n),
      };
      for (const [name, proof] of Object.entries(attacks)) {
        const call = fees.fulfil(market, day, [FORECAST], proof);
        await expect(call, name).to.be.revertedWithCustomError(registry, "InvalidProof");
      }
      expect(await fees.feePipsOf(market)).to.equal(CAP_PIPS);
      await fees.fulfil(market, day, [FORECAST], prove(FORECAST));
    });

    it("accepts no second encoding of the words", async () => {
      const { fees, registry, market, day, prove } = await networkHelpers.loadFixture(deployRequested);
      for (const words of [[], [FORECAST, 0n]]) {
        await expect(fees.fulfil(market, day, words, prove(FORECAST)))
          .to.be.revertedWithCustomError(registry, "WordCountMismatch")
          .withArgs(words.length, 1);
      }
      await expect(fees.fulfil(market, day, [FORECAST + (1n << 253n)], prove(FORECAST))).to.be.revertedWithCustomError(
        registry,
        "WordTooLarge",
      );
    });

    it("accepts no proof under another model's key, settled under that model or not", async () => {
      const base = await networkHelpers.loadFixture(deployRequested);
      const { fees, registry, settlements, client, chainId, market, day, input, subjectFor } = base;
      const trapdoor = trapdoorOf("another model");
      const keyId = keyIdOf(keyOf(trapdoor), 1);
      await registry.publishKey(keyOf(trapdoor), 1);
      await registry[REGISTER](commitmentTo(keyId));
      const address = await registry.getAddress();
      const modelId = modelIdOf(chainId, address, client.address, commitmentTo(keyId), 0, ZeroAddress);
      const subject = subjectFor(day);
      const statement = { keyId, inputCommitment: input.commitment, words: [FORECAST], subject };
      const proof = mintStatement(trapdoor, statement);
      await settlements.verifyAndSettle(modelId, input.commitment, [FORECAST], subject, proof);
      await expect(fees.fulfil(market, day, [FORECAST], proof)).to.be.revertedWithCustomError(registry, "InvalidProof");
    });

    it("serves the newest request only", async () => {
      const base = await networkHelpers.loadFixture(deployRequested);
      const { fees, registry, market, otherMarket, day, price, prove, recordDaily } = base;
      const today = await recordDaily([price]);
      await fees.fulfil(market, day, [FORECAST], prove(FORECAST));
      await fees.request(market);
      // What is proven stays, until the newer one is.
      expect(await fees.feePipsOf(market)).to.equal(FORECAST * PIPS_PER_UNIT);
      await expect(fees.fulfil(market, day, [FORECAST], prove(FORECAST)))
        .to.be.revertedWithCustomError(fees, "NotTheNewestRequest")
        .withArgs(day, today);
      await expect(fees.fulfil(market, today, [FORECAST], prove(FORECAST))).to.be.revertedWithCustomError(
        registry,
        "InvalidProof",
      );
      for (const wrong of [0, today]) {
        await expect(fees.fulfil(otherMarket, wrong, [FORECAST], prove(FORECAST)))
          .to.be.revertedWithCustomError(fees, "NotTheNewestRequest")
          .withArgs(wrong, 0);
      }
    });

    it("happens once: the same again changes nothing, other words revert", async () => {
      const { fees, settlements, market, day, prove } = await networkHelpers.loadFixture(deployRequested);
      await fees.fulfil(market, day, [FORECAST], prove(FORECAST));
      await expect(fees.fulfil(market, day, [FORECAST], prove(FORECAST))).not.to.emit(fees, "ForecastProven");
      const other = FORECAST + 1n;
      await expect(fees.fulfil(market, day, [other], prove(other)))
        .to.be.revertedWithCustomError(settlements, "RecordConflict")
        .withArgs(hashWords([FORECAST]), hashWords([other]));
      expect(await fees.feePipsOf(market)).to.equal(FORECAST * PIPS_PER_UNIT);
    });

    it("reverts when starved of gas, at whatever step, and so does request", async () => {
      const { fees, market, day, price, prove, recordDaily } = await networkHelpers.loadFixture(deployRequested);
      const proof = prove(FORECAST);
      const needed = await fees.fulfil.estimateGas(market, day, [FORECAST], proof);
      for (let gasLimit = 40_000n; gasLimit < needed - 20_000n; gasLimit += 15_000n) {
        const call = fees.fulfil.staticCall(market, day, [FORECAST], proof, { gasLimit });
        await expect(call, `${gasLimit} gas`).to.be.revert(ethers);
      }
      await recordDaily([price]);
      const wanted = await fees.request.estimateGas(market);
      for (let gasLimit = 30_000n; gasLimit < wanted - 10_000n; gasLimit += 7_000n) {
        await expect(fees.request.staticCall(market, { gasLimit }), `${gasLimit} gas`).to.be.revert(ethers);
      }
    });

    it("succeeds behind a copier, of the whole call or of the settlement in it", async () => {
      for (const whole of [true, false]) {
        const base = await networkHelpers.loadFixture(deployRequested);
        const { fees, settlements, market, copier, modelId, input, day, prove, subjectFor } = base;
        const proof = prove(FORECAST);
        const settle = settlements.connect(copier).verifyAndSettle;
        if (whole) await fees.connect(copier).fulfil(market, day, [FORECAST], proof);
        else await settle(modelId, input.commitment, [FORECAST], subjectFor(day), proof);
        const receipt = await (await fees.fulfil(market, day, [FORECAST], proof)).wait();
        expect(receipt!.status).to.equal(1);
        expect(await fees.feePipsOf(market)).to.equal(FORECAST * PIPS_PER_UNIT);
      }
    });
  });

  describe("feePipsOf", () => {
    it("is the cap again when the forecast is over, to the second", async () => {
      const { fees, market, day, prove } = await networkHelpers.loadFixture(deployRequested);
      await fees.fulfil(market, day, [FORECAST], prove(FORECAST));
      await networkHelpers.time.increaseTo((day + LIFE_DAYS) * DAY - 1);
      expect(await fees.feePipsOf(market)).to.equal(FORECAST * PIPS_PER_UNIT);
      await networkHelpers.time.increaseTo((day + LIFE_DAYS) * DAY);
      expect(await fees.feePipsOf(market)).to.equal(CAP_PIPS);
    });

    it("gains nobody anything who withholds a proof: others can fulfil, and a late one changes nothing", async () => {
      const { fees, market, stranger, day, prove } = await networkHelpers.loadFixture(deployRequested);
      await networkHelpers.time.increaseTo((day + LIFE_DAYS - 1) * DAY);
      expect(await fees.feePipsOf(market)).to.equal(CAP_PIPS);
      const late = await networkHelpers.takeSnapshot();
      await fees.connect(stranger).fulfil(market, day, [FORECAST], prove(FORECAST));
      expect(await fees.feePipsOf(market)).to.equal(FORECAST * PIPS_PER_UNIT);
      await late.restore();
      await networkHelpers.time.increaseTo((day + LIFE_DAYS) * DAY);
      await expect(fees.fulfil(market, day, [FORECAST], prove(FORECAST)))
        .to.be.revertedWithCustomError(fees, "RequestExpired")
        .withArgs(day, day + LIFE_DAYS);
    });

    it("is the cap once the key is stopped, and nothing is fulfilled any more", async () => {
      const base = await networkHelpers.loadFixture(deployRequested);
      const { fees, registry, market, keyId, day, prove, stopKey } = base;
      await fees.fulfil(market, day, [FORECAST], prove(FORECAST));
      await stopKey();
      expect(await fees.feePipsOf(market)).to.equal(CAP_PIPS);
      await expect(fees.fulfil(market, day, [FORECAST], prove(FORECAST)))
        .to.be.revertedWithCustomError(registry, "KeyIsStopped")
        .withArgs(keyId);
    });

    it("keeps markets apart", async () => {
      const { fees, market, otherMarket, day, prove } = await networkHelpers.loadFixture(deployRequested);
      await fees.fulfil(market, day, [FORECAST], prove(FORECAST));
      expect(await fees.feePipsOf(otherMarket)).to.equal(CAP_PIPS);
    });
  });

  it("is deployed only with terms that make sense and a model of one word", async () => {
    const { settlements, registry, window, fees, terms, client, chainId } =
      await networkHelpers.loadFixture(deployFull);
    const factory = await ethers.getContractFactory("VolatilityFee");
    const expectInvalid = async (changes: Partial<typeof terms>) => {
      const wrong = { ...terms, ...changes };
      await expect(factory.deploy(settlements, window, wrong))
        .to.be.revertedWithCustomError(fees, "TermsInvalid")
        .withArgs(wrong.floorPips, wrong.capPips, wrong.pipsPerUnitWad);
    };
    await expectInvalid({ floorPips: CAP_PIPS + 1n });
    await expectInvalid({ capPips: 1_000_000n });
    await expectInvalid({ pipsPerUnitWad: 0n });
    await expectInvalid({ pipsPerUnitWad: 10n ** 24n });
    await expect(factory.deploy(settlements, window, { ...terms, modelId: 1n })).to.be.revertedWithCustomError(
      registry,
      "ModelNotFound",
    );
    const twoWords = keyOf(trapdoorOf("market"));
    const commitment = commitmentTo(keyIdOf(twoWords, 2));
    await registry.publishKey(twoWords, 2);
    await registry[REGISTER](commitment);
    const modelId = modelIdOf(chainId, await registry.getAddress(), client.address, commitment, 0, ZeroAddress);
    await expect(factory.deploy(settlements, window, { ...terms, modelId }))
      .to.be.revertedWithCustomError(registry, "WordCountMismatch")
      .withArgs(2, 1);
    const [floorPips, capPips, pipsPerUnitWad] = [999_999n, 999_999n, 10n ** 24n - 1n];
    await factory.deploy(settlements, window, { ...terms, floorPips, capPips, pipsPerUnitWad });
  });
});
