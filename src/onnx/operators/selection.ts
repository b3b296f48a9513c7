import { elementCount } from "../../codec/codec.ts";
import {
  type Call,
  OPSETS,
  type Operator,
  constantAt,
  integerAttribute,
  integersOf,
  nodeError,
  operandAt,
  typeWith,
} from "./operator.ts";
import { normalAxis, stridesOf } from "./shapes.ts";

/** What an operator that only selects elements takes: its shape, and the position of each element in the operand. */
interface Selection {
  readonly shape: readonly number[];
  /** For each axis, the coordinates that are kept, in order. */
  readonly coordinates: readonly (readonly number[])[];
}

/** Slices of the operand along `axis` at constant indices, negative ones counted from the end. */
export const gather: Operator = selecting("Gather", [2, 2], ["axis"], (call) => {
  const { shape } = operandAt(call, 0);
  const axis = normalAxis(call, integerAttribute(call, "axis", 0), shape.length);
  const indices = constantAt(call, 1, "indices");
  const chosen = indices.data.map((index) => normalIndex(call, index, shape[axis]));
  return {
    shape: [...shape.slice(0, axis), ...indices.shape, ...shape.slice(axis + 1)],
    coordinates: shape.map((size, other) => (other === axis ? chosen : upTo(size))),
  };
});

/** Elements from `starts` to before `ends` in strides of `steps` along `axes`, numpy's way. */
export const slice: Operator = selecting("Slice", [1, 5], ["starts", "ends", "axes"], (call) => {
  const { shape } = operandAt(call, 0);
  const [starts, ends] = [bounds(call, "starts", 1), bounds(call, "ends", 2)];
  if (starts === undefined || ends === undefined) throw nodeError(call, "starts or ends are missing");
  const axes = bounds(call, "axes", 3) ?? upTo(starts.length);
  const steps = bounds(call, "steps", 4) ?? starts.map(() => 1);
  if ([ends, axes, steps].some(({ length }) => length !== starts.length)) {
    throw nodeError(call, "starts, ends, axes and steps have different lengths");
  }
  const coordinates = shape.map(upTo);
  axes.forEach((given, index) => {
    const axis = normalAxis(call, given, shape.length);
    coordinates[axis] = sliced(call, shape[axis], starts[index], ends[index], steps[index]);
  });
  return { shape: coordinates.map(({ length }) => length), coordinates };
});

function selecting(
  name: string,
  arity: readonly [number, number],
  attributes: readonly string[],
  select: (call: Call) => Selection,
): Operator {
  return {
    name,
    opsets: OPSETS,
    arity,
    attributes,
    infer: (call) => [typeWith(operandAt(call, 0), select(call).shape)],
    fold: (call) => [positionsOf(call, select(call)).map((index) => operandAt(call, 0).constant!.data[index])],
    lower(call, builder) {
      const operand = operandAt(call, 0);
      return [builder.permute(builder.valueOf(operand), positionsOf(call, select(call)), elementCount(operand.shape))];
    },
  };
}

function positionsOf(call: Call, { coordinates }: Selection): number[] {
  const strides = stridesOf(operandAt(call, 0).shape);
  return coordinates.reduce<number[]>(
    (positions, chosen, axis) => positions.flatMap((start) => chosen.map((index) => start + index * strides[axis])),
    [0],
  );
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

function normalIndex(call: Call, index: number, size: number): number {
  if (index >= -size && index < size) return index < 0 ? index + size : index;
  throw nodeError(call, `index ${index} does not exist, want ${-size} to ${size - 1}`);
}

/** Bounds became operands with opset 10, which also brought steps. */
const bounds = (call: Call, name: string, index: number) => integersOf(call, name, index, 10);

function sliced(call: Call, size: number, start: number, end: number, step: number): number[] {
  if (step === 0) throw nodeError(call, "a step is 0");
  const [least, most] = step > 0 ? [0, size] : [-1, size - 1];
  const clamp = (bound: number) => Math.min(Math.max(bound < 0 ? bound + size : bound, least), most);
  const [first, last] = [clamp(start), clamp(end)];
  const count = Math.max(0, Math.ceil((last - first) / step));
  return Array.from({ length: count }, (_, index) => first + index * step);
}
