import { type RealGraph, readersIn } from "../ir/realGraph.ts";
import type { Range } from "./realRanges.ts";

/** How precisely each value of a program has to be kept. */
export interface ActivationPlan {
  /** True for a value that a Linear reads: it is rounded to the width of activations. All others keep every bit. */
  isNarrow(value: string): boolean;
  /** Real value of the integer 1 that fits a value's range into the width of activations, sign included or not. */
  scaleOf(value: string, signed: boolean): number;
  /**
   * The scale that the value will be rounded to next, by itself or in the ReLU that alone reads it; undefined where it
   * is not rounded. Whoever computes the value chooses its own scale a power of two below.
   */
  targetOf(value: string): number | undefined;
}

/** Plans scales from what samples showed, and from what is possible where they showed only zeros or there are none. */
export function planActivations(
  graph: RealGraph,
  possible: ReadonlyMap<string, Range>,
  sampled: ReadonlyMap<string, Range> | undefined,
  activationBits: number,
): ActivationPlan {
  const narrow = narrowValues(graph);
  const scaleOf = (value: string, signed: boolean): number => {
    const greatest = 2 ** (signed ? activationBits - 1 : activationBits) - 1;
    const extent = magnitude(sampled?.get(value), signed) || magnitude(possible.get(value), signed);
    return extent > 0 ? extent / greatest : 1;
  };
  const targets = targetsOf(graph, narrow, scaleOf);
  return { isNarrow: (value) => narrow.has(value), scaleOf, targetOf: (value) => targets.get(value) };
}

/** Values that a Linear reads, by themselves or permuted. */
function narrowValues({ steps }: RealGraph): ReadonlySet<string> {
  const narrow = new Set<string>();
  for (const step of steps.toReversed()) {
    if (step.kind === "Linear" || (step.kind === "Permute" && narrow.has(step.output))) narrow.add(step.input);
  }
  return narrow;
}

/** Scales that values are rounded to, by themselves or in what alone reads them. */
function targetsOf(
  graph: RealGraph,
  narrow: ReadonlySet<string>,
  scaleOf: ActivationPlan["scaleOf"],
): ReadonlyMap<string, number> {
  const { readers } = readersIn(graph);
  const targets = new Map([...narrow].map((value) => [value, scaleOf(value, true)]));
  for (const step of graph.steps.toReversed()) {
    if (step.kind !== "Relu" && step.kind !== "Permute") continue;
    const isRelu = step.kind === "Relu";
    const target = isRelu && narrow.has(step.output) ? scaleOf(step.output, false) : targets.get(step.output);
    const isOnlyReader = readers.get(step.input)!.length === 1;
    if (isOnlyReader && !narrow.has(step.input) && target !== undefined) targets.set(step.input, target);
  }
  return targets;
}

const magnitude = (range: Range | undefined, signed: boolean): number =>
  range === undefined ? 0 : Math.max(range.high, signed ? -range.low : 0);
