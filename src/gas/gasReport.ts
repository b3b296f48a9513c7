import { VERIFY_GAS_FLOOR, batchGasFloor } from "./floors.ts";
import type { GasFigures } from "./measureGas.ts";
import { BATCH } from "./perItem.ts";

/** Gas of an operation, an item, and what the precompiles alone charge for its proof; null where nothing is proven. */
export interface GasEntry {
  readonly gas: number;
  readonly floor: number | null;
}

export type GasReport = Record<keyof GasFigures, GasEntry>;

const FLOORS: Partial<Record<keyof GasFigures, number>> = {
  verify: VERIFY_GAS_FLOOR,
  settle: VERIFY_GAS_FLOOR,
  settleRoyalty: VERIFY_GAS_FLOOR,
  settleBatch32: batchGasFloor(BATCH, 1),
  settleBatch32Payees: batchGasFloor(BATCH, 1),
  settleBatch32Models8: batchGasFloor(BATCH, 8),
  settleOrders32: batchGasFloor(BATCH, 1),
  settleOrders32Clients: batchGasFloor(BATCH, 1),
  verifyAndSettleBatch32: batchGasFloor(BATCH, 1),
};

/** Measured gas beside its floor. */
export const gasReport = (figures: GasFigures): GasReport =>
  Object.fromEntries(
    Object.entries(figures).map(([key, gas]) => [key, { gas, floor: FLOORS[key as keyof GasFigures] ?? null }]),
  ) as GasReport;
