import { InputError } from "../errors.ts";
import type { OneHotNode } from "../ir/integerGraph.ts";
import { requireIntegers } from "../ir/requireIntegers.ts";
import { ANYTHING, type Bounds, asGuarantee, boundsAt, isConstant, toInterval } from "./bounds.ts";
import { affineRows } from "./circomText.ts";
import type { Interval, Kernel } from "./kernel.ts";
import { planFunction } from "./planFunction.ts";

/** An index as the indicators of its values: one constraint for each that it can take, and one more. */
export const oneHot: Kernel<OneHotNode> = {
  operands: ({ input }) => [input],

  requireAttributes: ({ name, size }) => requireIntegers(`kernel ${name} (OneHot): size`, [size], 1),

  reference: (node, [input]) =>
    input.flatMap((value, index) => {
      requireIndex(node, value, index);
      return indicators(node, (j) => (j === value ? 1n : 0n));
    }),

  /** Exact. Throws InputError where an operand could be no index. */
  interval(node, [operand]) {
    const rows = rowsOf(node, operand);
    return toInterval(
      rows.flatMap(({ low, high }) =>
        indicators(node, (j) => ({ low: low === j && high === j ? 1n : 0n, high: low <= j && j <= high ? 1n : 0n })),
      ),
    );
  },

  /**
   * Each indicator is 0 unless the operand is its index, and their sum is 1, so one of them is 1. Of two values, the
   * indicators are x − low and 1 − (x − low), whatever x.
   */
  boundResult(node, [operand], [guaranteed]) {
    const proven = oneHot.interval(node, [operand]);
    const rows = rowsOf(node, operand);
    return toInterval(
      proven.low.map((least, index): Bounds => {
        const row = Math.floor(index / node.size);
        const range = rows[row];
        if (!isPair(range) || least === proven.high[index]) return boundsAt(proven, index);
        const known = boundsAt(guaranteed, row);
        const isSecond = BigInt(index % node.size) === range.high;
        return asGuarantee(
          isSecond
            ? { low: known.low - range.low, high: known.high - range.low }
            : { low: range.high - known.high, high: range.high - known.low },
        );
      }),
    );
  },

  /** No other operand satisfies the constraints, except where the indicators are linear in it. */
  boundOperands: (node, [operand]) => [
    toInterval(rowsOf(node, operand).map((range) => (isPair(range) || isConstant(range) ? ANYTHING : range))),
  ],

  /** Of 0 and 1, the second's indicator is the operand. */
  copies: (node, [operand]) =>
    rowsOf(node, operand).flatMap(({ low, high }, row) =>
      indicators(node, (j) => (j === 1n && low === 0n && high === 1n ? row : -1)),
    ),

  cost(node, [operand]) {
    const rows = rowsOf(node, operand);
    const wide = rows.filter((range) => !isPair(range) && !isConstant(range));
    const pairs = rows.filter(isPair);
    return {
      nonlinear: wide.reduce((sum, { low, high }) => sum + Number(high - low) + 1, 0),
      linear:
        wide.length + pairs.reduce((sum, { low, high }) => sum + affineRows([1], low) + affineRows([-1], high), 0),
    };
  },

  emit(node, [operand]) {
    const { output, input, size } = node;
    const rows = rowsOf(node, operand);
    return {
      includes: ["OneHot.circom"],
      declarations: planFunction(
        `${output}_ranges`,
        rows.map(({ low, high }) => [low, high]),
      ),
      statements: `signal ${output}[${rows.length * size}] <== OneHot(${rows.length}, ${size}, ${output}_ranges())(${input});`,
    };
  },
};

const indicators = <Value>({ size }: OneHotNode, of: (index: bigint) => Value): Value[] =>
  Array.from({ length: size }, (_, j) => of(BigInt(j)));

const isPair = ({ low, high }: Bounds): boolean => high - low === 1n;

/** What every operand can be. */
const rowsOf = (node: OneHotNode, operand: Interval): Bounds[] =>
  operand.low.map((low, index) => {
    requireIndex(node, low, index);
    requireIndex(node, operand.high[index], index);
    return boundsAt(operand, index);
  });

function requireIndex({ name, size }: OneHotNode, value: bigint, index: number): void {
  if (value >= 0n && value < BigInt(size)) return;
  throw new InputError(`kernel ${name} (OneHot): element ${index} can be ${value}, want 0 to ${size - 1}`);
}
