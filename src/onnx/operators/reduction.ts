import { elementCount } from "../../codec/codec.ts";
import type { Bounds } from "../../ir/graph.ts";
import { integerQuotient } from "./arithmetic.ts";
import {
  type Call,
  OPSETS,
  type Operator,
  type StepBuilder,
  integerAttribute,
  integersOf,
  nodeError,
  operandAt,
} from "./operator.ts";
import { upTo } from "./positions.ts";
import { type Rows, rowMaxima, rowMinima, rowSums, rowsAlong } from "./rows.ts";
import { normalAxes } from "./shapes.ts";

/** What makes one number of each row. */
export interface Reduction {
  readonly name: string;
  /** Opset in which the axes became an operand. */
  readonly axesOperandSince: number;
  readonly lowerRows: (builder: StepBuilder, rows: Rows, call: Call) => string;
  /** Bounds of the result where rows of `length` integers lie within bounds. */
  readonly bounds?: (bounds: Bounds, length: number) => Bounds;
}

/** An operator that makes one number of all elements along some axes. */
export function reduction({ name, axesOperandSince, lowerRows, bounds: boundsOf }: Reduction): Operator {
  const axesOf = (call: Call) => reducedAxes(call, axesOperandSince);
  return {
    name,
    opsets: OPSETS,
    arity: [1, 2],
    attributes: ["axes", "keepdims", "noop_with_empty_axes"],
    infer(call) {
      const { type, shape, bounds } = operandAt(call, 0);
      const axes = axesOf(call);
      const length = elementCount(axes.map((axis) => shape[axis]));
      if (length === 0) throw nodeError(call, "an axis has no elements");
      const keeps = integerAttribute(call, "keepdims", 1) !== 0;
      const sizes = shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
      const kept = keeps ? sizes : sizes.filter((_, axis) => !axes.includes(axis));
      const result = bounds && boundsOf?.(bounds, length);
      return [{ type, shape: kept, ...(result && { bounds: result }) }];
    },
    lower(call, builder) {
      const operand = operandAt(call, 0);
      const rows = rowsAlong(builder, builder.valueOf(operand), operand.shape, axesOf(call));
      return [lowerRows(builder, rows, call)];
    },
  };
}

/** The axes that are reduced: all where none are named, unless the node says that then there are none. */
function reducedAxes(call: Call, since: number): number[] {
  const { shape } = operandAt(call, 0);
  const axes = integersOf(call, "axes", 1, since) ?? [];
  if (axes.length > 0) return normalAxes(call, axes, shape.length).toSorted((a, b) => a - b);
  return integerAttribute(call, "noop_with_empty_axes", 0) === 0 ? upTo(shape.length) : [];
}

const REDUCTIONS: readonly Reduction[] = [
  {
    name: "ReduceSum",
    axesOperandSince: 13,
    lowerRows: rowSumsOnly,
    bounds: ([low, high], length) => [low * length, high * length],
  },
  {
    name: "ReduceMean",
    axesOperandSince: 18,
    lowerRows(builder, rows, call) {
      if (operandAt(call, 0).type === "float") return rowSums(builder, rows, 1 / rows.length);
      return builder.apply(rowSums(builder, rows), integerQuotient(rows.length));
    },
    bounds: (bounds) => bounds,
  },
  { name: "ReduceMax", axesOperandSince: 18, lowerRows: rowMaxima, bounds: (bounds) => bounds },
  { name: "ReduceMin", axesOperandSince: 18, lowerRows: rowMinima, bounds: (bounds) => bounds },
  { name: "ReduceProd", axesOperandSince: 18, lowerRows: rowProducts },
];

/** Sums, means, extremes and products along axes. */
export const reductions: readonly Operator[] = REDUCTIONS.map(reduction);

function rowSumsOnly(builder: StepBuilder, rows: Rows): string {
  return rows.length === 1 ? rows.value : rowSums(builder, rows);
}

/** The product of each row, in as few rounds as halving takes. */
function rowProducts(builder: StepBuilder, { value, count, length }: Rows): string {
  if (length === 1) return value;
  const half = Math.floor(length / 2);
  const columns = (from: number, to: number) =>
    upTo(count).flatMap((row) => upTo(to - from).map((index) => row * length + from + index));
  const [left, right] = [columns(0, half), columns(half, 2 * half)].map((list) => builder.arrange([value], list));
  const products = { value: builder.multiply(left, right), count, length: half };
  if (length % 2 === 0) return rowProducts(builder, products);
  const last = builder.arrange([value], columns(length - 1, length));
  return builder.multiply(rowProducts(builder, products), last);
}
