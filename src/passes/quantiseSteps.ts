import { InputError } from "../errors.ts";
import type { IntegerInput, KernelNode } from "../ir/integerGraph.ts";
import {
  type AddStep,
  type LinearStep,
  MAX_DIAGONAL,
  type RealGraph,
  type RealStep,
  type ReluStep,
  type ScaleStep,
} from "../ir/realGraph.ts";
import { elementCount, highest, lowest } from "../codec/codec.ts";
import type { Interval } from "../kernels/kernel.ts";
import { kernelOf } from "../kernels/kernelOf.ts";
import type { ActivationPlan } from "./activationPlan.ts";
import { shortestPeriod } from "./foldScales.ts";
import { bitWidth } from "./integerWidth.ts";

/** A value of the integer program: stands for `integer · scale`, the integers lying in `interval`. */
export interface IntegerValue {
  readonly name: string;
  readonly scale: number;
  readonly interval: Interval;
  /** Whether a Linear may read it as it is: inputs and activations, but not sums. */
  readonly isNarrow: boolean;
}

export interface StepOptions {
  readonly weightBits: number;
  readonly activationBits: number;
  /** Gives names that are new to the program. */
  readonly identifier: (text: string) => string;
}

/** Largest multiplier of a sum over the largest that a weight can be, so that terms out of all proportion stay exact. */
const MAX_ADD_RATIO = 2 ** 32;

/** Shift after which nothing is left of any accumulator; a scale that asks for more is out of all proportion. */
const MAX_SHIFT = 200;

/** Everything that the functions below share: the kernels made, and the integer value of each real one. */
interface Progress extends StepOptions {
  readonly plan: ActivationPlan;
  readonly kernels: KernelNode[];
  readonly values: Map<string, IntegerValue>;
  /** Bounds of every value of the integer program, by its name there. */
  readonly intervals: Map<string, Interval>;
  /** Rounded forms of sums, by name of the sum. */
  readonly narrowed: Map<string, IntegerValue>;
}

/** Makes kernels for every step. Weights and biases become integers; scales follow the plan. */
export function quantiseSteps(
  graph: RealGraph,
  inputs: readonly IntegerInput[],
  plan: ActivationPlan,
  options: StepOptions,
): { kernels: KernelNode[]; values: ReadonlyMap<string, IntegerValue> } {
  const values = new Map(graph.inputs.map(({ value }, index) => [value, valueOfInput(inputs[index])]));
  const intervals = new Map([...values.values()].map(({ name, interval }) => [name, interval]));
  const progress: Progress = { ...options, plan, kernels: [], values, intervals, narrowed: new Map() };
  for (const step of graph.steps) values.set(step.output, quantiseStep(step, progress));
  return { kernels: progress.kernels, values };
}

function valueOfInput(input: IntegerInput): IntegerValue {
  const count = elementCount(input.shape);
  const interval = { low: Array(count).fill(lowest(input)), high: Array(count).fill(highest(input)) };
  return { name: input.name, scale: input.scale, interval, isNarrow: true };
}

function quantiseStep(step: RealStep, progress: Progress): IntegerValue {
  switch (step.kind) {
    case "Linear":
      return linear(step, narrow(step.input, step.name, progress), progress);
    case "Scale":
      return scale(step, progress);
    case "Relu":
      return relu(step, progress);
    case "Add":
      return add(step, progress);
    case "Permute": {
      const input = progress.values.get(step.input)!;
      const node = { kernel: "Permute", input: input.name, indices: step.indices } as const;
      return append(progress, step.name, node, input.scale, input.isNarrow);
    }
    case "ArgMax": {
      const input = progress.values.get(step.input)!;
      return append(progress, step.name, { kernel: "ArgMax", input: input.name, batch: step.batch }, 1, true);
    }
  }
}

type Unnamed<Node> = Node extends KernelNode ? Omit<Node, "name" | "output"> : never;

function append(
  { kernels, intervals, identifier }: Progress,
  name: string,
  unnamed: Unnamed<KernelNode>,
  scale: number,
  isNarrow: boolean,
): IntegerValue {
  if (!(scale > 0 && scale < Infinity))
    throw new InputError(`node ${JSON.stringify(name)}: its values are too large or too small`);
  const output = identifier(name);
  const node: KernelNode = { ...unnamed, name: output, output };
  const kernel = kernelOf(node);
  const interval = kernel.interval(
    node,
    kernel.operands(node).map((operand) => intervals.get(operand)!),
  );
  kernels.push(node);
  intervals.set(output, interval);
  return { name: output, scale, interval, isNarrow };
}

function linear(step: LinearStep, input: IntegerValue, progress: Progress): IntegerValue {
  const greatest = step.weights.flat().reduce((most, weight) => Math.max(most, Math.abs(weight)), 0);
  const target = progress.plan.targetOf(step.output);
  const sumScale = scaleOfSum(greatest * input.scale, target, progress.weightBits) ?? scaleOfBias(step);
  const node = {
    kernel: "Linear",
    input: input.name,
    batch: step.batch,
    weights: step.weights.map((row) => row.map((weight) => toInteger((weight * input.scale) / sumScale, step))),
    bias: step.bias.map((value) => toInteger(value / sumScale, step)),
  } as const;
  return append(progress, step.name, node, sumScale, false);
}

