import { InputError } from "../errors.ts";
import type { ArrangeNode } from "../ir/integerGraph.ts";
import { requireIntegers } from "../ir/requireIntegers.ts";
import { arrayLiteral, constantFunction, gather } from "./circomText.ts";
import { type Interval, type Kernel, unbounded } from "./kernel.ts";

/** Transposes, slices, concatenations, padding: fixed selections of elements and constants. */
export const arrange: Kernel<ArrangeNode> = {
  operands: ({ inputs }) => inputs,

  requireAttributes({ name, indices, constants }) {
    const where = `kernel ${name} (Arrange):`;
    requireIntegers(`${where} number of elements`, [indices.length], 1);
    requireIntegers(`${where} index`, indices, 0);
    requireIntegers(`${where} constant`, constants);
  },

  reference: (node, operands) => select(node, operands),

  /** Exact. */
  interval: (node, operands) => selectBounds(node, operands),

  /** Copies are what they copy. */
  boundResult: (node, _, guaranteed) => selectBounds(node, guaranteed),

  boundOperands(node, operands, result) {
    const bounds = operands.map(({ low }) => unbounded(low.length));
    const places = operands.flatMap(({ low }, at) => low.map((_, index) => ({ at, index })));
    for (const [at, index] of node.indices.entries()) {
      if (index >= places.length) continue;
      const { low, high } = bounds[places[index].at];
      const element = places[index].index;
      if (result.low[at] > low[element]) low[element] = result.low[at];
      if (result.high[at] < high[element]) high[element] = result.high[at];
    }
    return bounds;
  },

  copies({ indices }, operands) {
    const total = operands.reduce((sum, { low }) => sum + low.length, 0);
    return indices.map((index) => (index < total ? index : -1));
  },

  cost: () => ({ nonlinear: 0, linear: 0 }),

  emit({ output, inputs, indices, constants }, operands) {
    const lengths = operands.map(({ low }) => low.length);
    const hasConstants = constants.length > 0;
    const sources = hasConstants ? [...inputs, `${output}_table`] : inputs;
    const counts = hasConstants ? [...lengths, constants.length] : lengths;
    const total = counts.reduce((sum, length) => sum + length, 0);
    return {
      includes: ["Arrange.circom"],
      declarations:
        constantFunction(`${output}_indices`, arrayLiteral(indices)) +
        (hasConstants ? constantFunction(`${output}_constants`, arrayLiteral(constants)) : ""),
      statements: [
        ...(hasConstants ? [`var ${output}_table[${constants.length}] = ${output}_constants();`] : []),
        ...gather(`${output}_in`, sources, counts),
        `signal ${output}[${indices.length}] <== Arrange(${total}, ${indices.length}, ${output}_indices())(${output}_in);`,
      ].join("\n"),
    };
  },
};

function select({ name, indices, constants }: ArrangeNode, operands: readonly (readonly bigint[])[]): bigint[] {
  const elements = [...operands.flat(), ...constants.map(BigInt)];
  return indices.map((index) => {
    if (index < elements.length) return elements[index];
    throw new InputError(`kernel ${name} (Arrange): index ${index} is out of range, want 0 to ${elements.length - 1}`);
  });
}

const selectBounds = (node: ArrangeNode, operands: readonly Interval[]): Interval => ({
  low: select(
    node,
    operands.map(({ low }) => low),
  ),
  high: select(
    node,
    operands.map(({ high }) => high),
  ),
});
