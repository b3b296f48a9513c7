import { elementCount } from "../../codec/codec.ts";
import {
  type Call,
  OPSETS,
  type Operator,
  constantAt,
  integerAttribute,
  nodeError,
  operandAt,
  typeWith,
} from "./operator.ts";
import { upTo } from "./positions.ts";
import { normalAxis, stridesOf, tableIndices } from "./shapes.ts";

/** Coordinates of the elements that are not 0, an axis a row. How many there are must be known, so X must be constant. */
export const nonZero: Operator = {
  name: "NonZero",
  opsets: { from: 9, to: OPSETS.to },
  arity: [1, 1],
  attributes: [],
  infer: (call) => [{ type: "int64", shape: [operandAt(call, 0).shape.length, nonZeroAt(call).length] }],
  lower(call, builder) {
    const { shape } = operandAt(call, 0);
    const strides = stridesOf(shape);
    const found = nonZeroAt(call);
    const rows = shape.flatMap((size, axis) => found.map((position) => Math.floor(position / strides[axis]) % size));
    return [builder.constant(rows)];
  },
};

const nonZeroAt = (call: Call): number[] => {
  const { data } = constantAt(call, 0, "X");
  return upTo(data.length).filter((position) => data[position] !== 0);
};

/** Slices along `axis`, or elements where there is none, for which a constant says so. */
export const compress: Operator = {
  name: "Compress",
  opsets: { from: 9, to: OPSETS.to },
  arity: [2, 2],
  attributes: ["axis"],
  infer(call) {
    const operand = operandAt(call, 0);
    const { axis, kept } = compressed(call);
    return [typeWith(operand, axis === undefined ? [kept.length] : operand.shape.with(axis, kept.length))];
  },
  lower(call, builder) {
    const operand = operandAt(call, 0);
    const { axis, kept } = compressed(call);
    const value = builder.valueOf(operand);
    if (axis === undefined) return [builder.arrange([value], kept)];
    const strides = stridesOf(operand.shape);
    const positions = operand.shape.map((size, other) =>
      (other === axis ? kept : upTo(size)).map((index) => index * strides[other]),
    );
    return [builder.arrange([value], tableIndices(positions))];
  },
};

function compressed(call: Call): { readonly axis: number | undefined; readonly kept: readonly number[] } {
  const { shape } = operandAt(call, 0);
  const condition = constantAt(call, 1, "condition").data;
  const axis = call.node.attributes.has("axis")
    ? normalAxis(call, integerAttribute(call, "axis", 0), shape.length)
    : undefined;
  const size = axis === undefined ? elementCount(shape) : shape[axis];
  const kept = upTo(condition.length).filter((index) => condition[index] !== 0);
  if (kept.every((index) => index < size)) return { axis, kept };
  throw nodeError(call, `condition of ${condition.length} elements does not fit ${size}`);
}

/** Values are always numbers and finite: what a real program computes is neither NaN nor infinite. */
const neverTrue = (name: string, since: number, attributes: readonly string[]): Operator => ({
  name,
  opsets: { from: since, to: OPSETS.to },
  arity: [1, 1],
  attributes,
  readsShapesOnly: true,
  infer: (call) => [{ type: "bool", shape: operandAt(call, 0).shape, bounds: [0, 1] }],
  lower: (call, builder) => [builder.constant(Array(elementCount(operandAt(call, 0).shape)).fill(0))],
});

export const isNan = neverTrue("IsNaN", 9, []);
export const isInf = neverTrue("IsInf", 10, ["detect_negative", "detect_positive"]);
