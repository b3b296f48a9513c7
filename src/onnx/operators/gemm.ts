import { elementCount } from "../../codec/codec.ts";
import { type Labelled, contracted, reduced } from "./contraction.ts";
import {
  type Call,
  OPSETS,
  type Operator,
  type StepBuilder,
  integerAttribute,
  nodeError,
  numberAttribute,
  operandAt,
} from "./operator.ts";
import { broadcastShape } from "./shapes.ts";
import { sumOf, termOf } from "./sums.ts";

/** alpha · A' · B' + beta · C with A, B transposed on demand. */
export const gemm: Operator = {
  name: "Gemm",
  opsets: OPSETS,
  arity: [2, 3],
  attributes: ["alpha", "beta", "transA", "transB"],
  infer: (call) => [{ type: operandAt(call, 0).type, shape: outputShape(call) }],
  products: (call) => elementCount(outputShape(call)) * dimensions(call, 0).columns,
  lower(call, builder) {
    const shape = outputShape(call);
    const inner = dimensions(call, 0).columns;
    const sizes = new Map([
      ["row", shape[0]],
      ["inner", inner],
      ["column", shape[1]],
    ]);
    const [left, right] = [
      labelled(call, builder, 0, ["row", "inner"]),
      labelled(call, builder, 1, ["inner", "column"]),
    ];
    const order = ["row", "column"];
    const product = contracted(builder, left, right, sizes, new Set(order));
    const value = reduced(builder, product, sizes, order);
    const addend = call.operands[2];
    const terms = [
      { factor: numberAttribute(call, "alpha", 1), value, shape },
      ...(addend === undefined ? [] : [termOf(builder, addend, numberAttribute(call, "beta", 1))]),
    ];
    return [sumOf(call, builder, terms, shape)];
  },
};

function outputShape(call: Call): number[] {
  const [left, right] = [dimensions(call, 0), dimensions(call, 1)];
  if (left.columns !== right.rows) {
    throw nodeError(call, `A has ${left.columns} columns but B has ${right.rows} rows after transposing`);
  }
  const shape = [left.rows, right.columns];
  const addend = call.operands[2];
  if (addend !== undefined && String(broadcastShape(call, addend.shape, shape)) !== String(shape)) {
    throw nodeError(call, `C has shape ${addend.shape.join("×")}, want one that broadcasts to ${shape.join("×")}`);
  }
  return shape;
}

const isTransposed = (call: Call, index: number): boolean =>
  integerAttribute(call, index === 0 ? "transA" : "transB", 0) !== 0;

function dimensions(call: Call, index: number): { rows: number; columns: number } {
  const { shape } = operandAt(call, index);
  if (shape.length !== 2) throw nodeError(call, `operand ${index} has ${shape.length} dimensions, want 2`);
  const [rows, columns] = isTransposed(call, index) ? [shape[1], shape[0]] : shape;
  return { rows, columns };
}

/** A matrix by the labels of its rows and columns. */
function labelled(
  call: Call,
  builder: StepBuilder,
  index: number,
  [rows, columns]: readonly [string, string],
): Labelled {
  const operand = operandAt(call, index);
  const width = operand.shape[1];
  const [rowStride, columnStride] = isTransposed(call, index) ? [1, width] : [width, 1];
  return {
    strides: new Map([
      [rows, rowStride],
      [columns, columnStride],
    ]),
    elements: operand.constant?.data ?? builder.valueOf(operand),
  };
}
