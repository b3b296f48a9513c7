import { InputError } from "../errors.ts";
import type { PermuteNode } from "../ir/integerGraph.ts";
import { arrayLiteral, constantFunction } from "./circomText.ts";
import type { Kernel } from "./kernel.ts";

/** Transposes, slices and other fixed selections of elements. */
export const permute: Kernel<PermuteNode> = {
  operands: ({ input }) => [input],
  reference: (node, [input]) => select(node, input),
  /** Exact. */
  interval: (node, [{ low, high }]) => ({ low: select(node, low), high: select(node, high) }),
  cost: () => ({ nonlinear: 0, linear: 0 }),
  emit({ output, input, indices }, [{ low }]) {
    const parameters = `${low.length}, ${indices.length}, ${output}_indices()`;
    return {
      includes: ["Permute.circom"],
      declarations: constantFunction(`${output}_indices`, arrayLiteral(indices)),
      statements: `signal ${output}[${indices.length}] <== Permute(${parameters})(${input});`,
    };
  },
};

function select({ name, indices }: PermuteNode, elements: readonly bigint[]): bigint[] {
  const wrong = indices.find((index) => !Number.isInteger(index) || index < 0 || index >= elements.length);
  if (wrong !== undefined) {
    throw new InputError(`kernel ${name} (Permute): index ${wrong} is out of range, want 0 to ${elements.length - 1}`);
  }
  return indices.map((index) => elements[index]);
}
