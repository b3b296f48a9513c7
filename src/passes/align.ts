import { InputError } from "../errors.ts";
import { type IntegerValue, type Program, sizeOf, toInteger } from "./integerProgram.ts";

/** Relative error of a scale that two values are brought to, at most. */
const PRECISION = 2 ** -10;

/** Bits by which a common scale may be finer than the finest of its values, and coarser values multiplied. */
const MOST_BITS = 40;

/** The value with one scale for all elements. */
export function uniform(program: Program, name: string, value: IntegerValue): IntegerValue {
  const { exponents } = value;
  if (exponents === undefined) return value;
  const finest = exponents.reduce((most, exponent) => Math.max(most, exponent));
  const factors = exponents.map((exponent) => 2 ** (finest - exponent));
  return multiplied(program, name, value, factors, value.scale / 2 ** finest);
}

/** The values with one scale for all: powers of two apart exactly, others to within 2^−10 of their scales. */
export function align(program: Program, name: string, values: readonly IntegerValue[]): IntegerValue[] {
  const variable = values.filter(({ constant }) => constant === undefined);
  const even = variable.map((value) => uniform(program, name, value));
  const scale =
    even.length === 0
      ? 2 ** -16
      : commonScale(
          even.map((value) => value.scale),
          name,
        );
  return values.map((value) => {
    if (value.constant !== undefined) return constantAt(program, name, value.constant, scale);
    const own = even[variable.indexOf(value)];
    const factor = Math.round(own.scale / scale);
    return multiplied(program, name, own, Array<number>(sizeOf(own)).fill(factor), scale);
  });
}

/** A constant that is not in a program yet: whoever reads it chooses its integers. */
export const constantValue = (data: readonly number[]): IntegerValue => ({
  name: "",
  scale: 1,
  interval: { low: data.map(() => 0n), high: data.map(() => 0n) },
  constant: data,
});

/** A constant in integers of a scale. */
export const constantAt = (program: Program, name: string, data: readonly number[], scale: number): IntegerValue =>
  program.append(
    name,
    {
      kernel: "Arrange",
      inputs: [],
      indices: data.map((_, index) => index),
      constants: data.map((element) => toInteger(element / scale, name)),
    },
    scale,
  );

/** A value that can be read: constants get the finest scale of 16 bits, integers their own. */
export function materialised(program: Program, name: string, value: IntegerValue): IntegerValue {
  const { constant } = value;
  if (constant === undefined) return value;
  const isExact = constant.every((element) => Number.isInteger(element) && Math.abs(element) < 2 ** 31);
  const extent = constant.reduce((most, element) => Math.max(most, Math.abs(element)), 0);
  return constantAt(program, name, constant, isExact ? 1 : extent / 2 ** 15);
}

function multiplied(
  program: Program,
  name: string,
  value: IntegerValue,
  factors: readonly number[],
  scale: number,
): IntegerValue {
  if (factors.every((factor) => factor === 1)) return { ...value, scale, exponents: undefined };
  const isEven = factors.every((factor) => factor === factors[0]);
  return program.append(
    name,
    {
      kernel: "Linear",
      inputs: [value.name],
      groups: isEven ? 1 : factors.length,
      windows: factors.map((_, index) => [index]),
      weights: isEven ? [[factors[0]]] : factors.map((factor) => [factor]),
      bias: isEven ? [0] : factors.map(() => 0),
    },
    scale,
  );
}

/** The coarsest scale of which all scales are, nearly enough, whole multiples. */
function commonScale(scales: readonly number[], name: string): number {
  const finest = scales.reduce((least, scale) => Math.min(least, scale));
  for (let bits = 0; bits <= MOST_BITS; bits++) {
    const scale = finest / 2 ** bits;
    const fits = scales.every((each) => {
      const factor = each / scale;
      return factor < 2 ** MOST_BITS && Math.abs(Math.round(factor) / factor - 1) <= PRECISION;
    });
    if (fits) return scale;
  }
  throw new InputError(
    `node ${JSON.stringify(name)}: brings together values of scales ${scales.join(" and ")}, which are too far apart`,
  );
}
