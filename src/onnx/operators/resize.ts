import { elementCount } from "../../codec/codec.ts";
import { choiceOf } from "./choice.ts";
import {
  COORDINATE_MODES,
  type Interpolation,
  MODES,
  NEAREST_MODES,
  type ResizedAxis,
  type Tap,
  tapsAlong,
} from "./interpolation.ts";
import {
  type Call,
  type Operator,
  OPSETS,
  type StepBuilder,
  constantAt,
  integerAttribute,
  integersAt,
  integersAttribute,
  nodeError,
  numberAttribute,
  operandAt,
  typeWith,
} from "./operator.ts";
import { inverseOf, upTo } from "./positions.ts";
import { normalAxis, stridesOf, transposeIndices } from "./shapes.ts";

/** A tensor sampled at other coordinates; scales or sizes, and the region, must be constant. */
export const resize: Operator = resizing("Resize", { from: 10, to: OPSETS.to }, [1, 4], (call) =>
  call.opset < 11 ? { scales: constantAt(call, 1, "scales").data } : requested(call),
);

/** What Resize was called before. */
export const upsample: Operator = resizing("Upsample", { from: 7, to: 9 }, [1, 2], (call) => {
  if (call.opset >= 9) return { scales: constantAt(call, 1, "scales").data };
  const scales = call.node.attributes.get("scales");
  if (Array.isArray(scales) && scales.every((scale) => typeof scale === "number")) return { scales };
  throw nodeError(call, "attribute scales is not a list of numbers");
});

/** What a node asks for: one of the two, for all axes or those of the attribute `axes`. */
interface Request {
  readonly scales?: readonly number[];
  readonly sizes?: readonly number[];
}

function resizing(
  name: string,
  opsets: Operator["opsets"],
  arity: Operator["arity"],
  requestOf: (call: Call) => Request,
): Operator {
  const axesOf = (call: Call) => resizedAxes(call, requestOf(call));
  return {
    name,
    opsets,
    arity,
    attributes: [
      "antialias",
      "axes",
      "coordinate_transformation_mode",
      "cubic_coeff_a",
      "exclude_outside",
      "extrapolation_value",
      "keep_aspect_ratio_policy",
      "mode",
      "nearest_mode",
      "scales",
    ],
    infer(call) {
      interpolationOf(call);
      const shape = axesOf(call).map(({ to }) => to);
      return [typeWith(operandAt(call, 0), shape)];
    },
    products: (call) => (interpolationOf(call).mode === "nearest" ? 0 : productsOf(call, axesOf(call))),
    lower(call, builder) {
      const axes = axesOf(call);
      const taps = axes.map((axis) => tapsAlong(axis, interpolationOf(call)));
      return [sampled(builder, builder.valueOf(operandAt(call, 0)), axes, taps, outsideOf(call))];
    },
  };
}

function interpolationOf(call: Call): Interpolation {
  if (integerAttribute(call, "antialias", 0) !== 0) throw nodeError(call, "attribute antialias 1 is not supported");
  const isOld = call.opset < 11;
  return {
    mode: choiceOf(call, "mode", "nearest", isOld ? ["nearest", "linear"] : MODES),
    coordinates: choiceOf(
      call,
      "coordinate_transformation_mode",
      isOld ? "asymmetric" : "half_pixel",
      COORDINATE_MODES,
    ),
    nearest: isOld ? "simple" : choiceOf(call, "nearest_mode", "round_prefer_floor", NEAREST_MODES),
    cubicCoefficient: numberAttribute(call, "cubic_coeff_a", -0.75),
    excludesOutside: integerAttribute(call, "exclude_outside", 0) !== 0,
  };
}

const outsideOf = (call: Call): number => numberAttribute(call, "extrapolation_value", 0);

/** Scales and sizes are operands of which one has elements. */
function requested(call: Call): Request {
  const isGiven = (index: number) => call.operands[index] !== undefined;
  const scales = isGiven(2) ? constantAt(call, 2, "scales").data : [];
  const sizes = isGiven(3) ? integersAt(call, 3, "sizes") : [];
  if ((scales.length === 0) === (sizes.length === 0)) throw nodeError(call, "want either scales or sizes");
  return scales.length > 0 ? { scales } : { sizes };
}

function resizedAxes(call: Call, request: Request): ResizedAxis[] {
  const { shape } = operandAt(call, 0);
  const axes = (integersAttribute(call, "axes") ?? upTo(shape.length)).map((axis) =>
    normalAxis(call, axis, shape.length),
  );
  const { scales, sizes } = request;
  const count = (scales ?? sizes!).length;
  if (count !== axes.length) throw nodeError(call, `got ${count} scales or sizes for ${axes.length} axes`);
  const wrong = (scales ?? sizes!).find((number) => !(number > 0));
  if (wrong !== undefined) throw nodeError(call, `a scale or size is ${wrong}, want more than 0`);
  const kept = keptAspect(call, axes, request);
  return shape.map((from, axis) => {
    const index = axes.indexOf(axis);
    const region = regionOf(call, index, axes.length);
    if (index === -1) return { from, to: from, scale: 1, region };
    if (kept !== undefined) return { from, to: Math.floor(from * kept + 0.5), scale: Math.fround(kept), region };
    if (scales === undefined) return { from, to: sizes![index], scale: Math.fround(sizes![index] / from), region };
    return { from, to: Math.floor(Math.fround(from * scales[index])), scale: scales[index], region };
  });
}

