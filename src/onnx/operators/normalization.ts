import { elementCount } from "../../codec/codec.ts";
import type { ValueType } from "../../ir/graph.ts";
import { type RealFunction } from "../../ir/realGraph.ts";
import { sqrt } from "./functions.ts";
import { rootOfSquares, sumOfMagnitudes, sumOfSquares } from "./norms.ts";
import {
  type Call,
  OPSETS,
  type Operator,
  type StepBuilder,
  constantAt,
  integerAttribute,
  integersAttribute,
  nodeError,
  numberAttribute,
  operandAt,
} from "./operator.ts";
import { upTo } from "./positions.ts";
import { type Rows, addToRows, rowSums, rowsAlong, tensorFromRows } from "./rows.ts";
import { broadcastIndices, broadcastShape, normalAxis, stridesOf } from "./shapes.ts";

/** (x − mean) / √(variance + epsilon) over the axes from `axis` on, times a scale, plus a bias. */
export const layerNormalization: Operator = {
  name: "LayerNormalization",
  opsets: { from: 17, to: OPSETS.to },
  arity: [2, 3],
  attributes: ["axis", "epsilon", "stash_type"],
  infer(call) {
    const { type, shape } = operandAt(call, 0);
    const inner = innerShape(call);
    [1, 2].forEach((index) => call.operands[index] && coefficients(call, index, inner));
    const reduced = shape.map((size, axis) => (axis < shape.length - inner.length ? size : 1));
    const outputs: ValueType[] = [
      { type, shape },
      { type, shape: reduced },
      { type, shape: reduced },
    ];
    return outputs.slice(0, call.node.outputs.length);
  },
  lower(call, builder) {
    const [value, inner] = [builder.valueOf(operandAt(call, 0)), innerShape(call)];
    const length = elementCount(inner);
    const rows = { value, length, count: builder.sizeOf(value) / length };
    const { result, means, deviations } = standardised(builder, rows, epsilonOf(call));
    const outputs = [scaled(call, builder, result, inner), means];
    if (call.node.outputs.length > 2) outputs.push(builder.divide(ones(builder, rows.count), deviations));
    return outputs.slice(0, call.node.outputs.length);
  },
};

/** x / √(mean of the squares + epsilon) over the axes from `axis` on, times a scale. */
export const rmsNormalization: Operator = {
  name: "RMSNormalization",
  opsets: { from: 23, to: OPSETS.to },
  arity: [2, 2],
  attributes: ["axis", "epsilon", "stash_type"],
  infer(call) {
    const { type, shape } = operandAt(call, 0);
    coefficients(call, 1, innerShape(call));
    return [{ type, shape }];
  },
  lower(call, builder) {
    const [value, inner] = [builder.valueOf(operandAt(call, 0)), innerShape(call)];
    const length = elementCount(inner);
    const rows = { value, length, count: builder.sizeOf(value) / length };
    const result = builder.divide(value, rootMeanSquares(builder, rows, epsilonOf(call)));
    return [scaled(call, builder, result, inner)];
  },
};

/** (x − mean) / √(variance + epsilon) over the pixels of each channel, times a scale, plus a bias a channel. */
export const instanceNormalization: Operator = {
  name: "InstanceNormalization",
  opsets: OPSETS,
  arity: [3, 3],
  attributes: ["epsilon"],
  infer(call) {
    const { type, shape } = operandAt(call, 0);
    const channels = channelsOf(call);
    perChannel(call, 1, channels);
    perChannel(call, 2, channels);
    return [{ type, shape }];
  },
  lower(call, builder) {
    const channels = channelsOf(call);
    return [standardisedGroups(call, builder, channels, channels)];
  },
};

