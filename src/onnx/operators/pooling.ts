import { elementCount } from "../../codec/codec.ts";
import type { RealFunction } from "../../ir/realGraph.ts";
import {
  type Call,
  OPSETS,
  type Operator,
  type StepBuilder,
  integerAttribute,
  integersAttribute,
  nodeError,
  operandAt,
  typeWith,
} from "./operator.ts";
import { upTo } from "./positions.ts";
import { sqrt } from "./functions.ts";
import { absolute } from "./unary.ts";
import {
  PADDING,
  type SlidingAxis,
  WINDOW_ATTRIBUTES,
  coordinatesAlong,
  shiftedWindow,
  slidingAxes,
  windowPositions,
} from "./windows.ts";

/** Windows over each channel. */
interface Pool {
  readonly axes: readonly SlidingAxis[];
  /** Images times channels. */
  readonly count: number;
}

/** What makes one number of each window, all channels' one after another. */
type PoolLowering = (call: Call, builder: StepBuilder, value: string, pool: Pool) => string;

interface PoolForm {
  readonly name: string;
  readonly attributes: readonly string[];
  readonly axesOf: (call: Call) => readonly SlidingAxis[];
  readonly lower: PoolLowering;
}

const SLIDING = [...WINDOW_ATTRIBUTES, "ceil_mode"];

/** Pools of a window that slides, and pools whose window is the whole channel. */
export const pools: readonly Operator[] = [
  { name: "MaxPool", attributes: [...SLIDING, "storage_order"], axesOf: slidingWindow, lower: greatest },
  { name: "AveragePool", attributes: [...SLIDING, "count_include_pad"], axesOf: slidingWindow, lower: average },
  { name: "LpPool", attributes: [...SLIDING, "p"], axesOf: slidingWindow, lower: norm },
  { name: "GlobalMaxPool", attributes: [], axesOf: wholeChannel, lower: greatest },
  { name: "GlobalAveragePool", attributes: [], axesOf: wholeChannel, lower: average },
  { name: "GlobalLpPool", attributes: ["p"], axesOf: wholeChannel, lower: norm },
].map(pooling);

function pooling({ name, attributes, axesOf, lower }: PoolForm): Operator {
  const placesOf = (call: Call) => axesOf(call).map(({ places }) => places);
  return {
    name,
    opsets: OPSETS,
    arity: [1, 1],
    attributes,
    infer(call) {
      const operand = operandAt(call, 0);
      if (operand.shape.length < 3)
        throw nodeError(call, `its operand has ${operand.shape.length} dimensions, want at least 3`);
      return [typeWith(operand, [...operand.shape.slice(0, 2), ...placesOf(call)])];
    },
    products(call) {
      const kernel = axesOf(call).map((axis) => axis.kernel);
      return elementCount([...operandAt(call, 0).shape.slice(0, 2), ...placesOf(call), ...kernel]);
    },
    lower(call, builder) {
      const operand = operandAt(call, 0);
      const pool = { axes: axesOf(call), count: operand.shape[0] * operand.shape[1] };
      return [lower(call, builder, builder.valueOf(operand), pool)];
    },
  };
}

function slidingWindow(call: Call): SlidingAxis[] {
  const sizes = operandAt(call, 0).shape.slice(2);
  const kernel = integersAttribute(call, "kernel_shape");
  if (kernel?.length !== sizes.length)
    throw nodeError(call, `attribute kernel_shape has ${kernel?.length ?? 0} values, want ${sizes.length}`);
  return slidingAxes(call, sizes, kernel);
}

function wholeChannel(call: Call): SlidingAxis[] {
  const sizes = operandAt(call, 0).shape.slice(2);
  return sizes.map((size) => ({ size, kernel: size, stride: 1, dilation: 1, before: 0, after: 0, places: 1 }));
}

/** For each channel and place the positions that the window reads, PADDING standing for none. */
function windowsOf({ axes, count }: Pool): number[][] {
  const sizes = axes.map(({ size }) => size);
  const windows = windowPositions(sizes, axes.map(coordinatesAlong));
  return upTo(count).flatMap((channel) =>
    windows.map((window) => shiftedWindow(window, channel * elementCount(sizes))),
  );
}

function greatest(call: Call, builder: StepBuilder, value: string, pool: Pool): string {
  const windows = windowsOf(pool).map((window) => window.filter((position) => position !== PADDING));
  if (windows.some(({ length }) => length === 0)) throw nodeError(call, "a window reads nothing but padding");
  return builder.extreme("max", [value], windows);
}

function average(call: Call, builder: StepBuilder, value: string, pool: Pool): string {
  const countsPadding = integerAttribute(call, "count_include_pad", 0) !== 0;
  const counts = productTable(pool.axes.map((axis) => countsAlong(axis, countsPadding)));
  if (counts.includes(0)) throw nodeError(call, "a window reads nothing but padding");
  const shares = counts.map((count) => 1 / count);
  return builder.scale(windowSums(builder, value, pool), shares, Array<number>(shares.length).fill(0));
}

/** For each place along an axis how many elements the window counts: its own, or those within the padding too. */
function countsAlong(axis: SlidingAxis, countsPadding: boolean): number[] {
  if (!countsPadding) return coordinatesAlong(axis).map((reads) => reads.filter((read) => read !== PADDING).length);
  const padded = { ...axis, size: axis.before + axis.size + axis.after, before: 0 };
  return countsAlong(padded, false);
}

/** Products of one entry of each table, the last table's entries changing fastest. */
const productTable = (tables: readonly (readonly number[])[]): number[] =>
  tables.reduce<number[]>((products, table) => products.flatMap((left) => table.map((right) => left * right)), [1]);

const windowSums = (builder: StepBuilder, value: string, pool: Pool): string =>
  builder.linear([value], {
    groups: 1,
    windows: windowsOf(pool),
    weights: [Array<number>(elementCount(pool.axes.map(({ kernel }) => kernel))).fill(1)],
    bias: [0],
  });

/** The p-th root of the sum of |x|^p. */
function norm(call: Call, builder: StepBuilder, value: string, pool: Pool): string {
  const p = integerAttribute(call, "p", 2);
  if (p < 1) throw nodeError(call, `attribute p is ${p}, want at least 1`);
  if (p === 1) return windowSums(builder, absolute(builder, value), pool);
  if (p === 2) return builder.apply(windowSums(builder, builder.multiply(value, value), pool), sqrt);
  return builder.apply(windowSums(builder, builder.apply(value, powerOfMagnitude(p)), pool), root(p));
}

const powerOfMagnitude = (p: number): RealFunction => ({ name: `|x|^${p}`, apply: (x) => Math.abs(x) ** p });

const root = (p: number): RealFunction => ({
  name: `root ${p}`,
  apply: (x) => Math.max(x, 0) ** (1 / p),
  isMonotone: true,
});
