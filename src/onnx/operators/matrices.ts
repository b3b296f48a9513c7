import { elementCount } from "../../codec/codec.ts";
import type { Operand, StepBuilder } from "./operator.ts";
import { transposeIndices } from "./shapes.ts";

/** A row-major matrix. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: readonly number[];
}

/** A program value read as a row-major matrix. */
export interface MatrixValue {
  readonly rows: number;
  readonly columns: number;
  readonly value: string;
}

export const transposed = ({ rows, columns, data }: Matrix): Matrix => ({
  rows: columns,
  columns: rows,
  data: transposeIndices([rows, columns], [1, 0]).map((index) => data[index]),
});

/** The matrix product in double precision, summed from the first column on. */
export function multiply(left: Matrix, right: Matrix): Matrix {
  const data: number[] = [];
  for (let row = 0; row < left.rows; row++) {
    for (let column = 0; column < right.columns; column++) {
      let sum = 0;
      for (let k = 0; k < left.columns; k++)
        sum += left.data[row * left.columns + k] * right.data[k * right.columns + column];
      data.push(sum);
    }
  }
  return { rows: left.rows, columns: right.columns, data };
}

/** value · right + bias, the bias added to every row. */
export function timesConstant(builder: StepBuilder, left: MatrixValue, right: Matrix, bias: readonly number[]): string {
  const columns = transposed(right);
  const weights = Array.from({ length: right.columns }, (_, column) =>
    columns.data.slice(column * right.rows, (column + 1) * right.rows),
  );
  return builder.linear(left.value, left.rows, weights, bias);
}

/** left · value, by transposing both ways. */
export function constantTimes(builder: StepBuilder, left: Matrix, right: MatrixValue): string {
  const product = timesConstant(builder, transposedValue(builder, right), transposed(left), Array(left.rows).fill(0));
  return transposedValue(builder, { rows: right.columns, columns: left.rows, value: product }).value;
}

export function transposedValue(builder: StepBuilder, { rows, columns, value }: MatrixValue): MatrixValue {
  const indices = transposeIndices([rows, columns], [1, 0]);
  return { rows: columns, columns: rows, value: builder.permute(value, indices, rows * columns) };
}

/** An operand of rank 1 or more as a matrix whose rows run along its last axis. */
export function asMatrix({ shape }: Operand): { rows: number; columns: number } {
  const columns = shape[shape.length - 1];
  return { rows: elementCount(shape.slice(0, -1)), columns };
}