/** The same over the pixels of groups of channels; before opset 21 with a scale and a bias a group. */
export const groupNormalization: Operator = {
  name: "GroupNormalization",
  opsets: { from: 18, to: OPSETS.to },
  arity: [3, 3],
  attributes: ["epsilon", "num_groups", "stash_type"],
  infer(call) {
    const { type, shape } = operandAt(call, 0);
    const [channels, groups] = [channelsOf(call), integerAttribute(call, "num_groups", 0)];
    if (groups < 1 || channels % groups !== 0)
      throw nodeError(call, `attribute num_groups is ${groups}, want a divisor of ${channels} channels`);
    perChannel(call, 1, call.opset < 21 ? groups : channels);
    perChannel(call, 2, call.opset < 21 ? groups : channels);
    return [{ type, shape }];
  },
  lower(call, builder) {
    const groups = integerAttribute(call, "num_groups", 0);
    return [standardisedGroups(call, builder, groups, call.opset < 21 ? groups : channelsOf(call))];
  },
};

/** (x − mean) / (√variance + 10⁻⁹) over `axes`. */
export const meanVarianceNormalization: Operator = {
  name: "MeanVarianceNormalization",
  opsets: { from: 9, to: OPSETS.to },
  arity: [1, 1],
  attributes: ["axes"],
  infer(call) {
    const { type, shape } = operandAt(call, 0);
    axesOf(call);
    return [{ type, shape }];
  },
  lower(call, builder) {
    const { shape } = operandAt(call, 0);
    const rows = rowsAlong(builder, builder.valueOf(operandAt(call, 0)), shape, axesOf(call));
    const centred = centredRows(builder, rows, rowSums(builder, rows, 1 / rows.length));
    const deviations = builder.scale(rootMeanSquares(builder, centred, 0), [1], [1e-9]);
    return [tensorFromRows(builder, builder.divide(centred.value, deviations), shape, axesOf(call))];
  },
};

/** x over the sum of magnitudes (p = 1) or the root of the sum of squares (p = 2) along `axis`. */
export const lpNormalization: Operator = {
  name: "LpNormalization",
  opsets: OPSETS,
  arity: [1, 1],
  attributes: ["axis", "p"],
  infer(call) {
    const { type, shape } = operandAt(call, 0);
    const p = integerAttribute(call, "p", 2);
    if (p !== 1 && p !== 2) throw nodeError(call, `attribute p ${p} is not supported; supported: 1, 2`);
    normalAxis(call, integerAttribute(call, "axis", -1), shape.length);
    return [{ type, shape }];
  },
  lower(call, builder) {
    const { shape } = operandAt(call, 0);
    const axes = [normalAxis(call, integerAttribute(call, "axis", -1), shape.length)];
    const rows = rowsAlong(builder, builder.valueOf(operandAt(call, 0)), shape, axes);
    const norm = integerAttribute(call, "p", 2) === 1 ? sumOfMagnitudes : rootOfSquares;
    return [tensorFromRows(builder, builder.divide(rows.value, norm(builder, rows)), shape, axes)];
  },
};

/** x / (bias + alpha / size · Σ x²) ^ beta, the sum over `size` neighbouring channels. */
export const lrn: Operator = {
  name: "LRN",
  opsets: OPSETS,
  arity: [1, 1],
  attributes: ["alpha", "beta", "bias", "size"],
  infer(call) {
    const { type, shape } = operandAt(call, 0);
    channelsOf(call);
    const size = integerAttribute(call, "size", 0);
    if (size < 1 || size > MOST_NEIGHBOURS)
      throw nodeError(call, `attribute size is ${size}, want 1 to ${MOST_NEIGHBOURS}`);
    return [{ type, shape }];
  },
  lower(call, builder) {
    const value = builder.valueOf(operandAt(call, 0));
    const size = integerAttribute(call, "size", 0);
    const sums = builder.linear([builder.multiply(value, value)], {
      groups: 1,
      windows: neighbours(operandAt(call, 0).shape, size),
      weights: [Array(size).fill(numberAttribute(call, "alpha", Math.fround(1e-4)) / size)],
      bias: [numberAttribute(call, "bias", 1)],
    });
    const beta = numberAttribute(call, "beta", 0.75);
    const inverse: RealFunction = { name: `power ${-beta}`, apply: (x) => x ** -beta };
    return [builder.multiply(value, builder.apply(sums, inverse))];
  },
};

/** Neighbours that an LRN may sum over: far more than any network's. */
const MOST_NEIGHBOURS = 1024;

