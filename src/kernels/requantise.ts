import type { RequantiseNode } from "../ir/integerGraph.ts";
import type { Kernel } from "./kernel.ts";

/** Rounding shift with saturation; the lower bound 0 is a fused ReLU. */
export const requantise: Pick<Kernel<RequantiseNode>, "operands" | "reference" | "interval"> = {
  operands: ({ input }) => [input],

  reference: (node, [input]) => input.map((value) => rescale(node, value)),

  /** Exact, the function being monotone. */
  interval: (node, [{ low, high }]) => ({
    low: low.map((value) => rescale(node, value)),
    high: high.map((value) => rescale(node, value)),
  }),
};

/** The term that makes the floor of the shift round half up. */
const roundingTerm = (shift: number): bigint => (shift === 0 ? 0n : 1n << BigInt(shift - 1));

/** Least value of the result. */
const leastOf = ({ bits, signed }: RequantiseNode): bigint => (signed ? -(1n << BigInt(bits - 1)) : 0n);

function rescale(node: RequantiseNode, value: bigint): bigint {
  const least = leastOf(node);
  const greatest = least + (1n << BigInt(node.bits)) - 1n;
  const quotient = (value + roundingTerm(node.shift)) >> BigInt(node.shift);
  return quotient < least ? least : quotient > greatest ? greatest : quotient;
}
