import { InputError } from "../errors.ts";
import type { Bounds } from "../ir/graph.ts";
import type { IntegerInput } from "../ir/integerGraph.ts";
import type { RealInput } from "../ir/realGraph.ts";
import type { Sample } from "./evaluateReal.ts";
import type { Range } from "./realRanges.ts";

/** What a model's author says of an input: real bounds, and the distance of neighbouring values of a discrete one. */
export interface InputDescription {
  readonly range?: readonly [number, number] | undefined;
  /** Bounds by position along the last axis, in place of `range`. */
  readonly ranges?: readonly (readonly [number, number])[] | undefined;
  readonly step?: number | undefined;
}

/** Where input ranges come from: the first of these that is there. */
export interface RangeSources {
  /** By ONNX input name, from model.json. */
  readonly inputs?: Readonly<Record<string, InputDescription>> | undefined;
  /** For all other inputs. */
  readonly inputRange?: readonly [number, number] | undefined;
  /** Inputs whose least and greatest numbers are the range where nothing else says it. */
  readonly rows?: readonly Sample[] | undefined;
}

/** Widest element of an input, so that encoding stays exact in double precision. */
const MAX_BITS = 32;

/** What the steps that read an input ask of its integers. */
export interface InputNeed {
  /** Bits where the input is not discrete. */
  readonly bits: number;
  /** Bits that a discrete input of real numbers may have too: it is rounded where it has more. */
  readonly mostBits?: number | undefined;
  /** Steps are powers of two, for trees and functions that jump, which often do so at whole numbers. */
  readonly binarySteps: boolean;
  /** Greatest number that each feature is compared with; undefined where features are alike. */
  readonly thresholds?: readonly number[] | undefined;
}

type Codec = Omit<IntegerInput, "name">;

/**
 * Integers for a real input. A discrete one is exact in the narrowest width that holds its range; any other gets the
 * bits that are needed, unsigned where its range has no negative number. Throws InputError where no range is known or it
 * is unusable.
 */
export function quantiseInput(input: RealInput, index: number, sources: RangeSources, need: InputNeed): Codec {
  const { range, step } = rangeOf(input, index, sources, need);
  if (input.bounds !== undefined) requireIntegers(input, input.bounds, range, step);
  const unit = step ?? (input.bounds === undefined ? undefined : 1);
  const discrete = unit === undefined ? undefined : discreteInput(input, range, unit);
  const isRounded = input.bounds === undefined && (discrete?.bits ?? 0) > (need.mostBits ?? MAX_BITS);
  if (discrete !== undefined && !isRounded) return discrete;
  return range.features === undefined ? evenInput(input, range, need) : featureInput(input, range, need);
}

function discreteInput({ name, shape }: RealInput, range: IntegerInput["range"], unit: number): Codec {
  if (!(unit > 0)) throw new InputError(`input ${JSON.stringify(name)}: step ${unit} is not a positive number`);
  const signed = range.low < 0;
  const bits = widthOf(Math.round(range.low / unit), Math.round(range.high / unit), signed);
  if (bits <= MAX_BITS) return { shape, bits, signed, scale: unit, range };
  throw new InputError(`input ${JSON.stringify(name)}: range and step need ${bits} bits, want at most ${MAX_BITS}`);
}

function evenInput({ shape }: RealInput, range: IntegerInput["range"], { bits, binarySteps }: InputNeed): Codec {
  const signed = range.low < 0;
  const scale = stepFor(Math.max(-range.low, range.high), bits, signed);
  return { shape, bits, signed, scale: binarySteps ? binaryAbove(scale) : scale, range };
}

/** The least power of two that is no less. */
const binaryAbove = (step: number): number => 2 ** Math.ceil(Math.log2(step));

/** Features of different size have steps that are powers of two apart, so that each uses its bits. */
function featureInput({ shape }: RealInput, range: IntegerInput["range"], { bits, binarySteps }: InputNeed): Codec {
  const features = range.features!;
  const signed = features.some(([low]) => low < 0);
  const finest = features.map(([low, high]) => stepFor(Math.max(-low, high), bits, signed));
  const steps = binarySteps ? finest.map(binaryAbove) : finest;
  const scale = steps.reduce((most, step) => Math.max(most, step));
  const exponents = steps.map((step) => Math.floor(Math.log2(scale / step)));
  const isEven = exponents.every((exponent) => exponent === 0);
  return { shape, bits, signed, scale, range, ...(!isEven && { exponents }) };
}

/** Distance of neighbouring integers where the greatest stands for `extent`. */
function stepFor(extent: number, bits: number, signed: boolean): number {
  const step = extent / (2 ** (signed ? bits - 1 : bits) - 1);
  return step > 0 ? step : 1;
}

/** What an integer input is fed with has to be integers of its ONNX type, wherever in the range. */
function requireIntegers(
  { name }: RealInput,
  [least, greatest]: Bounds,
  { low, high }: Range,
  step: number | undefined,
): void {
  const what = `input ${JSON.stringify(name)}`;
  if (step !== undefined && !Number.isSafeInteger(step)) {
    throw new InputError(`${what}: step ${step} is not an integer, but its ONNX type is`);
  }
  if (low < least || high > greatest) {
    throw new InputError(
      `${what}: range ${low} to ${high} is beyond its ONNX type, want ${least} to ${greatest} at most`,
    );
  }
  if ([low, high].every((bound) => Number.isInteger(bound / (step ?? 1)))) return;
  throw new InputError(
    `${what}: its ONNX type is of integers, got range ${low} to ${high}, want multiples of ${step ?? 1}`,
  );
}

