import { MAX_ELEMENT_BITS } from "../codec/codec.ts";
import { InputError } from "../errors.ts";
import type { ArgMaxNode } from "../ir/integerGraph.ts";
import { requireIntegers } from "../ir/requireIntegers.ts";
import { bitLength } from "./bitLength.ts";
import { arrayLiteral } from "./circomText.ts";
import { type Interval, type Kernel, unbounded } from "./kernel.ts";

/** Index of the greatest element of a row, the lowest index on ties. */
export const argMax: Kernel<ArgMaxNode> = {
  operands: ({ input }) => [input],

  requireAttributes: ({ name, batch }) => requireIntegers(`kernel ${name} (ArgMax): batch`, [batch], 1),

  reference: (node, [input]) =>
    rowsOf(node, input).map((row) => BigInt(row.reduce((best, value, index) => (value > row[best] ? index : best), 0))),

  /** Exact for independent elements: every candidate wins when it is greatest and all others are least. */
  interval: (node, [operand]) => labelBounds(node, operand),

  /** The links are booleans that never rise, so the label is the index of one of the candidates whatever they are. */
  boundResult: (node, [operand]) => labelBounds(node, operand),

  /** Only differences of elements are range-checked. */
  boundOperands: (_, [{ low }]) => [unbounded(low.length)],

  cost(node, [operand], { wires }) {
    const rows = planRows(node, operand, wires[0]);
    const products = rows.flatMap(({ widths }) => widths).reduce((sum, width) => sum + width + 2, 0);
    // The product with the difference of one wire and itself is no product.
    const linear = rows.filter(({ isTie }) => isTie).length;
    return { nonlinear: products - linear, linear };
  },

  emit(node, [operand], { wires }) {
    const { input, output, batch } = node;
    const size = operand.low.length / batch;
    const rows = planRows(node, operand, wires[0]).map(({ candidates, widths }, row) => {
      const target = `${output}[${row}]`;
      if (candidates.length === 1) return `${target} <== ${candidates[0]};`;
      const elements = candidates.map((index) => `${input}[${row * size + index}]`);
      const parameters = `${candidates.length}, ${arrayLiteral(candidates)}, ${arrayLiteral(widths)}`;
      return `${target} <== ArgMax(${parameters})([${elements.join(", ")}]);`;
    });
    return {
      includes: ["ArgMax.circom"],
      declarations: "",
      statements: [`signal ${output}[${batch}];`, ...rows].join("\n"),
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

function labelBounds(node: ArgMaxNode, operand: Interval): Interval {
  const winners = candidatesOf(node, operand);
  return {
    low: winners.map((candidates) => BigInt(candidates[0])),
    high: winners.map((candidates) => BigInt(candidates[candidates.length - 1])),
  };
}

interface RowPlan {
  readonly candidates: readonly number[];
  /** Bits of each gap between the greatest element and a loser. */
  readonly widths: readonly number[];
  /** Whether both candidates are one wire. */
  readonly isTie: boolean;
}

/**
 * Of elements that are one wire only the first can win, so the others are no candidates; intervals of a wire's elements
 * may differ. Where one element is left that can win, another stays beside it: the label is then a signal like others, as
 * its interval says.
 */
function planRows(node: ArgMaxNode, operand: Interval, wires: readonly number[]): RowPlan[] {
  const lows = rowsOf(node, operand.low);
  const highs = rowsOf(node, operand.high);
  const rowWires = rowsOf(node, wires);
  return candidatesOf(node, operand).map((all, row) => {
    const wireOf = (index: number) => rowWires[row][index];
    // A later element of one wire never wins; the first of the winner's wire always is a candidate.
    const firsts = all.filter((index) => rowWires[row].indexOf(wireOf(index)) === index);
    const [winner] = firsts;
    const other = all.find((index) => index !== winner);
    const isLone = firsts.length === 1 && other !== undefined;
    const candidates = isLone ? [winner, other].sort((a, b) => a - b) : firsts;
    const [low, high] = [lows, highs].map((bounds) => candidates.map((index) => bounds[row][index]));
    const isTie = isLone && wireOf(winner) === wireOf(other);
    return { candidates, widths: gapWidths(node, low, high), isTie };
  });
}

/**
 * Loser j is element j where the winner comes later, which then is strictly greater, and element j + 1 where it does
 * not. See circuits/lib/ArgMax.circom.
 */
function gapWidths({ name }: ArgMaxNode, low: readonly bigint[], high: readonly bigint[]): number[] {
  return low.slice(1).map((nextLow, j) => {
    const winnerLater = greatestOf(high.slice(j + 1)) - low[j] - 1n;
    const winnerBefore = greatestOf(high.slice(0, j + 1)) - nextLow;
    const width = Math.max(1, bitLength(greatestOf([0n, winnerLater, winnerBefore])));
    if (width <= MAX_ELEMENT_BITS) return width;
    throw new InputError(`kernel ${name} (ArgMax): a difference takes ${width} bits, want at most ${MAX_ELEMENT_BITS}`);
  });
}

const greatestOf = (values: readonly bigint[]): bigint =>
  values.reduce((greatest, value) => (value > greatest ? value : greatest));
