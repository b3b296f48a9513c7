import { type RealGraph, type RealStep, readersIn } from "../ir/realGraph.ts";
import type { Range } from "./realRanges.ts";

/** How precisely each value of a program has to be kept. */
export interface ActivationPlan {
  /** True for a value that a Linear reads: it is rounded to the width of activations. All others keep every bit. */
  isNarrow(value: string): boolean;
  /** Real value of the integer 1 that fits a value's range into the width of activations, sign included or not. */
  scaleOf(value: string, signed: boolean): number;
  /**
   * The scale that the value will be rounded to next, by itself or in the Relu that alone reads it; undefined where it
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
  const { readers } = readersIn(graph);
  const readersOf = (value: string): readonly RealStep[] => readers.get(value) ?? [];

  const isNarrow = (value: string): boolean =>
    readersOf(value).some((step) => step.kind === "Linear" || (step.kind === "Permute" && isNarrow(step.output)));

  const scaleOf = (value: string, signed: boolean): number => {
    const greatest = 2 ** (signed ? activationBits - 1 : activationBits) - 1;
    const extent = magnitude(sampled?.get(value), signed) || magnitude(possible.get(value), signed);
    return extent > 0 ? extent / greatest : 1;
  };

  const targetOf = (value: string): number | undefined => {
    if (isNarrow(value)) return scaleOf(value, true);
    const [reader, ...others] = readersOf(value);
    if (reader === undefined || others.length > 0) return undefined;
    if (reader.kind === "Permute") return targetOf(reader.output);
    return reader.kind === "Relu" && isNarrow(reader.output) ? scaleOf(reader.output, false) : undefined;
  };

  return { isNarrow, scaleOf, targetOf };
}

const magnitude = (range: Range | undefined, signed: boolean): number =>
  range === undefined ? 0 : Math.max(range.high, signed ? -range.low : 0);
