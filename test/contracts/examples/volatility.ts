import type { NetworkConnection } from "hardhat/types/network";
import { deployPoseidon } from "../../../src/chain/deployPoseidon.ts";
import { packWords } from "../../../src/codec/codec.ts";
import { commit } from "../../../src/codec/commitment.ts";
import { toBytes32, type Hex } from "../../../src/codec/statement.ts";
import { AbiCoder, id, keccak256 } from "ethers";
import { deployMarket } from "../market.ts";
import { subjectOf } from "./requests.ts";

export const DAY = 86_400;
export const WINDOW = 66;
/** Pips a unit of the forecast: 2, so that a fee is easily read off its forecast. */
export const PIPS_PER_UNIT = 2n;
export const FLOOR_PIPS = 500n;
export const CAP_PIPS = 10_000n;
/** Days that a forecast counts. */
export const LIFE_DAYS = 5;

/** The model's input: ten unsigned elements of 11 bits. */
export const INPUT_CODEC = [{ name: "volatilities", shape: [1, 10], bits: 11, signed: false, scale: 1 }];

/** Integer part of a root. */
function integerRoot(square: number): number {
  const root = Math.floor(Math.sqrt(square));
  return root * root > square ? root - 1 : root;
}

const rootMeanSquare = (values: readonly number[]): number =>
  integerRoot(Math.floor(values.reduce((sum, value) => sum + value * value, 0) / values.length));

/** The model's features of returns in basis points, the latest first: MODEL.md's table. */
export const featuresOf = (returns: readonly number[]): number[] => [
  ...returns.slice(0, 5).map(Math.abs),
  ...[5, 10, 22, WINDOW].map((days) => rootMeanSquare(returns.slice(0, days))),
  rootMeanSquare(returns.slice(0, 5).map((value) => Math.min(value, 0))),
];

/** A return as MODEL.md rounds it. */
export const returnOf = (close: number, previous: number): number => Math.round(10_000 * Math.log(close / previous));

/** Closes of a market whose volatility comes and goes; the same for the same seed. */
export function closesOf(count: number, seed: number): number[] {
  let state = seed;
  const uniform = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const closes = [1_000_000_000];
  for (let day = 1; day < count; day++) {
    const swing = 0.005 + 0.02 * Math.sin(day / 9) ** 2;
    closes.push(Math.round(closes[day - 1] * Math.exp(swing * (uniform() + uniform() - 1))));
  }
  return closes;
}

/** Word and commitment of the model's input over features. */
export function inputOf(features: readonly number[], salt = 0n): { word: bigint; commitment: Hex } {
  const [word] = packWords(INPUT_CODEC, [features.map(BigInt)]);
  return { word, commitment: toBytes32(commit(salt, [word])) };
}

/** Struct hash of a request for a market's forecast of a day. */
export const forecastRequest = (market: string, day: number): Hex =>
  keccak256(
    AbiCoder.defaultAbiCoder().encode(
      ["bytes32", "address", "uint64"],
      [id("ForecastRequest(address market,uint64 day)"), market, day],
    ),
  );

/** Registries with a model of known trapdoor, the window, a fee source, and an account as the market. */
export async function deployFees(connection: NetworkConnection) {
  const { ethers, networkHelpers } = connection;
  const base = await deployMarket(connection);
  const [payer, , , , , market, otherMarket, copier] = await ethers.getSigners();
  await deployPoseidon(payer, 2);
  const window = await ethers.deployContract("ReturnsWindow");
  const terms = {
    modelId: base.modelId,
    pipsPerUnitWad: PIPS_PER_UNIT * 10n ** 18n,
    floorPips: FLOOR_PIPS,
    capPips: CAP_PIPS,
  };
  const fees = await ethers.deployContract("VolatilityFee", [base.settlements, window, terms]);

  /** Goes to the start of a later day, counted from now, and gives its number. */
  const toDay = async (later: number): Promise<number> => {
    const today = Math.floor((await networkHelpers.time.latest()) / DAY) + later;
    await networkHelpers.time.increaseTo(today * DAY);
    return today;
  };
  /** Records one price a day from tomorrow on; returns the last day. */
  const recordDaily = async (prices: readonly (number | bigint)[], by = market): Promise<number> => {
    let day = 0;
    for (const price of prices) {
      day = await toDay(1);
      await window.connect(by).record(price);
    }
    return day;
  };
  const settlementRegistry = await base.settlements.getAddress();
  const consumer = await fees.getAddress();
  /** The subject of a forecast, with any part of it replaced. */
  const subjectFor = (day: number, { of = market.address, ...changes }: SubjectChanges = {}): Hex =>
    subjectOf({
      chainId: base.chainId,
      settlementRegistry,
      consumer,
      request: forecastRequest(of, day),
      ...changes,
    });
  return { ...base, window, terms, fees, market, otherMarket, copier, toDay, recordDaily, subjectFor };
}

/** Parts of a subject that a test replaces. */
export interface SubjectChanges {
  readonly of?: string;
  readonly chainId?: bigint;
  readonly settlementRegistry?: string;
  readonly consumer?: string;
}
