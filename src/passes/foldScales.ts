import { type LinearStep, type RealGraph, type RealStep, type ScaleStep, readersIn } from "../ir/realGraph.ts";

/**
 * Merges each Scale with a neighbouring Linear or Scale that nothing else sees: biases that ONNX adds in a node of
 * their own, normalised inputs and the like then cost no step and no precision.
 */
export function foldScales(graph: RealGraph): RealGraph {
  const { readers, given } = readersIn(graph);
  const isPrivate = (value: string) => readers.get(value)?.length === 1 && !given.has(value);
  const kept = new Map<string, RealStep>();
  for (let step of graph.steps) {
    for (;;) {
      const before = "input" in step && isPrivate(step.input) ? kept.get(step.input) : undefined;
      const merged = before && merge(before, step);
      if (merged === undefined) break;
      kept.delete(before!.output);
      step = merged;
    }
    kept.set(step.output, step);
  }
  return { ...graph, steps: [...kept.values()] };
}

/** One step that does what two in a row do, where there is one. */
function merge(before: RealStep, after: RealStep): RealStep | undefined {
  if (before.kind === "Linear" && after.kind === "Scale") return scaleRows(before, after);
  if (before.kind === "Scale" && after.kind === "Linear") return scaleColumns(before, after);
  if (before.kind === "Scale" && after.kind === "Scale") return scaleTwice(before, after);
  return undefined;
}

function scaleRows(linear: LinearStep, scale: ScaleStep): LinearStep | undefined {
  const pattern = repeatTo(scale, linear.bias.length);
  return (
    pattern && {
      ...linear,
      output: scale.output,
      weights: linear.weights.map((row, j) => row.map((weight) => weight * pattern.factors[j])),
      bias: linear.bias.map((value, j) => value * pattern.factors[j] + pattern.offsets[j]),
    }
  );
}

function scaleColumns(scale: ScaleStep, linear: LinearStep): LinearStep | undefined {
  const pattern = repeatTo(scale, linear.weights[0].length);
  return (
    pattern && {
      ...linear,
      input: scale.input,
      weights: linear.weights.map((row) => row.map((weight, i) => weight * pattern.factors[i])),
      bias: linear.bias.map((value, j) =>
        linear.weights[j].reduce((sum, weight, i) => sum + weight * pattern.offsets[i], value),
      ),
    }
  );
}

function scaleTwice(before: ScaleStep, after: ScaleStep): ScaleStep | undefined {
  const length = Math.max(shortestPeriod(before), shortestPeriod(after));
  const [first, second] = [repeatTo(before, length), repeatTo(after, length)];
  if (first === undefined || second === undefined) return undefined;
  return {
    ...after,
    input: before.input,
    factors: second.factors.map((factor, i) => factor * first.factors[i]),
    offsets: second.offsets.map((offset, i) => second.factors[i] * first.offsets[i] + offset),
  };
}

/** Factors and offsets for rows of `length` elements, undefined where rows differ. */
function repeatTo(scale: ScaleStep, length: number): Pick<ScaleStep, "factors" | "offsets"> | undefined {
  const period = shortestPeriod(scale);
  if (length % period !== 0) return undefined;
  const repeat = (pattern: readonly number[]) => Array.from({ length }, (_, index) => pattern[index % period]);
  return { factors: repeat(scale.factors), offsets: repeat(scale.offsets) };
}

/** The least number of elements after which factors and offsets repeat. */
export function shortestPeriod({ factors, offsets }: Pick<ScaleStep, "factors" | "offsets">): number {
  const repeats = (period: number) => (value: number, index: number, pattern: readonly number[]) =>
    value === pattern[index % period];
  for (let period = 1; period < factors.length; period++) {
    if (factors.length % period === 0 && factors.every(repeats(period)) && offsets.every(repeats(period)))
      return period;
  }
  return factors.length;
}
