import { type RealGraph, operandsOf } from "../ir/realGraph.ts";

/** The graph without steps that no output depends on. */
export function dropUnused(graph: RealGraph): RealGraph {
  const needed = new Set(graph.outputs.map(({ from }) => from));
  for (const step of graph.steps.toReversed()) {
    if (needed.has(step.output)) operandsOf(step).forEach((operand) => needed.add(operand));
  }
  return { ...graph, steps: graph.steps.filter(({ output }) => needed.has(output)) };
}
