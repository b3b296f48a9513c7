import type { NetworkConnection } from "hardhat/types/network";
import { deployGasMarket } from "./gasMarket.ts";
import { type BatchFigures, measureBatches } from "./measureBatches.ts";
import { type OrderFigures, measureOrders } from "./measureOrders.ts";
import { type RecordFigures, measureRecords } from "./measureRecords.ts";
import { type SingleFigures, measureSingles } from "./measureSingles.ts";

export type GasFigures = SingleFigures & BatchFigures & OrderFigures & RecordFigures;

/** Measures every operation on contracts that it deploys on `connection`, a fresh network; the same in every run. */
export async function measureGas(connection: NetworkConnection): Promise<GasFigures> {
  const market = await deployGasMarket(connection);
  const batches = await measureBatches(market);
  const orders = await measureOrders(market);
  const records = await measureRecords(market);
  // Singles last: they move the clock past the deadlines.
  return { ...(await measureSingles(market)), ...batches, ...orders, ...records };
}
