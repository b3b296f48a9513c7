import { InputError } from "../errors.ts";
import type { AddNode } from "../ir/integerGraph.ts";
import { affineRows } from "./circomText.ts";
import type { Kernel } from "./kernel.ts";

/** Weighted sum of two values, element by element. */
export const add: Kernel<AddNode> = {
  operands: ({ left, right }) => [left, right],

  reference: (node, [left, right]) => combine(node, left, left, right, right),

  /** Exact for one value added to itself or for independent elements; otherwise enclosing. */
  interval: (node, [left, right]) => ({
    low: combine(node, left.low, left.high, right.low, right.high),
    high: combine(node, left.high, left.low, right.high, right.low),
  }),

  cost: ({ multipliers }, [{ low }]) => ({ nonlinear: 0, linear: low.length * affineRows(multipliers, 0) }),

  emit: ({ output, left, right, multipliers }, [{ low }]) => ({
    includes: ["Add.circom"],
    declarations: "",
    statements: `signal ${output}[${low.length}] <== Add(${low.length}, ${multipliers.join(", ")})(${left}, ${right});`,
  }),
};

/** Σ multiplier · operand, a negative multiplier taking the operand's opposite bound. */
function combine(
  { name, left: leftName, right: rightName, multipliers }: AddNode,
  left: readonly bigint[],
  leftOpposite: readonly bigint[],
  right: readonly bigint[],
  rightOpposite: readonly bigint[],
): bigint[] {
  if (left.length !== right.length) {
    throw new InputError(`kernel ${name} (Add): got ${left.length} and ${right.length} elements, want equal counts`);
  }
  const [first, second] = multipliers.map(BigInt);
  const scale = (factor: bigint, value: bigint, opposite: bigint): bigint => factor * (factor < 0n ? opposite : value);
  return left.map((value, index) =>
    leftName === rightName
      ? scale(first + second, value, leftOpposite[index])
      : scale(first, value, leftOpposite[index]) + scale(second, right[index], rightOpposite[index]),
  );
}
