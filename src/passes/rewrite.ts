import { elementCount } from "../codec/codec.ts";
import { type RealGraph, type RealStep, readersIn } from "../ir/realGraph.ts";

/** What a rewriting sees of the graph around a step. */
export interface Surroundings {
  /** The step, already rewritten, that makes a value; undefined for an input of the model. */
  maker(value: string): RealStep | undefined;
  /** Whether exactly one step reads the value and the model does not give it out. */
  isPrivate(value: string): boolean;
  /** Number of elements of a value. */
  sizeOf(value: string): number;
}

/** Replaces steps one by one, in order; `rewrite` gives the steps that stand in for one, the last with its output. */
export function rewriteSteps(
  graph: RealGraph,
  sizes: ReadonlyMap<string, number>,
  rewrite: (step: RealStep, around: Surroundings) => readonly RealStep[],
): RealGraph {
  const { readers, given } = readersIn(graph);
  const made = new Map<string, RealStep>();
  const around: Surroundings = {
    maker: (value) => made.get(value),
    isPrivate: (value) => readers.get(value)?.length === 1 && !given.has(value),
    sizeOf: (value) => sizes.get(value)!,
  };
  const steps = graph.steps.flatMap((step) => {
    const rewritten = rewrite(step, around);
    for (const each of rewritten) made.set(each.output, each);
    return rewritten;
  });
  return { ...graph, steps };
}

/** Number of elements of every value. */
export function sizesOf({ inputs, steps }: RealGraph): Map<string, number> {
  const sizes = new Map(inputs.map(({ value, shape }) => [value, elementCount(shape)]));
  for (const step of steps)
    sizes.set(
      step.output,
      sizeOfStep(step, (value) => sizes.get(value)!),
    );
  return sizes;
}

function sizeOfStep(step: RealStep, sizeOf: (value: string) => number): number {
  switch (step.kind) {
    case "Linear":
      return (step.windows.length * step.weights.length) / step.groups;
    case "Extreme":
      return step.windows.length;
    case "Arrange":
      return step.indices.length;
    case "Constant":
      return step.data.length;
    case "Multiply":
      return sizeOf(step.left);
    case "Divide":
      return sizeOf(step.numerator);
    case "Select":
      return sizeOf(step.condition);
    case "ArgMax":
      return step.batch;
    case "OneHot":
      return sizeOf(step.input) * step.size;
    case "Trees":
      return step.batch * step.base.length;
    default:
      return sizeOf(step.input);
  }
}
