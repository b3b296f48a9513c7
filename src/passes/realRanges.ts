import { elementCount } from "../codec/codec.ts";
import { type Elements, evaluateStep, extremes, scaled, sharedIndex, sums } from "../ir/evaluateStep.ts";
import type { ApplyStep, RealGraph, RealStep, RealTree, TreesStep } from "../ir/realGraph.ts";
import { type Sample, evaluateReal, walk } from "./evaluateReal.ts";

/** Least and greatest value seen or possible. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** Bounds of the elements of a value; infinite where nothing is known. */
interface Bounds {
  readonly low: Elements;
  readonly high: Elements;
}

/** Range of every value of the program over the samples; of values that were never finite there is none. */
export function sampledRanges(graph: RealGraph, samples: readonly Sample[]): Map<string, Range> {
  const ranges = new Map<string, Range>();
  for (const sample of samples) {
    for (const [value, elements] of evaluateReal(graph, sample)) {
      const finite = elements.filter(Number.isFinite);
      if (finite.length > 0) ranges.set(value, finite.reduce(widen, ranges.get(value) ?? NOTHING));
    }
  }
  return ranges;
}

/** A range that holds every value of the program over all inputs in the given ranges; infinite where none is known. */
export function possibleRanges(graph: RealGraph, inputs: readonly Range[]): Map<string, Range> {
  const sizes = graph.inputs.map(({ shape }) => elementCount(shape));
  const bounds = walk<Bounds>(
    graph,
    inputs.map(({ low, high }, index) => ({
      low: Array(sizes[index]).fill(low),
      high: Array(sizes[index]).fill(high),
    })),
    (step, operands) => known(boundsOfStep(step, operands)),
  );
  const rangeOf = ({ low, high }: Bounds) => high.reduce(widen, low.reduce(widen, NOTHING));
  return new Map([...bounds].map(([value, elements]) => [value, rangeOf(elements)]));
}

const NOTHING: Range = { low: Infinity, high: -Infinity };

const widen = ({ low, high }: Range, element: number): Range => ({
  low: Math.min(low, element),
  high: Math.max(high, element),
});

/** Bounds whose arithmetic gave no number say nothing. */
const known = ({ low, high }: Bounds): Bounds => ({
  low: low.map((bound) => (Number.isNaN(bound) ? -Infinity : bound)),
  high: high.map((bound) => (Number.isNaN(bound) ? Infinity : bound)),
});

function boundsOfStep(step: RealStep, operands: readonly Bounds[]): Bounds {
  const [first, second, third] = operands;
  const [lows, highs] = [() => operands.flatMap(({ low }) => low), () => operands.flatMap(({ high }) => high)];
  switch (step.kind) {
    case "Linear":
      return { low: sums(step, lows(), highs()), high: sums(step, highs(), lows()) };
    case "Scale":
      return { low: scaled(step, first.low, first.high), high: scaled(step, first.high, first.low) };
    case "Extreme":
      return { low: extremes(step.which, step.windows, lows()), high: extremes(step.which, step.windows, highs()) };
    case "Multiply":
      return corners(
        first,
        second,
        (_, index) => index,
        (a, b) => a * b,
      );
    case "Divide":
      return corners(
        first,
        nonZero(second),
        (bounds, index) => sharedIndex(index, bounds.low, second.low),
        (a, b) => a / b,
      );
    case "Select":
      return {
        low: second.low.map((bound, index) => Math.min(bound, third.low[index])),
        high: second.high.map((bound, index) => Math.max(bound, third.high[index])),
      };
    case "Apply":
      return appliedBounds(step, first);
    case "Compare":
      return constantBounds(first.low.length, 0, 1);
    case "OneHot":
      return constantBounds(first.low.length * step.size, 0, 1);
    case "ArgMax":
      return constantBounds(step.batch, 0, first.low.length / step.batch - 1);
    case "Trees":
      return treeBounds(step);
    default:
      return {
        low: evaluateStep(
          step,
          operands.map(({ low }) => low),
        ),
        high: evaluateStep(
          step,
          operands.map(({ high }) => high),
        ),
      };
  }
}

const constantBounds = (length: number, low: number, high: number): Bounds => ({
  low: Array<number>(length).fill(low),
  high: Array<number>(length).fill(high),
});

/** Bounds of a function of two numbers that is monotone in each. */
function corners(
  left: Bounds,
  right: Bounds,
  partner: (left: Bounds, index: number) => number,
  apply: (a: number, b: number) => number,
): Bounds {
  const at = (index: number): number[] => {
    const other = partner(left, index);
    return [left.low[index], left.high[index]].flatMap((a) => [
      apply(a, right.low[other]),
      apply(a, right.high[other]),
    ]);
  };
  return {
    low: left.low.map((_, index) => Math.min(...at(index))),
    high: left.high.map((_, index) => Math.max(...at(index))),
  };
}

/** Bounds of a divisor that could be zero say nothing of the quotient. */
const nonZero = ({ low, high }: Bounds): Bounds => {
  const holdsZero = low.map((bound, index) => bound <= 0 && high[index] >= 0);
  return {
    low: low.map((bound, index) => (holdsZero[index] ? NaN : bound)),
    high: high.map((bound, index) => (holdsZero[index] ? NaN : bound)),
  };
};

/** Points at which a function that may rise and fall is looked at. */
const PROBES = 64;

/** Exact for monotone functions; for others the range over points between the bounds, which only ever guides scales. */
function appliedBounds({ function: { apply, isMonotone } }: ApplyStep, { low, high }: Bounds): Bounds {
  if (isMonotone) return { low: low.map(apply), high: high.map(apply) };
  const ranges = low.map((least, index) => {
    const step = (high[index] - least) / PROBES;
    const probes = Array.from({ length: PROBES + 1 }, (_, probe) => apply(least + probe * step));
    return probes.filter(Number.isFinite).reduce(widen, NOTHING);
  });
  return { low: ranges.map((range) => range.low), high: ranges.map((range) => range.high) };
}

function treeBounds({ batch, base, trees }: TreesStep): Bounds {
  const leaves = trees.map(leavesOf);
  const bound = (better: (...values: number[]) => number): number[] =>
    base.map((start, score) =>
      leaves.reduce((sum, adds) => sum + adds.reduce((best, add) => better(best, add[score]), adds[0][score]), start),
    );
  const repeat = (row: readonly number[]) => Array.from({ length: batch }, () => row).flat();
  return { low: repeat(bound(Math.min)), high: repeat(bound(Math.max)) };
}

const leavesOf = (tree: RealTree): readonly (readonly number[])[] =>
  "add" in tree ? [tree.add] : [...leavesOf(tree.yes), ...leavesOf(tree.no)];
