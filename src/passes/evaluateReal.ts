import { type Elements, evaluateStep } from "../ir/evaluateStep.ts";
import { type RealGraph, type RealStep, operandsOf } from "../ir/realGraph.ts";

/** One sample: an array of real numbers for each input tensor. */
export type Sample = readonly (readonly number[])[];

/** Every value of the program in double precision; what a function is not defined for gives NaN or an infinity. */
export const evaluateReal = (graph: RealGraph, sample: Sample): Map<string, Elements> =>
  walk(graph, sample, evaluateStep);

/** Visits the steps in order and collects what `visit` makes of each from its operands. */
export function walk<Value>(
  { inputs, steps }: RealGraph,
  given: readonly Value[],
  visit: (step: RealStep, operands: readonly Value[]) => Value,
): Map<string, Value> {
  const values = new Map(inputs.map(({ value }, index) => [value, given[index]]));
  for (const step of steps) {
    const operands = operandsOf(step).map((operand) => values.get(operand)!);
    values.set(step.output, visit(step, operands));
  }
  return values;
}
