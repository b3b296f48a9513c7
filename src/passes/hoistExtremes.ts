import type { ExtremeStep, RealGraph, RealStep } from "../ir/realGraph.ts";
import { type Surroundings, rewriteSteps } from "./rewrite.ts";

/**
 * Takes the greatest element before a function that keeps the order instead of after it: a pool then compares sums, and
 * the function is computed once a window.
 */
export const hoistExtremes = (graph: RealGraph, sizes: ReadonlyMap<string, number>): RealGraph =>
  rewriteSteps(graph, sizes, (step, around) => {
    const before = step.kind === "Extreme" ? orderPreserving(step, around) : undefined;
    if (step.kind !== "Extreme" || before === undefined) return [step];
    const output = `${step.output} before`;
    return [
      { ...step, inputs: [before.input], output },
      { ...before, input: output, output: step.output },
    ];
  });

/** The function that alone makes what an Extreme alone reads, where that saves computing it. */
function orderPreserving({ inputs, windows }: ExtremeStep, around: Surroundings) {
  const before = around.maker(inputs[0]);
  if (inputs.length !== 1 || before === undefined || !keepsOrder(before) || !around.isPrivate(inputs[0]))
    return undefined;
  return windows.length < around.sizeOf(inputs[0]) ? before : undefined;
}

const keepsOrder = (step: RealStep): step is Extract<RealStep, { kind: "Relu" | "Apply" }> =>
  step.kind === "Relu" || (step.kind === "Apply" && step.function.isMonotone === true);
