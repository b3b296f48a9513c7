import type { ArrangeStep, LinearStep, RealGraph, RealStep, ScaleStep } from "../ir/realGraph.ts";
import { type Surroundings, rewriteSteps } from "./rewrite.ts";

/** Factors and offsets, one an element. */
type Pattern = Pick<ScaleStep, "factors" | "offsets">;

/**
 * Merges each Scale with a neighbouring Linear or Scale that nothing else sees: biases that ONNX adds in a node of
 * their own, normalised inputs, batch normalisation and the like then cost no step and no precision.
 */
export const foldScales = (graph: RealGraph, sizes: ReadonlyMap<string, number>): RealGraph =>
  rewriteSteps(graph, sizes, (step, around) => {
    if (step.kind === "Scale") return scaleAfter(step, around) ?? [step];
    if (step.kind === "Linear") return [scaleBefore(step, around) ?? step];
    return [step];
  });

/** The steps before, with the scale in them: an Arrange in between is done afterwards. */
function scaleAfter(scale: ScaleStep, around: Surroundings): readonly RealStep[] | undefined {
  if (!around.isPrivate(scale.input)) return undefined;
  const before = around.maker(scale.input);
  const pattern = expand(scale, around.sizeOf(scale.input));
  if (before?.kind === "Arrange") return scaleBeforeArrange(scale, before, pattern, around);
  const merged = before && mergedInto(before, pattern, around);
  return merged && [{ ...merged, output: scale.output }];
}

/** Everything but Scale and Linear refuses. */
function mergedInto(before: RealStep, pattern: Pattern, around: Surroundings): RealStep | undefined {
  if (before.kind === "Linear") return scaleRows(before, pattern);
  return before.kind === "Scale" ? scaleTwice(before, pattern, around) : undefined;
}

function scaleBeforeArrange(
  scale: ScaleStep,
  arrange: ArrangeStep,
  pattern: Pattern,
  around: Surroundings,
): readonly RealStep[] | undefined {
  const [source] = arrange.inputs;
  const isInjective = new Set(arrange.indices).size === arrange.indices.length;
  if (arrange.inputs.length !== 1 || !isInjective || !around.isPrivate(source)) return undefined;
  const [factors, offsets] = [
    Array<number>(around.sizeOf(source)).fill(1),
    Array<number>(around.sizeOf(source)).fill(0),
  ];
  arrange.indices.forEach((from, to) => {
    factors[from] = pattern.factors[to];
    offsets[from] = pattern.offsets[to];
  });
  const before = around.maker(source);
  const merged = before && mergedInto(before, { factors, offsets }, around);
  if (merged === undefined) return undefined;
  const output = `${scale.output} arranged`;
  return [
    { ...merged, output },
    { ...arrange, inputs: [output], output: scale.output },
  ];
}

/** Undefined where the elements of one filter are scaled differently. */
function scaleRows(linear: LinearStep, { factors, offsets }: Pattern): LinearStep | undefined {
  const width = linear.windows.length / linear.groups;
  const isUniform = factors.every((factor, index) => {
    const first = index - (index % width);
    return factor === factors[first] && offsets[index] === offsets[first];
  });
  if (!isUniform) return undefined;
  return {
    ...linear,
    weights: linear.weights.map((row, filter) => row.map((weight) => weight * factors[filter * width])),
    bias: linear.bias.map((value, filter) => value * factors[filter * width] + offsets[filter * width]),
  };
}

function scaleTwice(before: ScaleStep, after: Pattern, around: Surroundings): ScaleStep {
  const first = expand(before, around.sizeOf(before.input));
  return {
    ...before,
    ...compressed({
      factors: after.factors.map((factor, index) => factor * first.factors[index]),
      offsets: after.offsets.map((offset, index) => after.factors[index] * first.offsets[index] + offset),
    }),
  };
}

/** Undefined where the windows of a filter would need different weights, or padding a bias of its own. */
function scaleBefore(linear: LinearStep, around: Surroundings): LinearStep | undefined {
  const before = linear.inputs.map((input) => around.maker(input));
  const [scale] = before;
  if (linear.inputs.length !== 1 || scale?.kind !== "Scale" || !around.isPrivate(scale.output)) return undefined;
  const { factors, offsets } = expand(scale, around.sizeOf(scale.input));
  const width = linear.windows.length / linear.groups;
  const filters = linear.weights.length / linear.groups;
  const at = (pattern: readonly number[], position: number) => (position < 0 ? 0 : pattern[position]);
  const firstWindow = (index: number) => linear.windows[index - (index % width)];
  const isUniform = linear.windows.every((window, index) =>
    window.every((position, k) => {
      const first = firstWindow(index)[k];
      const bothInside = position >= 0 && first >= 0;
      const sameFactor = !bothInside || factors[position] === factors[first];
      return sameFactor && at(offsets, position) === at(offsets, first) && (bothInside || isEven(factors));
    }),
  );
  if (!isUniform) return undefined;
  const windowOf = (filter: number) => linear.windows[Math.floor(filter / filters) * width];
  return {
    ...linear,
    inputs: [scale.input],
    weights: linear.weights.map((row, filter) =>
      row.map((weight, k) => weight * (windowOf(filter)[k] < 0 ? factors[0] : factors[windowOf(filter)[k]])),
    ),
    bias: linear.bias.map((value, filter) =>
      linear.weights[filter].reduce((sum, weight, k) => sum + weight * at(offsets, windowOf(filter)[k]), value),
    ),
  };
}

const isEven = (factors: readonly number[]): boolean => factors.every((factor) => factor === factors[0]);

function expand({ factors, offsets }: Pattern, length: number): Pattern {
  const repeat = (pattern: readonly number[]) => Array.from({ length }, (_, index) => pattern[index % pattern.length]);
  return { factors: repeat(factors), offsets: repeat(offsets) };
}

/** One factor and offset where they are all the same. */
function compressed({ factors, offsets }: Pattern): Pattern {
  const isOne = isEven(factors) && isEven(offsets);
  return isOne ? { factors: [factors[0]], offsets: [offsets[0]] } : { factors, offsets };
}
