import { InputError } from "../errors.ts";
import type { ArgMaxNode } from "../ir/integerGraph.ts";
import type { Interval, Kernel } from "./kernel.ts";

/** Index of the greatest element of a row, the lowest index on ties. */
export const argMax: Pick<Kernel<ArgMaxNode>, "operands" | "reference" | "interval"> = {
  operands: ({ input }) => [input],

  reference: (node, [input]) =>
    rowsOf(node, input).map((row) => BigInt(row.reduce((best, value, index) => (value > row[best] ? index : best), 0))),

  /** Exact: every candidate wins when it is greatest and all others are least. */
  interval(node, [operand]) {
    const winners = candidatesOf(node, operand);
    return {
      low: winners.map((candidates) => BigInt(candidates[0])),
      high: winners.map((candidates) => BigInt(candidates[candidates.length - 1])),
    };
  },
};

/** The rows of a flat operand. */
function rowsOf<Element>({ name, batch }: ArgMaxNode, flat: readonly Element[]): (readonly Element[])[] {
  const size = flat.length / batch;
  if (!Number.isInteger(size) || size === 0) {
    throw new InputError(`kernel ${name} (ArgMax): got ${flat.length} elements in ${batch} rows, want equal rows`);
  }
  return Array.from({ length: batch }, (_, b) => flat.slice(b * size, (b + 1) * size));
}

/**
 * For each row the ascending indices that some input makes the winner. The others always lose to one certain element:
 * they lie below its lower bound, or at most tie with it and come after it.
 */
function candidatesOf(node: ArgMaxNode, { low, high }: Interval): number[][] {
  const lows = rowsOf(node, low);
  return rowsOf(node, high).map((highs, row) =>
    [...highs.keys()].filter((index) =>
      lows[row].every((least, rival) => (rival < index ? highs[index] > least : highs[index] >= least)),
    ),
  );
}
