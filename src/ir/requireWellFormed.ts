import type { IntegerGraph } from "./integerGraph.ts";
import { requireIntegers } from "./requireIntegers.ts";

/**
 * Throws InputError unless every size of a program's tensors is an integer in its range, so that interpreter and circuit
 * text read the same number: beyond 2^53 a double prints otherwise than it counts. Attributes are checked by the kernels,
 * names, operands and widths where they are used.
 */
export function requireWellFormed({ inputs, outputs }: IntegerGraph): void {
  for (const { name, shape } of [...inputs, ...outputs]) requireIntegers(`tensor ${name}: size`, shape, 1);
}
