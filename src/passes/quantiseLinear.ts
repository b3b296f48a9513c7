import type { LinearStep, ReluStep, ScaleStep } from "../ir/realGraph.ts";
import { targetFor } from "./activationPlan.ts";
import { align, uniform } from "./align.ts";
import { type IntegerValue, extentOf, hullOf, scaleAt, sizeOf, toInteger, widthOf } from "./integerProgram.ts";
import { bitWidth } from "./integerWidth.ts";
import { narrow, requantise } from "./narrow.ts";
import type { Context } from "./quantiseSteps.ts";

/** Largest multiplier of a sum over the largest that a weight can be, so that terms out of all proportion stay exact. */
const MAX_RATIO = 2 ** 32;

/** Widest operand of a sum, so that chains of sums stay far from the field's order. */
const MAX_OPERAND_BITS = 48;

/** Ratio of weights that are kept exactly although a width for weights would not need it. */
const SMALL_RATIO = 16;

/** A sum of values with constant weights. */
export function linear(step: LinearStep, context: Context): IntegerValue {
  const operands = operandsFor(step, context);
  const taps = tapsOf(step, operands);
  const scales = scalesOf(step, taps, context);
  const width = step.windows.length / step.groups;
  const toSteps = (value: number, filter: number) => toInteger(value / scales.of(filter), step.name);
  return context.program.append(
    step.name,
    {
      kernel: "Linear",
      inputs: operands.map(({ name }) => name),
      groups: step.groups,
      windows: step.windows,
      weights: step.weights.map((row, filter) =>
        row.map((weight, k) => toSteps(weight * taps[groupOf(step, filter)][k].scale, filter)),
      ),
      bias: step.bias.map(toSteps),
    },
    scales.base,
    scales.exponents?.flatMap((exponent) => Array<number>(width).fill(exponent)),
  );
}

const groupOf = ({ weights, groups }: LinearStep, filter: number): number =>
  Math.floor((filter * groups) / weights.length);

/** Operands whose taps have one scale each, rounded where that costs less than to carry their width through the sums. */
function operandsFor(step: LinearStep, context: Context): IntegerValue[] {
  const { plan, program } = context;
  const bits = plan.widthsOf(step).activationBits;
  const outputs = (step.windows.length * step.weights.length) / step.groups;
  const present = step.inputs.map((input) => context.presentOf(input, step.name));
  const isEven = tapsAgree(step, present);
  const operands = step.inputs.map((input, index) => {
    const value = isEven ? present[index] : uniform(program, step.name, present[index]);
    const width = widthOf(value).bits;
    const isDecomposed = plan.narrowingOf(step.output) !== undefined;
    const carried = isDecomposed ? outputs * (width - bits) : 0;
    const isWorthwhile = width > bits && (carried > sizeOf(value) * (width + 2) || width > MAX_OPERAND_BITS);
    if (!isWorthwhile || value.exponents !== undefined) return value;
    return context.narrowed(input, step.name, value, targetFor(plan.rangeOf(input), bits));
  });
  // Where one tap reads operands of different scales in different windows, no weight is right for all of them.
  return tapsAgree(step, operands) ? operands : align(program, step.name, operands);
}

/** What a tap of a filter reads: real value of the integer 1, and the greatest integer of its operand. */
interface Tap {
  readonly scale: number;
  readonly extent: number;
}

/** Taps by group; one that is padding in every window has no scale. */
function tapsOf(step: LinearStep, operands: readonly IntegerValue[]): Tap[][] {
  const at = elementFinder(operands);
  const extents = new Map(operands.map((operand) => [operand, extentOf(operand)]));
  return tapPositions(step).map((taps) =>
    taps.map((positions) => {
      if (positions.length === 0) return { scale: 0, extent: 0 };
      const { operand, index } = at(positions[0]);
      return { scale: scaleAt(operand, index), extent: extents.get(operand)! };
    }),
  );
}

/** Whether all windows of a group find one scale at each tap. */
function tapsAgree(step: LinearStep, operands: readonly IntegerValue[]): boolean {
  if (operands.every(({ scale, exponents }) => exponents === undefined && scale === operands[0].scale)) return true;
  const at = elementFinder(operands);
  const scaleOf = (position: number) => {
    const { operand, index } = at(position);
    return scaleAt(operand, index);
  };
  return tapPositions(step).every((taps) =>
    taps.every((positions) => positions.every((position) => scaleOf(position) === scaleOf(positions[0]))),
  );
}

/** By group and tap, the positions that its windows read, padding left out. */
const tapPositions = ({ windows, weights, groups }: LinearStep): number[][][] => {
  const width = windows.length / groups;
  return Array.from({ length: groups }, (_, group) =>
    (weights[(group * weights.length) / groups] ?? []).map((_, k) =>
      windows
        .slice(group * width, (group + 1) * width)
        .map((window) => window[k])
        .filter((position) => position >= 0),
    ),
  );
};

/** Finds the operand of a position among all elements one after another, and the index there. */
function elementFinder(operands: readonly IntegerValue[]) {
  const starts: number[] = [];
  operands.reduce((start, operand) => {
    starts.push(start);
    return start + sizeOf(operand);
  }, 0);
  return (position: number): { operand: IntegerValue; index: number } => {
    const owner = starts.findLastIndex((start) => start <= position);
    return { operand: operands[owner], index: position - starts[owner] };
  };
}