/**
 * Real value of the integer 1 in a sum whose largest term is `greatest` times an integer: the target over the largest
 * power of two that lets the multiplier of that term fit its width; without a target, the multiplier uses all of its
 * width. Undefined where there are no terms.
 */
function scaleOfSum(greatest: number, target: number | undefined, weightBits: number): number | undefined {
  if (greatest === 0) return undefined;
  const finest = greatest / (2 ** (weightBits - 1) - 1);
  if (target === undefined || target < finest) return finest;
  let scale = target;
  while (scale / 2 >= finest) scale /= 2;
  return scale;
}

/** For a layer without weights: its bias alone sets the scale. */
function scaleOfBias({ bias }: LinearStep): number {
  const greatest = bias.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return greatest > 0 ? greatest / 2 ** 15 : 1;
}

function scale(step: ScaleStep, progress: Progress): IntegerValue {
  const input = progress.values.get(step.input)!;
  const period = shortestPeriod(step);
  if (period > MAX_DIAGONAL) {
    throw new InputError(
      `node ${JSON.stringify(step.name)}: multiplies or adds ${period} different constants element by element, want at most ${MAX_DIAGONAL}`,
    );
  }
  const weights = step.factors
    .slice(0, period)
    .map((factor, j) => Array.from({ length: period }, (_, i) => (i === j ? factor : 0)));
  const { name, output } = step;
  const batch = input.interval.low.length / period;
  return linear(
    { kind: "Linear", name, output, input: step.input, batch, weights, bias: step.offsets.slice(0, period) },
    input,
    progress,
  );
}

function relu(step: ReluStep, progress: Progress): IntegerValue {
  const input = progress.values.get(step.input)!;
  const { plan } = progress;
  if (plan.isNarrow(step.output))
    return requantise(input, step.name, plan.scaleOf(step.output, false), false, progress);
  const bits = bitWidth({ low: [0n], high: input.interval.high }).bits;
  const node = { kernel: "Requantise", input: input.name, shift: 0, bits, signed: false } as const;
  return append(progress, step.name, node, input.scale, false);
}

/** The value as a Linear may read it: a sum is rounded to the width of activations, once for all its readers. */
function narrow(value: string, name: string, progress: Progress): IntegerValue {
  const input = progress.values.get(value)!;
  if (input.isNarrow || bitWidth(input.interval).bits <= progress.activationBits) return input;
  const known = progress.narrowed.get(input.name);
  if (known !== undefined) return known;
  const result = requantise(input, `${name}_input`, progress.plan.scaleOf(value, true), true, progress);
  progress.narrowed.set(input.name, result);
  return result;
}

/** Rounds to the first scale not below `target` that a shift reaches. */
function requantise(
  input: IntegerValue,
  name: string,
  target: number,
  signed: boolean,
  progress: Progress,
): IntegerValue {
  // A sum made for this target reaches it up to the last bit of a double.
  const enough = target * (1 - 2 ** -40);
  let shift = 0;
  while (input.scale * 2 ** shift < enough && shift < MAX_SHIFT) shift += 1;
  const node = { kernel: "Requantise", input: input.name, shift, bits: progress.activationBits, signed } as const;
  return append(progress, name, node, input.scale * 2 ** shift, true);
}

function add(step: AddStep, progress: Progress): IntegerValue {
  const [left, right] = [progress.values.get(step.left)!, progress.values.get(step.right)!];
  const terms = [step.factors[0] * left.scale, step.factors[1] * right.scale];
  const sumScale = scaleOfTerms(terms.map(Math.abs), [left, right].map(extentOf), step, progress);
  const multipliers = [toInteger(terms[0] / sumScale, step), toInteger(terms[1] / sumScale, step)] as const;
  return append(
    progress,
    step.name,
    { kernel: "Add", left: left.name, right: right.name, multipliers },
    sumScale,
    false,
  );
}

/**
 * Real value of the integer 1 in a sum of two terms, each a real value for the integer 1 and the greatest integer that it
 * is multiplied with. Equal terms are added as they are. Otherwise the multipliers are as precise as weights are for what
 * each term can add to the sum, not for its value alone: a term of a large value and few integers weighs little.
 */
function scaleOfTerms(
  [first, second]: readonly number[],
  extents: readonly number[],
  step: AddStep,
  { plan, weightBits }: Progress,
): number {
  if (first === second && first > 0) return first;
  const weighed = Math.max(first * extents[0], second * extents[1]) / Math.max(...extents, 1);
  const greatest = Math.max(weighed, Math.max(first, second) / MAX_ADD_RATIO);
  return scaleOfSum(greatest, plan.targetOf(step.output), weightBits) ?? 1;
}

/** Greatest magnitude of a value's integers. */
const extentOf = ({ interval: { low, high } }: IntegerValue): number =>
  Number([...low, ...high].reduce((most, bound) => (abs(bound) > most ? abs(bound) : most), 0n));

const abs = (value: bigint): bigint => (value < 0n ? -value : value);

/** The nearest integer, halves upward. Throws InputError where a double no longer holds it exactly. */
function toInteger(value: number, { name }: { readonly name: string }): number {
  const integer = Math.round(value) + 0;
  if (Number.isSafeInteger(integer)) return integer;
  throw new InputError(
    `node ${JSON.stringify(name)}: a weight or bias is ${value} times the step of its sum; want less than 2^53`,
  );
}
