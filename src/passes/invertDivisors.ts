import type { DivideStep, RealFunction, RealGraph, RealStep } from "../ir/realGraph.ts";
import type { Range } from "./realRanges.ts";
import { rewriteSteps, sizesOf } from "./rewrite.ts";

const RECIPROCAL: RealFunction = { name: "Reciprocal", apply: (x) => 1 / x };

/** Multiplies by the reciprocal where a divisor was seen to be anything but positive: the kernel divides by those only. */
export function invertDivisors(graph: RealGraph, ranges: ReadonlyMap<string, Range>): RealGraph {
  const isPositive = (value: string) => (ranges.get(value)?.low ?? 0) > 0;
  const sizes = sizesOf(graph);
  return rewriteSteps(graph, sizes, (step) =>
    step.kind === "Divide" && !isPositive(step.denominator)
      ? timesReciprocal(step, sizes.get(step.numerator)!, sizes.get(step.denominator)!)
      : [step],
  );
}

function timesReciprocal(step: DivideStep, numerators: number, denominators: number): RealStep[] {
  const { name, output, numerator, denominator } = step;
  const [inverse, spread] = [`${output} reciprocal`, `${output} reciprocals`];
  const indices = Array.from({ length: numerators }, (_, index) => Math.floor((index * denominators) / numerators));
  return [
    { kind: "Apply", name, output: inverse, input: denominator, function: RECIPROCAL },
    { kind: "Arrange", name, output: spread, inputs: [inverse], indices },
    { kind: "Multiply", name, output, left: numerator, right: spread },
  ];
}
