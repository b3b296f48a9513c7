import { performance } from "node:perf_hooks";
import { TRANSFER_METHODS, type TransferMethod } from "../../agent/order.ts";
import { openChaosMarket, PRICE } from "../market/chaosMarket.ts";
import { MemoryWatch } from "./processTree.ts";
import { serveMarket } from "./servedProvider.ts";

const METHODS = Object.keys(TRANSFER_METHODS) as TransferMethod[];
const DEADLINE = 3_000;
/** Most memory of the provider and its workers, in bytes, whatever the number of buyers. */
export const MEMORY_LIMIT = 2 ** 30;

/** So many buyers at once. Times in seconds, memory of the provider's whole process tree in bytes. */
export interface LoadResult {
  readonly buyers: number;
  readonly p50: number;
  readonly p99: number;
  readonly total: number;
  readonly highestMemory: number;
  readonly memory: readonly { readonly second: number; readonly bytes: number }[];
  readonly violations: readonly string[];
}

/** Has so many buyers buy one inference each at the same time, with real proofs, from a provider of its own process. */
export async function runLoad(count: number): Promise<LoadResult> {
  const market = await openChaosMarket(count);
  const provider = await serveMarket(market);
  const memory = new MemoryWatch(provider.pid);
  try {
    const buyers = await Promise.all(market.parties.clients.map((_, client) => provider.buyer(client)));
    const start = performance.now();
    const bought = await Promise.allSettled(
      buyers.map(async (buyer, index) => {
        const input = [market.rows[index % market.rows.length]];
        // The last client gives no allowance.
        const method = METHODS[index === count - 1 ? 0 : index % METHODS.length];
        await buyer.buyInference({
          url: provider.url,
          model: market.offer.name,
          input,
          maxPrice: PRICE,
          deadline: DEADLINE,
          method,
        });
        return (performance.now() - start) / 1000;
      }),
    );
    const total = (performance.now() - start) / 1000;
    buyers.forEach((buyer) => buyer.close());
    const seconds = bought.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const errors = bought.flatMap((one) => (one.status === "rejected" ? [String(one.reason)] : []));
    const { highest: highestMemory, samples } = memory;
    const tooMuch = highestMemory > MEMORY_LIMIT ? [`${highestMemory} bytes, want at most ${MEMORY_LIMIT}`] : [];
    return {
      buyers: count,
      p50: quantile(seconds, 0.5),
      p99: quantile(seconds, 0.99),
      total,
      highestMemory,
      memory: samples,
      violations: [...errors, ...tooMuch],
    };
  } finally {
    memory.stop();
    await provider.close();
    await market.close();
  }
}

/** The smallest value that this share of all values does not exceed; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}
