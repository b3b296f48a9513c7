import { elementCount } from "../../codec/codec.ts";
import {
  type Call,
  OPSETS,
  type Operator,
  type StepBuilder,
  constantAt,
  integerAttribute,
  nodeError,
  operandAt,
} from "./operator.ts";
import { upTo } from "./positions.ts";
import { transposeIndices } from "./shapes.ts";
import { sumOf, termOf } from "./sums.ts";
import { transposedAxes, transposedCoordinatesAlong } from "./transposedWindows.ts";
import { WINDOW_ATTRIBUTES, coordinatesAlong, shiftedWindow, slidingAxes, windowPositions } from "./windows.ts";

/** A convolution in any number of dimensions: sums over windows of the channels of a group, with constant filters. */
interface Convolution {
  readonly groups: number;
  /** Filters in all groups together. */
  readonly filters: number;
  /** Sizes of the output's axes behind batch and channels. */
  readonly places: readonly number[];
  /** For each place the positions within one channel that it reads, PADDING standing for none. */
  readonly windows: () => number[][];
  /** A row a filter: for each channel of its group a weight for each position of a window. */
  readonly weights: () => number[][];
}

/** Filters sliding over an image or a sequence. */
export const conv: Operator = convolving("Conv", WINDOW_ATTRIBUTES, (call) => {
  const { groups, kernel, sizes } = operandsOf(call);
  const { shape, data } = constantAt(call, 1, "W");
  requireChannels(call, shape[1] * groups, shape[0] % groups);
  const axes = slidingAxes(call, sizes, kernel);
  const length = elementCount(shape.slice(1));
  return {
    groups,
    filters: shape[0],
    places: axes.map(({ places }) => places),
    windows: () => windowPositions(sizes, axes.map(coordinatesAlong)),
    weights: () => upTo(shape[0]).map((filter) => data.slice(filter * length, (filter + 1) * length)),
  };
});

/** The transpose of a convolution: every element is spread by the filters. */
export const convTranspose: Operator = convolving(
  "ConvTranspose",
  [...WINDOW_ATTRIBUTES, "output_padding", "output_shape"],
  (call) => {
    const { groups, kernel, sizes } = operandsOf(call);
    const { shape, data } = constantAt(call, 1, "W");
    requireChannels(call, shape[0], shape[0] % groups);
    const axes = transposedAxes(call, sizes, kernel);
    const [channels, filters, area] = [shape[0] / groups, shape[1], elementCount(kernel)];
    const byFilter = transposeIndices([groups, channels, filters, area], [0, 2, 1, 3]);
    const length = channels * area;
    return {
      groups,
      filters: groups * filters,
      places: axes.map(({ places }) => places),
      windows: () => windowPositions(sizes, axes.map(transposedCoordinatesAlong)),
      weights: () =>
        upTo(groups * filters).map((filter) =>
          byFilter.slice(filter * length, (filter + 1) * length).map((index) => data[index]),
        ),
    };
  },
);

function convolving(name: string, attributes: readonly string[], convolutionOf: (call: Call) => Convolution): Operator {
  const shapeOf = (call: Call) => {
    const { filters, places } = convolutionOf(call);
    const bias = call.operands[2]?.shape;
    if (bias !== undefined && (bias.length !== 1 || bias[0] !== filters))
      throw nodeError(call, `its bias is of shape ${bias.join("×")}, want one element for each of ${filters} filters`);
    return [operandAt(call, 0).shape[0], filters, ...places];
  };
  return {
    name,
    opsets: OPSETS,
    arity: [2, 3],
    attributes: [...attributes, "group"],
    infer: (call) => [{ type: "float", shape: shapeOf(call) }],
    products(call) {
      const { groups } = convolutionOf(call);
      const { shape } = operandAt(call, 1);
      const taps = (operandAt(call, 0).shape[1] / groups) * elementCount(shape.slice(2));
      return elementCount(shapeOf(call)) * taps;
    },
    lower(call, builder) {
      const shape = shapeOf(call);
      const bias = call.operands[2];
      const sums = convolved(builder, call, convolutionOf(call), bias?.constant?.data);
      if (bias === undefined || bias.constant !== undefined) return [sums];
      const perChannel = { ...bias, shape: [bias.shape[0], ...shape.slice(2).map(() => 1)] };
      return [sumOf(call, builder, [{ factor: 1, value: sums, shape }, termOf(builder, perChannel, 1)], shape)];
    },
  };
}

function convolved(
  builder: StepBuilder,
  call: Call,
  { groups, filters, places, windows, weights }: Convolution,
  bias: readonly number[] | undefined,
): string {
  const operand = operandAt(call, 0);
  const [batch, channels] = operand.shape;
  const area = elementCount(operand.shape.slice(2));
  const perPlace = windows();
  const perGroup = channels / groups;
  const channelStart = (image: number, group: number, channel: number) =>
    (image * channels + group * perGroup + channel) * area;
  const sums = builder.linear([builder.valueOf(operand)], {
    groups,
    windows: upTo(groups).flatMap((group) =>
      upTo(batch).flatMap((image) =>
        perPlace.map((window) =>
          upTo(perGroup).flatMap((channel) => shiftedWindow(window, channelStart(image, group, channel))),
        ),
      ),
    ),
    weights: weights(),
    bias: bias ?? Array<number>(filters).fill(0),
  });
  return builder.arrange([sums], transposeIndices([filters, batch, elementCount(places)], [1, 0, 2]));
}

function operandsOf(call: Call): { groups: number; kernel: readonly number[]; sizes: readonly number[] } {
  const [{ shape }, weights] = [operandAt(call, 0), operandAt(call, 1).shape];
  if (shape.length < 3) throw nodeError(call, `its operand has ${shape.length} dimensions, want at least 3`);
  if (weights.length !== shape.length)
    throw nodeError(call, `weights ${weights.join("×")} do not fit the operand ${shape.join("×")}`);
  const groups = integerAttribute(call, "group", 1);
  if (groups < 1) throw nodeError(call, `attribute group is ${groups}, want at least 1`);
  return { groups, kernel: weights.slice(2), sizes: shape.slice(2) };
}

function requireChannels(call: Call, channels: number, rest: number): void {
  const { shape } = operandAt(call, 0);
  if (shape[1] === channels && rest === 0) return;
  const weights = operandAt(call, 1).shape.join("×");
  const groups = integerAttribute(call, "group", 1);
  throw nodeError(call, `weights ${weights} in ${groups} groups do not fit the operand ${shape.join("×")}`);
}
