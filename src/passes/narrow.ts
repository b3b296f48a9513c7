import { type IntegerValue, type Program, sizeOf, widthOf } from "./integerProgram.ts";

/** What a value is rounded to. */
export interface Target {
  /** Width of the result. */
  readonly bits: number;
  /** False: negative numbers become 0. */
  readonly signed: boolean;
  /** Real value of the integer 1 that is wanted; the result's is less than twice as much. */
  readonly scale: number;
}

/** Shift after which nothing is left of any accumulator; a scale that asks for more is out of all proportion. */
const MAX_SHIFT = 200;

/** The value in at most `bits` bits: as it is where it fits, else rounded to the first scale not below the target's. */
export function narrow(program: Program, name: string, value: IntegerValue, target: Target): IntegerValue {
  const isNarrow = widthOf(value).bits <= target.bits && value.exponents === undefined;
  return isNarrow ? value : requantise(program, name, value, target);
}

/** Rounds and saturates; a target without sign is a ReLU. */
export function requantise(
  program: Program,
  name: string,
  value: IntegerValue,
  { bits, signed, scale }: Target,
): IntegerValue {
  const exponents = value.exponents ?? Array<number>(sizeOf(value)).fill(0);
  const coarsest = exponents.reduce((least, exponent) => Math.min(least, exponent));
  // A sum made for this target reaches it up to the last bit of a double.
  const enough = scale * (1 - 2 ** -40);
  let power = -coarsest;
  while (value.scale * 2 ** power < enough && power < MAX_SHIFT) power += 1;
  const shifts = compressed(exponents.map((exponent) => power + exponent));
  return program.append(
    name,
    { kernel: "Requantise", input: value.name, shifts, bits, signed },
    value.scale * 2 ** power,
  );
}

/** One number for each of as few equal consecutive parts as there can be. */
function compressed(values: readonly number[]): number[] {
  for (let parts = 1; parts < values.length; parts++) {
    const length = values.length / parts;
    if (!Number.isInteger(length)) continue;
    if (values.every((value, index) => value === values[index - (index % length)])) {
      return Array.from({ length: parts }, (_, part) => values[part * length]);
    }
  }
  return [...values];
}
