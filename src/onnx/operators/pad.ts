import { elementCount } from "../../codec/codec.ts";
import type { Bounds } from "../../ir/graph.ts";
import { checkedSize } from "../limits.ts";
import { boundsOf } from "./arithmetic.ts";
import { choiceOf } from "./choice.ts";
import {
  type Call,
  type Operator,
  OPSETS,
  integersAt,
  integersOf,
  nodeError,
  nodeLabel,
  numberAttribute,
  operandAt,
} from "./operator.ts";
import { upTo } from "./positions.ts";
import { normalAxes, stridesOf } from "./shapes.ts";

const MODES = ["constant", "reflect", "edge", "wrap"] as const;
type Mode = (typeof MODES)[number];

/** Elements added before and after each axis, or cut off where their number is negative. */
export const pad: Operator = {
  name: "Pad",
  opsets: OPSETS,
  arity: [1, 4],
  attributes: ["mode", "pads", "value"],
  infer(call) {
    const { type, bounds } = operandAt(call, 0);
    const fill = call.operands[2]?.shape ?? [];
    if (elementCount(fill) !== 1) throw nodeError(call, `its value is of shape ${fill.join("×")}, want one element`);
    const shape = paddedAxes(call).map(({ length }) => length);
    const known = bounds && unionOf(bounds, fillBounds(call));
    return [{ type, shape, ...(known && { bounds: known }) }];
  },
  lower(call, builder) {
    const operand = operandAt(call, 0);
    const value = builder.valueOf(operand);
    const positions = paddedPositions(call);
    if (!positions.includes(OUTSIDE)) return [builder.arrange([value], positions)];
    const fill = call.operands[2];
    const filling = fill === undefined ? builder.constant([numberAttribute(call, "value", 0)]) : builder.valueOf(fill);
    const outside = builder.sizeOf(value);
    return [
      builder.arrange(
        [value, filling],
        positions.map((position) => (position === OUTSIDE ? outside : position)),
      ),
    ];
  },
};

/** Stands for an element that the padding's value fills. */
const OUTSIDE = -1;

/** What the value of the padding lies in, where that is known; it became an operand with opset 11. */
function fillBounds(call: Call): Bounds | undefined {
  const fill = call.operands[2];
  if (fill !== undefined) return boundsOf(fill);
  const value = numberAttribute(call, "value", 0);
  return [Math.min(value, 0), Math.max(value, 0)];
}

const unionOf = ([low, high]: Bounds, other: Bounds | undefined): Bounds | undefined =>
  other && [Math.min(low, other[0]), Math.max(high, other[1])];

/** For each element of the result its position in the operand. */
function paddedPositions(call: Call): number[] {
  const strides = stridesOf(operandAt(call, 0).shape);
  return paddedAxes(call).reduce<number[]>(
    (starts, coordinates, axis) =>
      starts.flatMap((start) =>
        coordinates.map((index) => (start === OUTSIDE || index === OUTSIDE ? OUTSIDE : start + index * strides[axis])),
      ),
    [0],
  );
}

/** For each axis, the coordinate of the operand at each coordinate of the result. */
function paddedAxes(call: Call): number[][] {
  const { shape } = operandAt(call, 0);
  const mode = choiceOf(call, "mode", "constant", MODES);
  const pads = integersOf(call, "pads", 1, 11);
  const axes = normalAxes(call, axesOf(call) ?? upTo(shape.length), shape.length);
  if (pads?.length !== 2 * axes.length)
    throw nodeError(call, `got ${pads?.length ?? 0} pads, want ${2 * axes.length} for ${axes.length} axes`);
  const beforeOf = (axis: number) => (axes.includes(axis) ? pads[axes.indexOf(axis)] : 0);
  const afterOf = (axis: number) => (axes.includes(axis) ? pads[axes.indexOf(axis) + axes.length] : 0);
  const padded = shape.map((size, axis) => size + beforeOf(axis) + afterOf(axis));
  checkedSize(padded, nodeLabel(call.node));
  return shape.map((size, axis) =>
    upTo(padded[axis]).map((index) => sourceOf(call, mode, index - beforeOf(axis), size)),
  );
}

const axesOf = (call: Call): readonly number[] | undefined =>
  call.operands[3] === undefined ? undefined : integersAt(call, 3, "axes");

/** The coordinate whose element stands at one that may lie outside. */
function sourceOf(call: Call, mode: Mode, index: number, size: number): number {
  if (index >= 0 && index < size) return index;
  if (mode === "constant") return OUTSIDE;
  if (size === 0) throw nodeError(call, `mode ${mode} needs elements, an axis has none`);
  if (mode === "edge") return index < 0 ? 0 : size - 1;
  if (mode === "wrap") return ((index % size) + size) % size;
  const period = Math.max(2 * (size - 1), 1);
  const folded = ((index % period) + period) % period;
  return folded < size ? folded : period - folded;
}
