import { InputError } from "../errors.ts";
import type { LinearNode } from "../ir/integerGraph.ts";

/** Below this all partial sums are exact in doubles, the estimate's own rounding included. */
const EXACT = 2 ** 52;

/** A Linear node in flat arrays. */
export interface Layout {
  /** Elements of all inputs together. */
  readonly length: number;
  /** One after another; −1 has become `length`, where values hold a 0. */
  readonly windows: Int32Array;
  readonly weights: Float64Array;
  readonly taps: number;
  /** Windows and filters of a group. */
  readonly windowsPerGroup: number;
  readonly filtersPerGroup: number;
  /** No sum exceeds this times the greatest magnitude of an element, a bias counting as a weight. */
  readonly gain: number;
  /** Whether a window lists one element twice. */
  readonly repeats: boolean;
}

const layouts = new WeakMap<LinearNode, Layout>();

/** The flat form of `node` over inputs of the given lengths, made once. Throws InputError on an element out of range. */
export function layoutOf(node: LinearNode, lengths: readonly number[]): Layout {
  const length = lengths.reduce((sum, count) => sum + count, 0);
  const known = layouts.get(node);
  if (known !== undefined && known.length === length) return known;
  const { groups, windows, weights, bias } = node;
  const layout = {
    length,
    windows: flatWindows(node, length),
    weights: Float64Array.from(weights.flat()),
    taps: windows[0].length,
    windowsPerGroup: windows.length / groups,
    filtersPerGroup: weights.length / groups,
    gain: weights.reduce(
      (most, row, index) =>
        Math.max(
          most,
          row.reduce((sum, weight) => sum + Math.abs(weight), Math.abs(bias[index])),
        ),
      0,
    ),
    repeats: hasRepeats(node, lengths),
  };
  layouts.set(node, layout);
  return layout;
}

function flatWindows({ name, windows }: LinearNode, length: number): Int32Array {
  const taps = windows[0].length;
  const flat = new Int32Array(windows.length * taps);
  for (const [at, window] of windows.entries()) {
    for (const [tap, index] of window.entries()) {
      if (index >= length)
        throw new InputError(
          `kernel ${name} (Linear): window element ${index} is out of range, want -1 to ${length - 1}`,
        );
      flat[at * taps + tap] = index < 0 ? length : index;
    }
  }
  return flat;
}

/** The same element of the same value, named twice among the inputs or not. */
export function firstNames({ inputs }: Pick<LinearNode, "inputs">, lengths: readonly number[]): Int32Array {
  const starts = new Map<string, number>();
  const first: number[] = [];
  for (const [at, name] of inputs.entries()) {
    const start = starts.get(name) ?? first.length;
    starts.set(name, start);
    for (let index = 0; index < lengths[at]; index++) first.push(start + index);
  }
  return Int32Array.from(first);
}

function hasRepeats(node: LinearNode, lengths: readonly number[]): boolean {
  const first = firstNames(node, lengths);
  const seen = new Int32Array(first.length).fill(-1);
  return node.windows.some((window, at) =>
    window.some((index) => {
      if (index < 0) return false;
      const isRepeat = seen[first[index]] === at;
      seen[first[index]] = at;
      return isRepeat;
    }),
  );
}

/**
 * All sums of the node, positive weights over the elements of `positive` and negative ones over those of `negative`:
 * twice the elements for results, opposite bounds for bounds of results.
 */
export function weightedSums(
  node: LinearNode,
  layout: Layout,
  positive: readonly bigint[],
  negative: readonly bigint[],
): bigint[] {
  const { gain, weights } = layout;
  const most = Math.max(1, greatestMagnitude(positive), greatestMagnitude(negative));
  if (gain * most >= EXACT) return wideSums(node, layout, positive, negative);
  const sums = new Float64Array(node.bias.length * layout.windowsPerGroup);
  for (const [row, value] of node.bias.entries())
    sums.fill(value, row * layout.windowsPerGroup, (row + 1) * layout.windowsPerGroup);
  if (positive === negative) {
    addSums(layout, weights, positive, sums);
  } else {
    addSums(
      layout,
      weights.map((weight) => Math.max(weight, 0)),
      positive,
      sums,
    );
    addSums(
      layout,
      weights.map((weight) => Math.min(weight, 0)),
      negative,
      sums,
    );
  }
  return Array.from(sums, BigInt);
}

function greatestMagnitude(values: readonly bigint[]): number {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(Number(value)));
  return most;
}

/** Adds every sum to `sums`. */
function addSums(
  { windows, taps, windowsPerGroup, filtersPerGroup, length }: Layout,
  weights: Float64Array,
  elements: readonly bigint[],
  sums: Float64Array,
): void {
  const values = new Float64Array(length + 1);
  for (let index = 0; index < length; index++) values[index] = Number(elements[index]);
  for (let row = 0, firstWeight = 0; firstWeight < weights.length; row++, firstWeight += taps) {
    const firstWindow = Math.floor(row / filtersPerGroup) * windowsPerGroup;
    for (let w = 0; w < windowsPerGroup; w++) {
      const start = (firstWindow + w) * taps;
      let sum = 0;
      for (let tap = 0; tap < taps; tap++) sum += weights[firstWeight + tap] * values[windows[start + tap]];
      sums[row * windowsPerGroup + w] += sum;
    }
  }
}

/** The same in exact integers of any size. */
function wideSums(
  { bias, weights }: LinearNode,
  { windows, taps, windowsPerGroup, filtersPerGroup }: Layout,
  positive: readonly bigint[],
  negative: readonly bigint[],
): bigint[] {
  const sums: bigint[] = [];
  for (const [row, filter] of weights.entries()) {
    const factors = filter.map(BigInt);
    const firstWindow = Math.floor(row / filtersPerGroup) * windowsPerGroup;
    for (let w = firstWindow; w < firstWindow + windowsPerGroup; w++) {
      let sum = BigInt(bias[row]);
      for (const [tap, factor] of factors.entries()) {
        const index = windows[w * taps + tap];
        if (factor !== 0n && index < positive.length) sum += factor * (factor < 0n ? negative : positive)[index];
      }
      sums.push(sum);
    }
  }
  return sums;
}