function widthOf(low: number, high: number, signed: boolean): number {
  let bits = 1;
  const fits = () => (signed ? -(2 ** (bits - 1)) <= low && high < 2 ** (bits - 1) : high < 2 ** bits);
  while (bits <= MAX_BITS && !fits()) bits += 1;
  return bits;
}

function rangeOf(
  input: RealInput,
  index: number,
  { inputs, inputRange, rows = [] }: RangeSources,
  { thresholds }: InputNeed,
): { range: IntegerInput["range"]; step?: number | undefined } {
  const { name } = input;
  const described = inputs !== undefined && Object.hasOwn(inputs, name) ? inputs[name] : undefined;
  if (described !== undefined) return { range: describedRange(input, described), step: described.step };
  if (inputRange !== undefined) return { range: checkedRange(name, inputRange, "option") };
  if (thresholds !== undefined) return { range: comparedRange(input, index, rows, thresholds) };
  if (rows.length === 0) {
    throw new InputError(
      `input ${JSON.stringify(name)}: its range is not known; give it in model.json or with --input-range LOW,HIGH`,
    );
  }
  const features = input.bounds === undefined ? unlikeFeatures(input, index, rows) : undefined;
  if (features !== undefined) return { range: featureRange(name, features, "rows") };
  const { low, high } = rows.flatMap((row) => [...row[index]]).reduce<Range>(hull, { low: 0, high: 0 });
  return { range: checkedRange(name, [low, high], "rows") };
}

/** Ratio of features' magnitudes above which one step for all would leave little of the smallest. */
const UNLIKE = 256;

/** Columns of the widest table; what has more elements is a picture or a series. */
const MOST_FEATURES = 128;

/**
 * Bounds of each column of a table, twice as far out as the rows go, where columns are of very different magnitude;
 * undefined where they are alike and for anything but one row of features.
 */
function unlikeFeatures(
  { shape }: RealInput,
  index: number,
  rows: readonly Sample[],
): (readonly [number, number])[] | undefined {
  if (shape.length !== 2 || shape[0] !== 1 || shape[1] > MOST_FEATURES) return undefined;
  const extents = Array.from({ length: shape[1] }, (_, feature) =>
    rows.reduce((most, row) => Math.max(most, Math.abs(row[index][feature])), 0),
  );
  const greatest = extents.reduce((most, extent) => Math.max(most, extent), 0);
  const present = extents.filter((extent) => extent > 0);
  const least = present.reduce((few, extent) => Math.min(few, extent), greatest);
  if (greatest <= UNLIKE * least) return undefined;
  return extents.map((extent) => {
    const bound = 2 * (extent || greatest);
    return [-bound, bound] as const;
  });
}

const hull = ({ low, high }: Range, value: number): Range => ({
  low: Math.min(low, value),
  high: Math.max(high, value),
});

function describedRange({ name, shape }: RealInput, { range, ranges }: InputDescription): IntegerInput["range"] {
  if (ranges === undefined) {
    if (range === undefined) throw new InputError(`model.json: input ${JSON.stringify(name)}: want range or ranges`);
    return checkedRange(name, range, "model.json");
  }
  const count = shape.at(-1) ?? 1;
  if (ranges.length !== count) {
    throw new InputError(
      `model.json: input ${JSON.stringify(name)}: got ${ranges.length} ranges, want ${count}, one a feature`,
    );
  }
  return featureRange(name, ranges, "model.json");
}

/** Bounds twice as far out as what the model compares a feature with or the rows hold: beyond, nothing changes. */
function comparedRange(
  { name, shape }: RealInput,
  index: number,
  rows: readonly Sample[],
  thresholds: readonly number[],
): IntegerInput["range"] {
  const count = shape.at(-1) ?? 1;
  const extents = thresholds.map((threshold, feature) =>
    rows.reduce(
      (most, row) =>
        row[index].reduce((max, value, at) => (at % count === feature ? Math.max(max, Math.abs(value)) : max), most),
      threshold,
    ),
  );
  const bounds = extents.map((extent) => 2 * extent || 1).map((bound): [number, number] => [-bound, bound]);
  return featureRange(name, bounds, "model");
}

function featureRange(
  name: string,
  features: readonly (readonly [number, number])[],
  source: IntegerInput["range"]["source"],
): IntegerInput["range"] {
  const checked = features.map((bounds) => checkedRange(name, bounds, source));
  const low = checked.reduce((least, range) => Math.min(least, range.low), Infinity);
  const high = checked.reduce((most, range) => Math.max(most, range.high), -Infinity);
  return { low, high, source, features: checked.map((range) => [range.low, range.high] as const) };
}

function checkedRange(
  name: string,
  [low, high]: readonly [number, number],
  source: IntegerInput["range"]["source"],
): IntegerInput["range"] {
  if (Number.isFinite(low) && Number.isFinite(high) && low <= high) return { low: low + 0, high: high + 0, source };
  throw new InputError(`input ${JSON.stringify(name)}: range ${low} to ${high} is not a range of finite numbers`);
}
