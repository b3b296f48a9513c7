import { elementCount } from "../codec/codec.ts";
import { type LinearStep, type RealGraph, type RealStep, type ScaleStep, operandsOf } from "../ir/realGraph.ts";

/** Least and greatest value seen or possible, 0 always included. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** One sample: an array of real numbers for each input tensor. */
export type Sample = readonly (readonly number[])[];

/** Bounds of the elements of a value. */
interface Bounds {
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** Range of every value of the program over the samples. */
export function sampledRanges(graph: RealGraph, samples: readonly Sample[]): Map<string, Range> {
  const ranges = new Map<string, Range>();
  for (const sample of samples) {
    for (const [value, elements] of evaluateReal(graph, sample)) {
      ranges.set(value, elements.reduce(widen, ranges.get(value) ?? { low: 0, high: 0 }));
    }
  }
  return ranges;
}

/** A range that holds every value of the program over all inputs in the given ranges. */
export function possibleRanges(graph: RealGraph, inputs: readonly Range[]): Map<string, Range> {
  const sizes = graph.inputs.map(({ shape }) => elementCount(shape));
  const bounds = walk<Bounds>(
    graph,
    inputs.map(({ low, high }, index) => ({
      low: Array(sizes[index]).fill(low),
      high: Array(sizes[index]).fill(high),
    })),
    boundsOfStep,
  );
  const rangeOf = ({ low, high }: Bounds) => [...low, ...high].reduce(widen, { low: 0, high: 0 });
  return new Map([...bounds].map(([value, elements]) => [value, rangeOf(elements)]));
}

/** Every value of the program in double precision. */
export const evaluateReal = (graph: RealGraph, sample: Sample): Map<string, readonly number[]> =>
  walk(graph, sample, evaluateStep);

const widen = ({ low, high }: Range, element: number): Range => ({
  low: Math.min(low, element),
  high: Math.max(high, element),
});

function walk<Value>(
  { inputs, steps }: RealGraph,
  given: readonly Value[],
  visit: (step: RealStep, operands: readonly Value[]) => Value,
): Map<string, Value> {
  const values = new Map(inputs.map(({ value }, index) => [value, given[index]]));
  for (const step of steps) {
    values.set(
      step.output,
      visit(
        step,
        operandsOf(step).map((operand) => values.get(operand)!),
      ),
    );
  }
  return values;
}

function evaluateStep(step: RealStep, [input, right]: readonly (readonly number[])[]): readonly number[] {
  switch (step.kind) {
    case "Linear":
      return linear(step, input, input);
    case "Scale":
      return scale(step, input, input);
    case "Relu":
      return input.map((value) => Math.max(value, 0));
    case "Add":
      return input.map((value, index) => step.factors[0] * value + step.factors[1] * right[index]);
    case "Permute":
      return step.indices.map((index) => input[index]);
    case "ArgMax":
      return argMax(input, step.batch);
  }
}

function boundsOfStep(step: RealStep, operands: readonly Bounds[]): Bounds {
  const [{ low, high }] = operands;
  switch (step.kind) {
    case "Linear":
      return { low: linear(step, low, high), high: linear(step, high, low) };
    case "Scale":
      return { low: scale(step, low, high), high: scale(step, high, low) };
    case "Add":
      return { low: boundOfSum(step.factors, operands, "low"), high: boundOfSum(step.factors, operands, "high") };
    case "ArgMax":
      return { low: Array(step.batch).fill(0), high: Array(step.batch).fill(low.length / step.batch - 1) };
    default:
      return { low: evaluateStep(step, [low]), high: evaluateStep(step, [high]) };
  }
}

/** Σ weight · element, a negative weight taking the element of `opposite`. */
function linear({ weights, bias, batch }: LinearStep, input: readonly number[], opposite: readonly number[]): number[] {
  const size = input.length / batch;
  return Array.from({ length: batch }, (_, row) =>
    weights.map((factors, j) =>
      factors.reduce((sum, factor, i) => sum + factor * (factor < 0 ? opposite : input)[row * size + i], bias[j]),
    ),
  ).flat();
}

function scale({ factors, offsets }: ScaleStep, input: readonly number[], opposite: readonly number[]): number[] {
  return input.map((value, index) => {
    const factor = factors[index % factors.length];
    return factor * (factor < 0 ? opposite[index] : value) + offsets[index % offsets.length];
  });
}

function boundOfSum(factors: readonly number[], operands: readonly Bounds[], side: "low" | "high"): number[] {
  const other = side === "low" ? "high" : "low";
  const [left, right] = operands.map((bounds, index) => bounds[factors[index] < 0 ? other : side]);
  return left.map((value, index) => factors[0] * value + factors[1] * right[index]);
}

function argMax(input: readonly number[], batch: number): number[] {
  const size = input.length / batch;
  return Array.from({ length: batch }, (_, row) => {
    const slice = input.slice(row * size, (row + 1) * size);
    return slice.reduce((best, value, index) => (value > slice[best] ? index : best), 0);
  });
}
