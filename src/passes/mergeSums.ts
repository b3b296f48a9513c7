import type { LinearStep, RealGraph } from "../ir/realGraph.ts";
import { type Surroundings, rewriteSteps } from "./rewrite.ts";

/** One sum as positions and weights. */
type Row = ReadonlyMap<number, number>;

/** Replaces two layers of sums in a row by one where that has no more terms: the values between need no wires. */
export const mergeSums = (graph: RealGraph, sizes: ReadonlyMap<string, number>): RealGraph =>
  rewriteSteps(graph, sizes, (step, around) => [(step.kind === "Linear" && merged(step, around)) || step]);

/** Terms of two layers above which the product is not even tried. */
const MAX_TERMS = 1 << 22;

/** Longest window of a pool that is read through. */
const MAX_POOL = 16;

function merged(after: LinearStep, around: Surroundings): LinearStep | undefined {
  const before = around.maker(after.inputs[0]);
  if (after.inputs.length !== 1 || before?.kind !== "Linear" || !around.isPrivate(before.output)) return undefined;
  return throughPool(before, after) ?? product(before, after);
}

/**
 * Reads through sums that all have the same few weights, as those of a pool: more terms, but no wire for an exact sum,
 * which no reader bounds and no row can share.
 */
function throughPool(before: LinearStep, after: LinearStep): LinearStep | undefined {
  const [weights] = before.weights;
  const isEven = before.weights.every((row) => row.every((weight, k) => weight === weights[k]));
  const isPool = isEven && weights.length <= MAX_POOL && before.bias.every((value) => value === 0);
  if (!isPool || termsOf(after) * weights.length > MAX_TERMS) return undefined;
  const width = before.windows.length / before.groups;
  const filters = before.weights.length / before.groups;
  const windowOf = (position: number) =>
    before.windows[Math.floor(position / (filters * width)) * width + (position % width)];
  const outside = Array<number>(weights.length).fill(-1);
  return {
    ...after,
    inputs: before.inputs,
    windows: after.windows.map((window) => window.flatMap((position) => (position < 0 ? outside : windowOf(position)))),
    weights: after.weights.map((row) => row.flatMap((weight) => weights.map((factor) => weight * factor))),
  };
}

function product(before: LinearStep, after: LinearStep): LinearStep | undefined {
  const allowed = termsOf(before) + termsOf(after);
  if (allowed > MAX_TERMS || boundOfProduct(before, after) > MAX_TERMS) return undefined;
  const [first, second] = [rowsOf(before), rowsOf(after)];
  const rows = second.map((row) => composed(row, first));
  const terms = rows.reduce((sum, { size }) => sum + size, 0);
  if (terms > allowed) return undefined;
  const [firstBias, secondBias] = [biasesOf(before), biasesOf(after)];
  const bias = second.map((row, index) =>
    [...row].reduce((sum, [position, weight]) => sum + weight * firstBias[position], secondBias[index]),
  );
  return { ...after, inputs: before.inputs, ...sumsOf(rows, bias) };
}

const termsOf = ({ windows, weights, groups }: LinearStep): number =>
  (windows.length * weights.length * (weights[0]?.length ?? 0)) / groups;

const boundOfProduct = (before: LinearStep, after: LinearStep): number =>
  termsOf(after) * (before.weights[0]?.length ?? 0);

function rowsOf({ windows, weights, groups }: LinearStep): Row[] {
  const [width, filters] = [windows.length / groups, weights.length / groups];
  return weights.flatMap((row, filter) =>
    Array.from({ length: width }, (_, at) => {
      const window = windows[Math.floor(filter / filters) * width + at];
      const terms = new Map<number, number>();
      window.forEach((position, k) => {
        if (position >= 0 && row[k] !== 0) terms.set(position, (terms.get(position) ?? 0) + row[k]);
      });
      return terms;
    }),
  );
}

const biasesOf = ({ windows, bias, groups }: LinearStep): number[] =>
  bias.flatMap((value) => Array<number>(windows.length / groups).fill(value));

function composed(row: Row, first: readonly Row[]): Row {
  const terms = new Map<number, number>();
  for (const [middle, factor] of row) {
    for (const [position, weight] of first[middle]) terms.set(position, (terms.get(position) ?? 0) + factor * weight);
  }
  return terms;
}

/** Sums of any rows: one window for all where they read the same elements, else one each. */
function sumsOf(
  rows: readonly Row[],
  bias: readonly number[],
): Pick<LinearStep, "groups" | "windows" | "weights" | "bias"> {
  const all = [...new Set(rows.flatMap((row) => [...row.keys()]))].sort((a, b) => a - b);
  const dense = all.length > 0 && rows.length * all.length <= 2 * rows.reduce((sum, { size }) => sum + size, 0);
  if (dense) {
    const weights = rows.map((row) => all.map((position) => row.get(position) ?? 0));
    return { groups: 1, windows: [all], weights, bias };
  }
  const length = rows.reduce((most, { size }) => Math.max(most, size), 0);
  const padded = (values: readonly number[], filler: number) => [
    ...values,
    ...Array<number>(length - values.length).fill(filler),
  ];
  return {
    groups: rows.length,
    windows: rows.map((row) => padded([...row.keys()], -1)),
    weights: rows.map((row) => padded([...row.values()], 0)),
    bias,
  };
}
