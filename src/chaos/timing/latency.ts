import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { openChaosMarket, PRICE } from "../market/chaosMarket.ts";
import { quantile } from "./load.ts";
import { residentBytes } from "./processTree.ts";
import { serveMarket } from "./servedProvider.ts";

/** To reach: seconds from an order to its settled receipt, and bytes of a provider without work. */
export const LATENCY_LIMIT = 1.5;
export const IDLE_LIMIT = 250_000_000;

const DEADLINE = 3_000;
/** Purchases that warm everything up before those that are timed. */
const WARM_UP = 2;
/** Milliseconds that a provider is left alone before its memory is looked at. */
const SETTLE = 5_000;

/** Purchases one after another. Times in seconds. */
export interface LatencyResult {
  readonly purchases: number;
  readonly median: number;
  readonly slowest: number;
  /** Of the provers' own time in all of it, 0 to 1. */
  readonly provingShare: number;
  readonly violations: readonly string[];
}

/** Times a buyer from before the order until it has words, proof and the settlement's receipt, confirmed on chain. */
export async function runLatency(purchases: number): Promise<LatencyResult> {
  const market = await openChaosMarket();
  const provider = await serveMarket(market);
  try {
    const buyer = await provider.buyer(0);
    const buy = async (index: number): Promise<number> => {
      const input = [market.rows[index]];
      const request = { url: provider.url, model: market.offer.name, input, maxPrice: PRICE, deadline: DEADLINE };
      const start = performance.now();
      const { transaction } = await buyer.buyInference({ ...request, method: "eip3009" });
      if (transaction === undefined) throw new Error("the purchase came without the transaction that settled it");
      return (performance.now() - start) / 1000;
    };
    for (let index = 0; index < WARM_UP; ++index) await buy(index);
    const provingBefore = await provider.provingSeconds();
    const seconds: number[] = [];
    for (let index = 0; index < purchases; ++index) seconds.push(await buy(WARM_UP + index));
    const proving = (await provider.provingSeconds()) - provingBefore;
    buyer.close();
    const median = quantile(seconds, 0.5);
    return {
      purchases,
      median,
      slowest: Math.max(...seconds),
      provingShare: proving / seconds.reduce((sum, one) => sum + one, 0),
      violations: median < LATENCY_LIMIT ? [] : [`a median of ${median} s, want under ${LATENCY_LIMIT} s`],
    };
  } finally {
    await provider.close();
    await market.close();
  }
}

/** Memory of a provider's whole process tree without work, in bytes. */
export interface IdleResult {
  readonly started: number;
  /** After a proof: a worker with a warm key is there, until it has had no work for some minutes. */
  readonly warm: number;
  readonly violations: readonly string[];
}

export async function runIdle(): Promise<IdleResult> {
  const market = await openChaosMarket();
  const provider = await serveMarket(market);
  try {
    await sleep(SETTLE);
    const started = residentBytes(provider.pid);
    const buyer = await provider.buyer(0);
    const { offer, rows } = market;
    await buyer.buyInference({
      url: provider.url,
      model: offer.name,
      input: [rows[0]],
      maxPrice: PRICE,
      deadline: DEADLINE,
    });
    buyer.close();
    await sleep(SETTLE);
    const warm = residentBytes(provider.pid);
    return {
      started,
      warm,
      violations: started < IDLE_LIMIT ? [] : [`${started} bytes, want under ${IDLE_LIMIT}`],
    };
  } finally {
    await provider.close();
    await market.close();
  }
}