const epsilonOf = (call: Call): number => numberAttribute(call, "epsilon", Math.fround(1e-5));

const ones = (builder: StepBuilder, count: number): string => builder.constant(Array(count).fill(1));

/** √(mean of the squares + epsilon) of each row. */
const rootMeanSquares = (builder: StepBuilder, rows: Rows, epsilon: number): string =>
  builder.apply(sumOfSquares(builder, rows, 1 / rows.length, epsilon), sqrt);

const centredRows = (builder: StepBuilder, rows: Rows, means: string): Rows => ({
  ...rows,
  value: addToRows(builder, rows, means, [1, -1]),
});

/** (x − mean) / √(variance + epsilon), row by row, and what it is made of. */
function standardised(builder: StepBuilder, rows: Rows, epsilon: number) {
  const means = rowSums(builder, rows, 1 / rows.length);
  const centred = centredRows(builder, rows, means);
  const deviations = rootMeanSquares(builder, centred, epsilon);
  return { result: builder.divide(centred.value, deviations), means, deviations };
}

/** The axes that a layer is normalised over. */
function innerShape(call: Call): readonly number[] {
  const { shape } = operandAt(call, 0);
  return shape.slice(normalAxis(call, integerAttribute(call, "axis", -1), shape.length));
}

/** A constant scale or bias broadcast to the shape that it repeats over. */
function coefficients(call: Call, index: number, shape: readonly number[]): number[] {
  const constant = constantAt(call, index, index === 1 ? "scale" : "bias");
  if (String(broadcastShape(call, constant.shape, shape)) !== String(shape))
    throw nodeError(
      call,
      `operand ${index} of shape ${constant.shape.join("×")} does not broadcast to ${shape.join("×")}`,
    );
  return broadcastIndices(constant.shape, shape).map((position) => constant.data[position]);
}

function scaled(call: Call, builder: StepBuilder, value: string, inner: readonly number[]): string {
  const factors = coefficients(call, 1, inner);
  const offsets = call.operands[2] === undefined ? factors.map(() => 0) : coefficients(call, 2, inner);
  return builder.scale(value, factors, offsets);
}

function channelsOf(call: Call): number {
  const { shape } = operandAt(call, 0);
  if (shape.length >= 2) return shape[1];
  throw nodeError(call, `its operand has ${shape.length} dimensions, want at least 2`);
}

function perChannel(call: Call, index: number, count: number): readonly number[] {
  const { data } = constantAt(call, index, index === 1 ? "scale" : "bias");
  if (data.length === count) return data;
  throw nodeError(call, `operand ${index} has ${data.length} elements, want ${count}`);
}

/** Rows are groups of channels with all their pixels; `coefficientCount` scales and biases, equally many for each image. */
function standardisedGroups(call: Call, builder: StepBuilder, groups: number, coefficientCount: number): string {
  const [value, { shape }] = [builder.valueOf(operandAt(call, 0)), operandAt(call, 0)];
  const size = elementCount(shape.slice(1));
  const rows = { value, count: shape[0] * groups, length: size / groups };
  const spread = (index: number) =>
    perChannel(call, index, coefficientCount).flatMap((number) => Array<number>(size / coefficientCount).fill(number));
  return builder.scale(standardised(builder, rows, epsilonOf(call)).result, spread(1), spread(2));
}

function axesOf(call: Call): number[] {
  const { shape } = operandAt(call, 0);
  const axes = integersAttribute(call, "axes") ?? [0, 2, 3];
  return [...new Set(axes.map((axis) => normalAxis(call, axis, shape.length)))].toSorted((a, b) => a - b);
}

/** For each element the elements at the same place of the channels from ⌊(size − 1) / 2⌋ before to ⌈(size − 1) / 2⌉ after. */
function neighbours(shape: readonly number[], size: number): number[][] {
  const stride = stridesOf(shape)[1];
  return upTo(elementCount(shape)).map((position) => {
    const channel = Math.floor(position / stride) % shape[1];
    return upTo(size).map((index) => {
      const shift = index - Math.floor((size - 1) / 2);
      return channel + shift >= 0 && channel + shift < shape[1] ? position + shift * stride : -1;
    });
  });
}