/** Scales of the sums: one for all, or a power of two finer for some filters. */
interface SumScales {
  readonly base: number;
  readonly exponents: readonly number[] | undefined;
  of(filter: number): number;
}

function scalesOf(step: LinearStep, taps: readonly (readonly Tap[])[], context: Context): SumScales {
  const { plan } = context;
  const { weightBits } = plan.widthsOf(step);
  const terms = termsOf(step, taps);
  const target = plan.targetOf(step.output)?.scale;
  const unit = commonUnit(
    terms.map(({ value }) => value),
    target === undefined ? 2 ** (weightBits + 2) : SMALL_RATIO,
  );
  if (terms.length === 0 || unit !== undefined) return oneScale(unit ?? scaleOfBias(step, target));
  const finest = finestScales(step, terms, weightBits);
  const coarsest = finest.reduce((most, scale) => Math.max(most, scale));
  if (target === undefined || target < coarsest) return oneScale(coarsest);
  if (!plan.isAlwaysRounded(step.output)) return oneScale(target / 2 ** powerBelow(target, coarsest));
  const powers = finest.map((scale) => (scale > 0 ? powerBelow(target, scale) : undefined));
  const least = powers.reduce<number>((found, power) => Math.min(found, power ?? found), Infinity);
  const exponents = powers.map((power) => power ?? least);
  return { base: target, exponents, of: (filter) => target / 2 ** exponents[filter] };
}

const oneScale = (base: number): SumScales => ({ base, exponents: undefined, of: () => base });

/** A weight in real value for the integer 1 of its operand, and how large that operand can be. */
interface Term {
  readonly filter: number;
  readonly value: number;
  readonly extent: number;
}

const termsOf = (step: LinearStep, taps: readonly (readonly Tap[])[]): Term[] =>
  step.weights.flatMap((row, filter) =>
    row.flatMap((weight, k) => {
      const { scale, extent } = taps[groupOf(step, filter)][k];
      const value = Math.abs(weight * scale);
      return value > 0 ? [{ filter, value, extent }] : [];
    }),
  );

/** The number of which all are small whole multiples: sums and differences stay exact. */
function commonUnit(values: readonly number[], mostRatio: number): number | undefined {
  const unit = values.reduce((least, value) => Math.min(least, value), Infinity);
  const isWhole = (value: number) => {
    const ratio = value / unit;
    return ratio <= mostRatio && Math.abs(ratio - Math.round(ratio)) <= 1e-9 * ratio;
  };
  return values.every(isWhole) && unit < Infinity ? unit : undefined;
}

/**
 * For each filter the coarsest scale at which its weights keep their width. A term weighs as much as it can add to the
 * sum: one of a large value and few integers needs little precision.
 */
function finestScales({ weights }: LinearStep, terms: readonly Term[], weightBits: number): number[] {
  const most = terms.reduce((greatest, { extent }) => Math.max(greatest, extent), 1);
  const greatest = weights.map(() => 0);
  for (const { filter, value, extent } of terms) {
    greatest[filter] = Math.max(greatest[filter], (value * extent) / most, value / MAX_RATIO);
  }
  return greatest.map((value) => value / (2 ** (weightBits - 1) - 1));
}

/** The greatest k for which target / 2^k is not below `least`. */
function powerBelow(target: number, least: number): number {
  let power = Math.max(0, Math.floor(Math.log2(target / least)));
  while (power > 0 && target / 2 ** power < least) power -= 1;
  return power;
}

/** For a layer without weights: its bias alone sets the scale. */
function scaleOfBias({ bias }: LinearStep, target: number | undefined): number {
  const greatest = bias.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return target ?? (greatest > 0 ? greatest / 2 ** 15 : 1);
}

/** Factors and offsets that no neighbour took in. One positive factor alone only changes what the integers stand for. */
export function scaled(step: ScaleStep, context: Context): IntegerValue {
  const value = context.presentOf(step.input, step.name);
  const [factor] = step.factors;
  const isEven = step.factors.every((each) => each === factor);
  if (isEven && factor > 0 && step.offsets.every((offset) => offset === 0))
    return { ...value, scale: value.scale * factor };
  const period = isEven && step.offsets.every((offset) => offset === step.offsets[0]) ? 1 : step.factors.length;
  const count = sizeOf(value);
  const { name, output } = step;
  return linear(
    {
      kind: "Linear",
      name,
      output,
      inputs: [step.input],
      groups: period === 1 ? 1 : count,
      windows: Array.from({ length: count }, (_, index) => [index]),
      weights: period === 1 ? [[factor]] : Array.from({ length: count }, (_, index) => [step.factors[index % period]]),
      bias:
        period === 1 ? [step.offsets[0]] : Array.from({ length: count }, (_, index) => step.offsets[index % period]),
    },
    context,
  );
}

/** max(x, 0), together with the rounding that its readers want. */
export function rectified(step: ReluStep, context: Context): IntegerValue {
  const { plan, program } = context;
  const value = context.presentOf(step.input, step.name);
  const target = plan.narrowingOf(step.output);
  const { low, high } = hullOf(value);
  if (low >= 0n) return target === undefined ? value : narrow(program, step.name, value, target);
  if (target !== undefined) return requantise(program, step.name, value, { ...target, signed: false });
  const { bits } = bitWidth({ low: [0n], high: [high] });
  return program.append(
    step.name,
    { kernel: "Requantise", input: value.name, shifts: [0], bits, signed: false },
    value.scale,
    value.exponents,
  );
}