/** The scale of all axes that `keep_aspect_ratio_policy` chooses: the least or greatest that a size asks for. */
function keptAspect(call: Call, axes: readonly number[], { sizes }: Request): number | undefined {
  const policies = ["stretch", "not_larger", "not_smaller"] as const;
  const policy = choiceOf(call, "keep_aspect_ratio_policy", "stretch", policies);
  if (policy === "stretch" || sizes === undefined) return undefined;
  const { shape } = operandAt(call, 0);
  const ratios = sizes.map((size, index) => size / shape[axes[index]]);
  return policy === "not_larger" ? Math.min(...ratios) : Math.max(...ratios);
}

/** The part of an axis that tf_crop_and_resize takes: starts of all axes, then ends, in shares of their lengths. */
function regionOf(call: Call, index: number, count: number): readonly [number, number] {
  const isCropped = call.node.attributes.get("coordinate_transformation_mode") === "tf_crop_and_resize";
  if (!isCropped || index === -1) return [0, 1];
  const { data } = constantAt(call, 1, "roi");
  if (data.length === 2 * count) return [data[index], data[count + index]];
  throw nodeError(call, `roi has ${data.length} elements, want ${2 * count}`);
}

/** Elements that the sums read, an upper bound; times four, since every sum has a window and weights of its own. */
function productsOf(call: Call, axes: readonly ResizedAxis[]): number {
  const most = interpolationOf(call).mode === "linear" ? 2 : 4;
  return axes.reduce((product, { from, to }) => product * to * (from === to ? 1 : most), 4);
}

type AxisTaps = readonly (readonly Tap[] | undefined)[];

/** The elements that an output is made of, or none where it lies outside. */
interface Sample {
  readonly positions: readonly number[];
  readonly weights: readonly number[];
  readonly isOutside: boolean;
}

function sampled(
  builder: StepBuilder,
  value: string,
  axes: readonly ResizedAxis[],
  taps: readonly AxisTaps[],
  outside: number,
): string {
  const strides = stridesOf(axes.map(({ from }) => from));
  const samples = taps.reduce<Sample[]>(
    (before, axis, at) => before.flatMap((sample) => axis.map((more) => extended(sample, more, strides[at]))),
    [{ positions: [0], weights: [1], isOutside: false }],
  );
  if (samples.every(({ weights, isOutside }) => !isOutside && weights.length === 1 && weights[0] === 1))
    return builder.arrange(
      [value],
      samples.map(({ positions }) => positions[0]),
    );
  return summed(builder, value, taps, samples, outside);
}

function extended({ positions, weights, isOutside }: Sample, taps: readonly Tap[] | undefined, stride: number): Sample {
  if (isOutside || taps === undefined) return { positions: [], weights: [], isOutside: true };
  return {
    positions: positions.flatMap((position) => taps.map(({ index }) => position + index * stride)),
    weights: weights.flatMap((weight) => taps.map((tap) => weight * tap.weight)),
    isOutside,
  };
}

/** A group of sums for each coordinate of the resized axes: along the others the weights are the same. */
function summed(
  builder: StepBuilder,
  value: string,
  taps: readonly AxisTaps[],
  samples: readonly Sample[],
  outside: number,
): string {
  const shape = taps.map((axis) => axis.length);
  const [kept, resized] = [true, false].map((which) =>
    upTo(taps.length).filter((at) => isIdentity(taps[at]) === which),
  );
  const order = transposeIndices(shape, [...resized, ...kept]);
  const groups = elementCount(resized.map((axis) => shape[axis]));
  const length = samples.reduce((most, { weights }) => Math.max(most, weights.length), 1);
  const padded = (list: readonly number[], filler: number) => [...list, ...Array(length - list.length).fill(filler)];
  const leaders = upTo(groups).map((group) => samples[order[group * (order.length / groups)]]);
  const sums = builder.linear([value], {
    groups,
    windows: order.map((position) => padded(samples[position].positions, -1)),
    weights: leaders.map(({ weights }) => padded(weights, 0)),
    bias: leaders.map(({ isOutside }) => (isOutside ? outside : 0)),
  });
  return builder.arrange([sums], inverseOf(order));
}

const isIdentity = (axis: AxisTaps): boolean =>
  axis.every((taps, index) => taps?.length === 1 && taps[0].index === index && taps[0].weight === 1);
