import { elementCount } from "../codec/codec.ts";
import type { RealGraph, RealStep, RealTree } from "../ir/realGraph.ts";
import { operandsOf } from "../ir/realGraph.ts";
import type { InputNeed } from "./quantiseInput.ts";

/** Bits of an input that decides something: which branch, which side of a jump. */
const DECIDING_BITS = 16;

/**
 * What the steps ask of each input. One that reaches a comparison, a tree or a function that jumps through nothing but
 * rearrangement and scaling gets 16 bits, since there a small error is a large one; for trees each feature has its own
 * step.
 */
export function inputNeeds(graph: RealGraph, bits: number | undefined, otherwise: number): InputNeed[] {
  return graph.inputs.map(({ value, shape }) => {
    const readers = readersThrough(graph, value);
    const deciding = readers.some(isDeciding);
    const thresholds = thresholdsOf(graph, value, shape);
    return {
      bits: bits ?? (deciding ? DECIDING_BITS : otherwise),
      mostBits: bits,
      binarySteps: readers.some(
        (step) => step.kind === "Trees" || (step.kind === "Apply" && step.function.jumps === true),
      ),
      thresholds,
    };
  });
}

const isDeciding = (step: RealStep): boolean =>
  step.kind === "Compare" || step.kind === "Trees" || (step.kind === "Apply" && step.function.jumps === true);

/** Steps that read a value as it is, or scaled, rearranged or added to others. */
function readersThrough({ steps }: RealGraph, value: string): RealStep[] {
  const reached = new Set([value]);
  return steps.filter((step) => {
    const reads = operandsOf(step).some((operand) => reached.has(operand));
    const passes = step.kind === "Arrange" || step.kind === "Scale" || step.kind === "Extreme" || isSmallSum(step);
    if (reads && passes) reached.add(step.output);
    return reads;
  });
}

/** Differences of two values, not layers. */
const isSmallSum = (step: RealStep): boolean => step.kind === "Linear" && step.weights.every((row) => row.length <= 2);

/** Greatest threshold of each feature, along the last axis, of an input that trees and nothing else read. */
function thresholdsOf({ steps, outputs }: RealGraph, value: string, shape: readonly number[]): number[] | undefined {
  const readers = steps.filter((step) => operandsOf(step).includes(value));
  if (readers.length === 0 || outputs.some(({ from }) => from === value)) return undefined;
  const [size, features] = [elementCount(shape), shape.at(-1) ?? 1];
  const greatest = Array<number>(features).fill(0);
  for (const step of readers) {
    if (step.kind !== "Trees") return undefined;
    // The rows of a step may be shorter than those of the input: element by element, for one.
    const asked = Array<number>(size / step.batch).fill(0);
    for (const tree of step.trees) visit(tree, asked);
    for (let index = 0; index < size; index++)
      greatest[index % features] = Math.max(greatest[index % features], asked[index % asked.length]);
  }
  return greatest;
}

function visit(tree: RealTree, greatest: number[]): void {
  if ("add" in tree) return;
  greatest[tree.feature] = Math.max(greatest[tree.feature], Math.abs(tree.threshold));
  visit(tree.yes, greatest);
  visit(tree.no, greatest);
}
