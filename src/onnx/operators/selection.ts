import {
  type Call,
  OPSETS,
  type Operator,
  integerAttribute,
  integersOf,
  nodeError,
  operandAt,
  typeWith,
} from "./operator.ts";
import { upTo } from "./positions.ts";
import { normalAxes, normalAxis, stridesOf, tableIndices } from "./shapes.ts";

/** For each axis of an operand, the coordinates that are kept, in order. */
export type Coordinates = readonly (readonly number[])[];

/** Elements from `starts` to before `ends` in strides of `steps` along `axes`. */
export const slice: Operator = selecting("Slice", OPSETS, [1, 5], ["starts", "ends", "axes"], (call) => {
  const { shape } = operandAt(call, 0);
  const [starts, ends] = [listOf(call, "starts", 1), listOf(call, "ends", 2)];
  if (starts === undefined || ends === undefined) throw nodeError(call, "starts or ends are missing");
  const axes = listOf(call, "axes", 3) ?? upTo(starts.length);
  const steps = listOf(call, "steps", 4) ?? starts.map(() => 1);
  if ([ends, axes, steps].some(({ length }) => length !== starts.length)) {
    throw nodeError(call, "starts, ends, axes and steps have different lengths");
  }
  const coordinates = shape.map(upTo);
  normalAxes(call, axes, shape.length).forEach((axis, index) => {
    coordinates[axis] = sliced(call, shape[axis], starts[index], ends[index], steps[index]);
  });
  return [coordinates];
});

/** Parts one after another along `axis`. */
export const split: Operator = selecting("Split", OPSETS, [1, 2], ["axis", "split", "num_outputs"], (call) => {
  const { shape } = operandAt(call, 0);
  const axis = normalAxis(call, integerAttribute(call, "axis", 0), shape.length);
  let start = 0;
  return partsOf(call, shape[axis]).map((size) => {
    const first = start;
    start += size;
    return shape.map((all, other) => upTo(other === axis ? size : all).map((x) => (other === axis ? first + x : x)));
  });
});

/** An operator each of whose outputs consists of elements at some coordinates of the first operand. */
export function selecting(
  name: string,
  opsets: Operator["opsets"],
  arity: Operator["arity"],
  attributes: readonly string[],
  select: (call: Call) => readonly Coordinates[],
): Operator {
  return {
    name,
    opsets,
    arity,
    attributes,
    infer: (call) =>
      select(call).map((coordinates) =>
        typeWith(
          operandAt(call, 0),
          coordinates.map(({ length }) => length),
        ),
      ),
    lower(call, builder) {
      const operand = operandAt(call, 0);
      const value = builder.valueOf(operand);
      return select(call).map((coordinates) => builder.arrange([value], positionsOf(operand.shape, coordinates)));
    },
  };
}

/** Positions of the elements at all combinations of coordinates, in row-major order. */
export function positionsOf(shape: readonly number[], coordinates: Coordinates): number[] {
  const strides = stridesOf(shape);
  return tableIndices(coordinates.map((chosen, axis) => chosen.map((index) => index * strides[axis])));
}

/** The lists of Slice became operands with opset 10, which also brought steps. */
const listOf = (call: Call, name: string, index: number) => integersOf(call, name, index, 10);

/** The bounds are clamped as the specification says, which is not quite numpy's way where steps are negative. */
function sliced(call: Call, size: number, start: number, end: number, step: number): number[] {
  if (step === 0) throw nodeError(call, "a step is 0");
  if (size === 0) return [];
  const clamped = (bound: number, least: number, most: number) =>
    Math.max(Math.min(bound < 0 ? bound + size : bound, most), least);
  const [first, last] =
    step > 0
      ? [clamped(start, 0, size), clamped(end, 0, size)]
      : [clamped(start, 0, size - 1), clamped(end, -1, size - 1)];
  const count = Math.max(0, Math.ceil((last - first) / step));
  return Array.from({ length: count }, (_, index) => first + index * step);
}

/** Sizes of the parts: given as an attribute before opset 13 and an operand since, else equal but for the last. */
function partsOf(call: Call, size: number): readonly number[] {
  const given = integersOf(call, "split", 1, 13);
  const count = integerAttribute(call, "num_outputs", call.node.outputs.length);
  if (given !== undefined && call.node.attributes.has("num_outputs"))
    throw nodeError(call, "has both split and num_outputs");
  if (given === undefined && count !== call.node.outputs.length)
    throw nodeError(call, `num_outputs is ${count}, but it has ${call.node.outputs.length} outputs`);
  const share = Math.ceil(size / count);
  const parts = given ?? upTo(count).map((part) => Math.min(share, size - part * share));
  const isWhole = parts.every((part) => part >= 0) && parts.reduce((sum, part) => sum + part, 0) === size;
  if (!isWhole) throw nodeError(call, `parts of ${parts.join(", ")} do not make up the axis of size ${size}`);
  if (parts.length === call.node.outputs.length) return parts;
  throw nodeError(call, `has ${call.node.outputs.length} outputs for ${parts.length} parts`);
}
