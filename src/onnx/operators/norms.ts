import { log, sqrt } from "./functions.ts";
import { type Operator, type StepBuilder, nodeError, operandAt } from "./operator.ts";
import { type Reduction, reduction } from "./reduction.ts";
import { type Rows, rowSums } from "./rows.ts";
import { logSumExpOf } from "./softmax.ts";
import { absolute } from "./unary.ts";

/** Σ |x| of each row. */
export const sumOfMagnitudes = (builder: StepBuilder, rows: Rows): string =>
  rowSums(builder, { ...rows, value: absolute(builder, rows.value) });

/** factor · Σ x² + offset of each row. */
export const sumOfSquares = (builder: StepBuilder, rows: Rows, factor: number = 1, offset: number = 0): string =>
  rowSums(builder, { ...rows, value: builder.multiply(rows.value, rows.value) }, factor, offset);

/** √(Σ x²) of each row. */
export const rootOfSquares = (builder: StepBuilder, rows: Rows): string =>
  builder.apply(sumOfSquares(builder, rows), sqrt);

const FLOATS: readonly Reduction[] = [
  { name: "ReduceL2", axesOperandSince: 18, lowerRows: (builder, rows) => rootOfSquares(builder, rows) },
  {
    name: "ReduceLogSum",
    axesOperandSince: 18,
    lowerRows: (builder, rows) => builder.apply(rowSums(builder, rows), log),
  },
  { name: "ReduceLogSumExp", axesOperandSince: 18, lowerRows: (builder, rows) => logSumExpOf(builder, rows) },
];

const NUMBERS: readonly Reduction[] = [
  { name: "ReduceL1", axesOperandSince: 18, lowerRows: (builder, rows) => sumOfMagnitudes(builder, rows) },
  { name: "ReduceSumSquare", axesOperandSince: 18, lowerRows: (builder, rows) => sumOfSquares(builder, rows) },
];

/** Norms, and logarithms of sums, along axes. */
export const normReductions: readonly Operator[] = [
  ...NUMBERS.map(reduction),
  ...FLOATS.map(reduction).map((operator): Operator => ({
    ...operator,
    infer(call) {
      const { type } = operandAt(call, 0);
      if (type !== "float") throw nodeError(call, `its operand is of type ${type}, want float`);
      return operator.infer(call);
    },
  })),
];
