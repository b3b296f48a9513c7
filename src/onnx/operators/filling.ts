import { elementCount } from "../../codec/codec.ts";
import type { Tensor, ValueType } from "../../ir/graph.ts";
import { elementKindOf } from "../readTensor.ts";
import { checkedSize } from "../limits.ts";
import {
  type Call,
  type Operator,
  OPSETS,
  constantAt,
  integerAttribute,
  integersAt,
  nodeError,
  nodeLabel,
  operandAt,
} from "./operator.ts";
import { upTo } from "./positions.ts";

/** The number of elements of the operand; always constant. */
export const size: Operator = {
  name: "Size",
  opsets: OPSETS,
  arity: [1, 1],
  attributes: [],
  readsShapesOnly: true,
  infer: () => [{ type: "int64", shape: [] }],
  lower: (call, builder) => [builder.constant([elementCount(operandAt(call, 0).shape)])],
};

/** start, start + delta, … to before limit. */
export const range: Operator = {
  name: "Range",
  opsets: { from: 11, to: OPSETS.to },
  arity: [3, 3],
  attributes: [],
  infer: (call) => [{ type: operandAt(call, 0).type, shape: [countOf(call)] }],
  lower(call, builder) {
    const [start, , delta] = rangeOf(call);
    return [builder.constant(upTo(countOf(call)).map((index) => start + index * delta))];
  },
};

/** One value everywhere, in a shape that is data. */
export const constantOfShape: Operator = {
  name: "ConstantOfShape",
  opsets: { from: 9, to: OPSETS.to },
  arity: [1, 1],
  attributes: ["value"],
  infer: (call) => [{ type: fillOf(call).type, shape: integersAt(call, 0, "shape") }],
  lower(call, builder) {
    const count = checkedSize(integersAt(call, 0, "shape"), nodeLabel(call.node));
    return [builder.constant(Array<number>(count).fill(fillOf(call).data[0]))];
  },
};

/** Ones on the diagonal `k` of a matrix of the operand's shape, else zeros; always constant. */
export const eyeLike: Operator = {
  name: "EyeLike",
  opsets: { from: 9, to: OPSETS.to },
  arity: [1, 1],
  attributes: ["dtype", "k"],
  readsShapesOnly: true,
  infer(call) {
    const { shape } = operandAt(call, 0);
    if (shape.length !== 2) throw nodeError(call, `its operand has ${shape.length} dimensions, want 2`);
    return [{ ...eyeKind(call), shape }];
  },
  lower(call, builder) {
    const [, columns] = operandAt(call, 0).shape;
    const diagonal = integerAttribute(call, "k", 0);
    const isOn = (index: number) => (index % columns) - Math.floor(index / columns) === diagonal;
    return [builder.constant(upTo(elementCount(operandAt(call, 0).shape)).map((index) => Number(isOn(index))))];
  },
};

function eyeKind(call: Call): Omit<ValueType, "shape"> {
  const { type, bounds } = operandAt(call, 0);
  if (!call.node.attributes.has("dtype")) return { type, ...(bounds && { bounds }) };
  return elementKindOf(integerAttribute(call, "dtype", 0), `${nodeLabel(call.node)} attribute dtype`);
}

function fillOf(call: Call): Tensor {
  const value = call.node.attributes.get("value");
  if (value === undefined) return { type: "float", shape: [1], data: [0] };
  if (typeof value === "object" && "data" in value && value.data.length === 1) return value;
  throw nodeError(call, "attribute value is not a tensor of one element");
}

/** Start, limit and delta. */
const rangeOf = (call: Call): number[] =>
  ["start", "limit", "delta"].map((what, index) => {
    const { data } = constantAt(call, index, what);
    if (data.length === 1) return data[0];
    throw nodeError(call, `${what} has ${data.length} elements, want 1`);
  });

function countOf(call: Call): number {
  const [start, limit, delta] = rangeOf(call);
  if (delta === 0) throw nodeError(call, "delta is 0");
  const count = Math.max(0, Math.ceil((limit - start) / delta));
  checkedSize([count], nodeLabel(call.node));
  return count;
}
