import { elementCount } from "../../codec/codec.ts";
import { sameElements } from "./identity.ts";
import {
  type Call,
  type Operator,
  OPSETS,
  integerAttribute,
  integersAt,
  integersOf,
  nodeError,
  operandAt,
  typeWith,
} from "./operator.ts";
import { normalAxis } from "./shapes.ts";

/** The same elements in another shape; 0 keeps a size, −1 takes what is left. */
export const reshape: Operator = {
  ...sameElements,
  name: "Reshape",
  opsets: OPSETS,
  arity: [2, 2],
  attributes: ["allowzero"],
  infer(call) {
    const operand = operandAt(call, 0);
    const { shape } = operand;
    return [typeWith(operand, reshaped(call, shape, integersAt(call, 1, "shape")))];
  },
};

/** Two axes: those before `axis`, and the rest. */
export const flatten: Operator = {
  ...sameElements,
  name: "Flatten",
  opsets: OPSETS,
  arity: [1, 1],
  attributes: ["axis"],
  infer(call) {
    const operand = operandAt(call, 0);
    const { shape } = operand;
    const axis = integerAttribute(call, "axis", 1);
    const split = axis === shape.length ? axis : normalAxis(call, axis, shape.length);
    return [typeWith(operand, [elementCount(shape.slice(0, split)), elementCount(shape.slice(split))])];
  },
};

/** Drops the axes of size 1 that are named, or all of them. */
export const squeeze: Operator = {
  ...sameElements,
  name: "Squeeze",
  opsets: OPSETS,
  arity: [1, 2],
  attributes: ["axes"],
  infer(call) {
    const operand = operandAt(call, 0);
    const { shape } = operand;
    const axes = axesOf(call)?.map((axis) => normalAxis(call, axis, shape.length));
    const wrong = axes?.find((axis) => shape[axis] !== 1);
    if (wrong !== undefined) throw nodeError(call, `axis ${wrong} has size ${shape[wrong]}, want 1`);
    return [
      typeWith(
        operand,
        shape.filter((size, axis) => (axes === undefined ? size !== 1 : !axes.includes(axis))),
      ),
    ];
  },
};

/** Inserts axes of size 1 at the positions that they have in the result. */
export const unsqueeze: Operator = {
  ...sameElements,
  name: "Unsqueeze",
  opsets: OPSETS,
  arity: [1, 2],
  attributes: ["axes"],
  infer(call) {
    const operand = operandAt(call, 0);
    const { shape } = operand;
    const given = axesOf(call);
    if (given === undefined) throw nodeError(call, "axes are missing");
    const rank = shape.length + given.length;
    const axes = given.map((axis) => normalAxis(call, axis, rank));
    if (new Set(axes).size !== axes.length) throw nodeError(call, `axes ${given.join(", ")} repeat`);
    const sizes = [...shape];
    return [
      typeWith(
        operand,
        Array.from({ length: rank }, (_, axis) => (axes.includes(axis) ? 1 : sizes.shift()!)),
      ),
    ];
  },
};

/** Axes became an operand with opset 13. */
const axesOf = (call: Call) => integersOf(call, "axes", 1, 13);

function reshaped(call: Call, shape: readonly number[], wanted: readonly number[]): number[] {
  const keepZero = integerAttribute(call, "allowzero", 0) !== 0;
  const sizes = wanted.map((size, axis) => (size === 0 && !keepZero ? (shape[axis] ?? 0) : size));
  const known = elementCount(sizes.filter((size) => size !== -1));
  const result = sizes.map((size) => (size === -1 ? elementCount(shape) / known : size));
  const isShape = result.every((size) => Number.isSafeInteger(size) && size >= 0);
  if (isShape && sizes.filter((size) => size === -1).length <= 1 && elementCount(result) === elementCount(shape))
    return result;
  throw nodeError(call, `shape ${shape.join("×")} cannot become ${wanted.join("×")}`);
}
