import { elementCount } from "../../codec/codec.ts";
import { type Labelled, contracted, reduced } from "./contraction.ts";
import { type Call, OPSETS, type Operator, type StepBuilder, nodeError, operandAt } from "./operator.ts";
import { upTo } from "./positions.ts";
import { broadcastShape, stridesOf } from "./shapes.ts";

/** A · B, numpy's way: the last two axes are matrices, those before are broadcast, and a vector is one row or column. */
export const matMul: Operator = {
  name: "MatMul",
  opsets: OPSETS,
  arity: [2, 2],
  attributes: [],
  infer(call) {
    const [left, right] = [operandAt(call, 0), operandAt(call, 1)];
    if (left.type !== right.type) throw nodeError(call, `operands are of types ${left.type} and ${right.type}`);
    const { batch, rows, columns } = productOf(call);
    const ends = [...(left.shape.length === 1 ? [] : [rows]), ...(right.shape.length === 1 ? [] : [columns])];
    return [{ type: left.type, shape: [...batch, ...ends] }];
  },
  products(call) {
    const { batch, rows, columns, inner } = productOf(call);
    return elementCount(batch) * rows * columns * inner;
  },
  lower(call, builder) {
    const { batch, rows, inner, columns } = productOf(call);
    const axes = upTo(batch.length).map(String);
    const order = [...axes, "row", "column"];
    const lengths = [...batch, rows, columns, inner];
    const sizes = new Map([...order, "inner"].map((label, axis) => [label, lengths[axis]]));
    const left = labelled(call, builder, 0, [...axes, "row", "inner"]);
    const right = labelled(call, builder, 1, [...axes, "inner", "column"]);
    return [reduced(builder, contracted(builder, left, right, sizes, new Set(order)), sizes, order)];
  },
};

interface Product {
  readonly batch: readonly number[];
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
}

function productOf(call: Call): Product {
  const [left, right] = [matrixShape(call, 0), matrixShape(call, 1)];
  const [[rows, inner], [height, columns]] = [left.slice(-2), right.slice(-2)];
  if (inner !== height) throw nodeError(call, `A has ${inner} columns but B has ${height} rows`);
  return { batch: broadcastShape(call, left.slice(0, -2), right.slice(0, -2)), rows, inner, columns };
}

/** An operand's shape, a vector on the left as a matrix of one row and on the right as one of one column. */
function matrixShape(call: Call, index: number): readonly number[] {
  const { shape } = operandAt(call, index);
  if (shape.length === 0) throw nodeError(call, `operand ${index} is a scalar, want a vector or matrices`);
  if (shape.length > 1) return shape;
  return index === 0 ? [1, shape[0]] : [shape[0], 1];
}

/** An operand whose last axes have the last of the labels; axes of size 1 are repeated. */
function labelled(call: Call, builder: StepBuilder, index: number, labels: readonly string[]): Labelled {
  const operand = operandAt(call, index);
  const shape = matrixShape(call, index);
  const strides = stridesOf(shape);
  const own = labels.slice(labels.length - shape.length);
  return {
    strides: new Map(own.map((label, axis) => [label, strides[axis]] as const).filter((_, axis) => shape[axis] > 1)),
    elements: operand.constant?.data ?? builder.valueOf(operand),
  };
}
