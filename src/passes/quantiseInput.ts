import { InputError } from "../errors.ts";
import type { Bounds } from "../ir/graph.ts";
import type { IntegerInput } from "../ir/integerGraph.ts";
import type { RealInput } from "../ir/realGraph.ts";
import type { Range, Sample } from "./realRanges.ts";

/** What a model's author says of an input: real bounds, and the distance of neighbouring values of a discrete one. */
export interface InputDescription {
  readonly range: readonly [number, number];
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

/**
 * Integers for a real input. A discrete one is exact in the narrowest width that holds its range; any other gets `bits`
 * bits, unsigned where its range has no negative number. Throws InputError where no range is known or it is unusable.
 */
export function quantiseInput(
  input: RealInput,
  index: number,
  sources: RangeSources,
  bits: number,
): Omit<IntegerInput, "name"> {
  const { range, step } = rangeOf(input, index, sources);
  if (input.bounds !== undefined) requireIntegers(input, input.bounds, range, step);
  const signed = range.low < 0;
  const unit = step ?? (input.bounds === undefined ? undefined : 1);
  if (unit === undefined) {
    const greatest = 2 ** (signed ? bits - 1 : bits) - 1;
    const scale = Math.max(-range.low, range.high) / greatest;
    return { shape: input.shape, bits, signed, scale: scale > 0 ? scale : 1, range };
  }
  if (!(unit > 0)) throw new InputError(`input ${JSON.stringify(input.name)}: step ${unit} is not a positive number`);
  const width = widthOf(Math.round(range.low / unit), Math.round(range.high / unit), signed);
  if (width > MAX_BITS)
    throw new InputError(
      `input ${JSON.stringify(input.name)}: range and step need ${width} bits, want at most ${MAX_BITS}`,
    );
  return { shape: input.shape, bits: width, signed, scale: unit, range };
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
  { name }: RealInput,
  index: number,
  { inputs, inputRange, rows = [] }: RangeSources,
): { range: IntegerInput["range"]; step?: number | undefined } {
  const described = inputs !== undefined && Object.hasOwn(inputs, name) ? inputs[name] : undefined;
  if (described !== undefined)
    return { range: checkedRange(name, described.range, "model.json"), step: described.step };
  if (inputRange !== undefined) return { range: checkedRange(name, inputRange, "option") };
  if (rows.length === 0) {
    throw new InputError(
      `input ${JSON.stringify(name)}: its range is not known; give it in model.json or with --input-range LOW,HIGH`,
    );
  }
  const { low, high } = rows
    .flatMap((row) => [...row[index]])
    .reduce<Range>((range, value) => ({ low: Math.min(range.low, value), high: Math.max(range.high, value) }), {
      low: 0,
      high: 0,
    });
  return { range: checkedRange(name, [low, high], "rows") };
}

function checkedRange(
  name: string,
  [low, high]: readonly [number, number],
  source: IntegerInput["range"]["source"],
): IntegerInput["range"] {
  if (Number.isFinite(low) && Number.isFinite(high) && low <= high) return { low: low + 0, high: high + 0, source };
  throw new InputError(`input ${JSON.stringify(name)}: range ${low} to ${high} is not a range of finite numbers`);
}
