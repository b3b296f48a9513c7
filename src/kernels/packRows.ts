import { bitLength } from "./bitLength.ts";
import { FIELD, type Interval } from "./kernel.ts";

/** In place of an exponent: the sum has a constraint of its own, or needs none. */
export const OWN_ROW = -1;

/** Two differences of this many bits never share a row. */
const WIDEST_LANE = bitLength(FIELD) / 2;

/**
 * Lays sums into shared rows Σ 2^exponent · (output − sum) = 0, in order; returns the exponent of each sum, 0 where a row
 * begins. `sums` bounds the sums and `outputs` the outputs for every assignment that satisfies all constraints but the
 * packed rows; see ADR-0005. With |output − sum| ≤ M, the next exponent is greater by so much that M is below the
 * power of two between them, and Σ 2^exponent · M ≤ FIELD: then the row holds only where every difference is 0.
 */
export function packRows(sums: Interval, outputs: Interval, isPackable: (index: number) => boolean): number[] {
  const exponents = sums.low.map(() => OWN_ROW);
  let row: number[] = [];
  let next = 0;
  let reach = 0n;
  for (const [index, low] of sums.low.entries()) {
    const most = greater(outputs.high[index] - low, sums.high[index] - outputs.low[index]);
    const bits = Math.max(1, bitLength(most));
    if (!isPackable(index) || bits > WIDEST_LANE) continue;
    if (reach + (most << BigInt(next)) > FIELD) {
      dissolveSingle(row, exponents);
      [row, next, reach] = [[], 0, 0n];
    }
    row.push(index);
    exponents[index] = next;
    reach += most << BigInt(next);
    next += bits;
  }
  dissolveSingle(row, exponents);
  return exponents;
}

/** Constraints that sums take: one a packed row, one for each other sum that is more than a copy or a constant. */
export const countRows = (exponents: readonly number[], isSum: (index: number) => boolean): number =>
  exponents.filter((exponent, index) => exponent === 0 || (exponent === OWN_ROW && isSum(index))).length;

/** A row of one sum is that sum's own. */
function dissolveSingle(row: readonly number[], exponents: number[]): void {
  if (row.length === 1) exponents[row[0]] = OWN_ROW;
}

const greater = (left: bigint, right: bigint): bigint => (left > right ? left : right);
