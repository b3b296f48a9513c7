import { elementCount } from "../../codec/codec.ts";
import type { Tensor } from "../../ir/graph.ts";
import { addValues } from "./arithmetic.ts";
import {
  type Matrix,
  type MatrixValue,
  constantTimes,
  multiply,
  timesConstant,
  transposed,
  transposedValue,
} from "./matrices.ts";
import {
  type Call,
  OPSETS,
  type Operand,
  type Operator,
  type StepBuilder,
  integerAttribute,
  nodeError,
  numberAttribute,
  operandAt,
} from "./operator.ts";
import { broadcastIndices, broadcastShape } from "./shapes.ts";

/** alpha · A' · B' + beta · C with A, B transposed on demand; A or B must be constant. */
export const gemm: Operator = {
  name: "Gemm",
  opsets: OPSETS,
  arity: [2, 3],
  attributes: ["alpha", "beta", "transA", "transB"],
  infer(call) {
    return [{ type: "float", shape: outputShape(call) }];
  },
  products: (call) => elementCount(outputShape(call)) * dimensions(call, 0).columns,
  fold(call) {
    const product = multiply(constantMatrix(call, 0), constantMatrix(call, 1));
    const alpha = numberAttribute(call, "alpha", 1);
    const added = scaledAddend(call);
    return [product.data.map((value, index) => alpha * value + added[index])];
  },
  lower(call, builder) {
    const [left, right] = [operandAt(call, 0), operandAt(call, 1)];
    const alpha = numberAttribute(call, "alpha", 1);
    const addend = call.operands[2];
    if (left.constant !== undefined) {
      const product = constantTimes(builder, scaled(constantMatrix(call, 0), alpha), matrixValue(call, builder, 1));
      return [addAddend(call, builder, product)];
    }
    if (right.constant === undefined) throw nodeError(call, "A or B must be constant, both are computed");
    const [value, weights] = [matrixValue(call, builder, 0), scaled(constantMatrix(call, 1), alpha)];
    const bias = rowAddend(call, weights.columns);
    const product = timesConstant(builder, value, weights, bias ?? Array(weights.columns).fill(0));
    return [bias === undefined && addend !== undefined ? addAddend(call, builder, product) : product];
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

function constantMatrix(call: Call, index: number): Matrix {
  const { shape, data } = operandAt(call, index).constant as Tensor;
  const matrix = { rows: shape[0], columns: shape[1], data };
  return isTransposed(call, index) ? transposed(matrix) : matrix;
}

function matrixValue(call: Call, builder: StepBuilder, index: number): MatrixValue {
  const operand: Operand = operandAt(call, index);
  const matrix = { rows: operand.shape[0], columns: operand.shape[1], value: builder.valueOf(operand) };
  return isTransposed(call, index) ? transposedValue(builder, matrix) : matrix;
}

const scaled = (matrix: Matrix, factor: number): Matrix =>
  factor === 1 ? matrix : { ...matrix, data: matrix.data.map((value) => factor * value) };

/** beta · C over the whole output, zero where C is left out. */
function scaledAddend(call: Call): number[] {
  const shape = outputShape(call);
  const addend = call.operands[2]?.constant;
  if (addend === undefined) return Array<number>(shape[0] * shape[1]).fill(0);
  const beta = numberAttribute(call, "beta", 1);
  return broadcastIndices(addend.shape, shape).map((index) => beta * addend.data[index]);
}

/** beta · C where it is one constant row for all rows of the output, else undefined. */
function rowAddend(call: Call, columns: number): number[] | undefined {
  const addend = call.operands[2];
  if (addend === undefined) return Array<number>(columns).fill(0);
  if (addend.constant === undefined || (addend.shape.length === 2 && addend.shape[0] > 1)) return undefined;
  return scaledAddend(call).slice(0, columns);
}

function addAddend(call: Call, builder: StepBuilder, product: string): string {
  const addend = call.operands[2];
  if (addend === undefined) return product;
  const shape = outputShape(call);
  return addValues(builder, { value: product, shape }, addend, [1, numberAttribute(call, "beta", 1)], shape);
}
