import type { NetworkConnection } from "hardhat/types/network";
import { deployGasMarket } from "./gasMarket.ts";
import { measureBatches, type BatchFigures } from "./measureBatches.ts";
import { measureSingles, type SingleFigures } from "./measureSingles.ts";

export type GasFigures = SingleFigures & BatchFigures;

/** Measures every operation on contracts that it deploys on `connection`, a fresh network; the same in every run. */
export async function measureGas(connection: NetworkConnection): Promise<GasFigures> {
  const market = await deployGasMarket(connection);
  const batches = await measureBatches(market);
  // Singles last: they move the clock past the deadlines.
  return { ...(await measureSingles(market)), ...batches };
}
