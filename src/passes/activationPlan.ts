import { type ApplyStep, type RealGraph, type RealStep, readersIn } from "../ir/realGraph.ts";
import type { Target } from "./narrow.ts";
import type { Range } from "./realRanges.ts";

/** Widths of a layer. */
export interface Widths {
  /** Width of weights, sign included. */
  readonly weightBits: number;
  /** Width of activations, sign included where there is one. */
  readonly activationBits: number;
}

/** The integers that look up a table: integer i stands for low + i · scale. */
export interface TableIndex extends Target {
  readonly low: number;
}

/** How precisely each value of a program has to be kept. */
export interface ActivationPlan {
  /** What samples showed of a value, or what is possible where they showed nothing. */
  rangeOf(value: string): Range;
  /** What the readers of a value round it to; undefined where they take every bit or it is given out. */
  narrowingOf(value: string): Target | undefined;
  /** The same where one step alone reads it: whoever computes the value chooses its scale a power of two below. */
  targetOf(value: string): Target | undefined;
  /** Whether that step rounds the value whatever its width, so that elements may have scales of their own. */
  isAlwaysRounded(value: string): boolean;
  indexOf(step: ApplyStep): TableIndex;
  widthsOf(step: RealStep): Widths;
}

/** Bits that operands of products and quotients have beyond those of activations, and the most that they get. */
const PRODUCT_BITS = { more: 4, most: 16 } as const;

/** Widest index of a table. */
export const MAX_INDEX_BITS = 12;

/** Plans scales from what samples showed, and from what is possible where there are none. */
export function planActivations(
  graph: RealGraph,
  possible: ReadonlyMap<string, Range>,
  sampled: ReadonlyMap<string, Range>,
  widthsOf: ActivationPlan["widthsOf"],
): ActivationPlan {
  const { readers, given } = readersIn(graph);
  const rangeOf = (value: string): Range =>
    finite(sampled.get(value)) ?? finite(possible.get(value)) ?? { low: 0, high: 0 };
  const targetAt = (value: string, bits: number): Target => targetFor(rangeOf(value), bits);
  const known = new Map<string, Target | undefined>();
  const onlyReaderOf = (value: string): RealStep | undefined =>
    given.has(value) || readers.get(value)?.length !== 1 ? undefined : readers.get(value)![0];
  const indexOf = (step: ApplyStep): TableIndex =>
    tableIndex(step, rangeOf(step.input), rangeOf(step.output), widthsOf(step).activationBits);

  function narrowingOf(value: string): Target | undefined {
    if (given.has(value)) return undefined;
    if (known.has(value)) return known.get(value);
    const demands = (readers.get(value) ?? []).map((reader) => demandOf(reader, value));
    const finest = demands.reduce((best, demand) => finer(best, demand), undefined);
    known.set(value, demands.includes(undefined) ? undefined : finest);
    return known.get(value);
  }

  function demandOf(reader: RealStep, value: string): Target | undefined {
    const { activationBits } = widthsOf(reader);
    switch (reader.kind) {
      case "Linear":
        return targetAt(value, activationBits);
      case "Multiply":
      case "Divide":
        return targetAt(value, productBits(activationBits));
      case "Apply":
        return covering(indexOf(reader), rangeOf(value));
      case "Relu":
      case "Arrange":
      case "Extreme":
        return narrowingOf(reader.output);
      default:
        return undefined;
    }
  }

  const alwaysRounded = new Set<string>();
  // From the end on, so that what a reader's result is rounded to is known already.
  for (const { output } of graph.steps.toReversed()) {
    narrowingOf(output);
    const reader = onlyReaderOf(output);
    const isRectified = reader?.kind === "Relu" && narrowingOf(reader.output) !== undefined;
    const isPassedOn = reader?.kind === "Arrange" || reader?.kind === "Extreme";
    if (isRectified || (isPassedOn && alwaysRounded.has(reader.output))) alwaysRounded.add(output);
  }

  return {
    rangeOf,
    narrowingOf,
    targetOf: (value) => (onlyReaderOf(value) === undefined ? undefined : narrowingOf(value)),
    isAlwaysRounded: (value) => alwaysRounded.has(value),
    indexOf,
    widthsOf,
  };
}

/** Width of the operands of products and quotients. */
export const productBits = (activationBits: number): number =>
  Math.min(PRODUCT_BITS.most, activationBits + PRODUCT_BITS.more);

/** The scale at which a range fills a width. */
export function targetFor({ low, high }: Range, bits: number): Target {
  const signed = low < 0;
  const extent = Math.max(high, signed ? -low : 0);
  const greatest = 2 ** (signed ? bits - 1 : bits) - 1;
  return { bits, signed, scale: extent > 0 ? extent / greatest : 1 };
}

/** A target of an index's scale that holds the whole range from zero on, where the index counts from elsewhere. */
function covering(index: TableIndex, range: Range): Target {
  if (index.low === 0) return index;
  const { bits, signed, scale } = targetFor(range, index.bits);
  return { bits: bits + Math.max(0, Math.ceil(Math.log2(scale / index.scale))), signed, scale: index.scale };
}

/** A reader that takes the positive part alone asks for no sign; another may need it. */
function finer(one: Target | undefined, other: Target | undefined): Target | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  if (one.signed === other.signed) return other.bits > one.bits ? other : one;
  const [signed, unsigned] = one.signed ? [one, other] : [other, one];
  const bits = Math.max(signed.bits, unsigned.bits + 1);
  return { bits, signed: true, scale: signed.scale / 2 ** (bits - signed.bits) };
}

const finite = (range: Range | undefined): Range | undefined =>
  range !== undefined && Number.isFinite(range.low) && Number.isFinite(range.high) ? range : undefined;

/**
 * The index of a function's table: of as many bits as activations have, and more where neighbouring entries would then
 * differ by more than a step of the result; a function that jumps has steps that are powers of two, so that what it
 * jumps at lies on a step.
 */
function tableIndex({ function: fn }: ApplyStep, range: Range, results: Range, activationBits: number): TableIndex {
  if (fn.jumps) return jumpIndex(range);
  const enough = (results.high - results.low) / 2 ** (activationBits - 1);
  let index = indexFor(range, Math.min(activationBits, MAX_INDEX_BITS));
  while (index.bits < MAX_INDEX_BITS && halfStep(fn.apply, range, index.scale) > enough) {
    index = indexFor(range, index.bits + 1);
  }
  return index;
}

/** An index whose lowest entry is the range's, unless a plain one is about as fine. */
function indexFor(range: Range, bits: number): TableIndex {
  const plain = targetFor(range, bits);
  const scale = (range.high - range.low) / (2 ** bits - 1);
  if (!(scale > 0 && scale < plain.scale / 1.4)) return { ...plain, low: 0 };
  return { bits, signed: false, scale, low: range.low };
}

function jumpIndex(range: Range): TableIndex {
  const { signed, scale } = targetFor(range, MAX_INDEX_BITS);
  return { bits: MAX_INDEX_BITS, signed, scale: 2 ** Math.ceil(Math.log2(scale)), low: 0 };
}

/** Points at which the change of a function over half a step is looked at. */
const PROBES = 512;

/** Greatest change of a function over half a step inside a range. */
function halfStep(apply: (x: number) => number, { low, high }: Range, step: number): number {
  const changes = Array.from({ length: PROBES + 1 }, (_, probe) => {
    const at = low + ((high - low) * probe) / PROBES;
    return Math.abs(apply(Math.min(at + step / 2, high)) - apply(at));
  });
  return changes.filter(Number.isFinite).reduce((most, change) => Math.max(most, change), 0);
}
