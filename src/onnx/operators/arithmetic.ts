import type { Bounds, ElementType, Tensor, ValueType } from "../../ir/graph.ts";
import type { RealFunction } from "../../ir/realGraph.ts";
import { type ShapedValue, repeated, shapedValue, spread } from "./broadcast.ts";
import { type Call, OPSETS, type Operand, type Operator, type StepBuilder, nodeError, operandAt } from "./operator.ts";
import { upTo } from "./positions.ts";
import { byConstant } from "./power.ts";
import { rowsAlong, tensorFromRows } from "./rows.ts";
import { broadcastShape } from "./shapes.ts";
import { sumOf, termOf } from "./sums.ts";

/** A sum of any number of operands; gives the factor of each. */
function additive(name: string, arity: Operator["arity"], factorsOf: (count: number) => readonly number[]): Operator {
  return {
    name,
    opsets: OPSETS,
    arity,
    attributes: [],
    infer(call) {
      const factors = factorsOf(call.operands.length);
      const isExact = factors.every(Number.isInteger);
      return [elementwiseType(call, isExact ? sumBounds(operandsOf(call), factors) : undefined)];
    },
    lower(call, builder) {
      const operands = operandsOf(call);
      const factors = factorsOf(operands.length);
      const shape = broadcastShape(call, ...operands.map((operand) => operand.shape));
      const terms = operands.map((operand, index) => termOf(builder, operand, factors[index]));
      return [sumOf(call, builder, terms, shape)];
    },
  };
}

/** Operands of an operator that takes any number of them. */
const MANY = [1, 1024] as const;

export const add = additive("Add", [2, 2], () => [1, 1]);
export const sub = additive("Sub", [2, 2], () => [1, -1]);
export const neg = additive("Neg", [1, 1], () => [-1]);
export const sum = additive("Sum", MANY, (count) => Array<number>(count).fill(1));
export const mean = additive("Mean", MANY, (count) => Array<number>(count).fill(1 / count));

/** A · B. */
export const mul: Operator = {
  name: "Mul",
  opsets: OPSETS,
  arity: [2, 2],
  attributes: [],
  infer: (call) => [elementwiseType(call, productBounds(operandAt(call, 0), operandAt(call, 1)))],
  lower(call, builder) {
    const [left, right] = [operandAt(call, 0), operandAt(call, 1)];
    const shape = broadcastShape(call, left.shape, right.shape);
    if (right.constant !== undefined) return [multiplied(builder, shapedValue(builder, left), right.constant, shape)];
    if (left.constant !== undefined) return [multiplied(builder, shapedValue(builder, right), left.constant, shape)];
    const [first, second] = [left, right].map((operand) => spread(builder, shapedValue(builder, operand), shape));
    return [builder.multiply(first, second)];
  },
};

/** A / B; integers are divided toward zero. */
export const div: Operator = {
  name: "Div",
  opsets: OPSETS,
  arity: [2, 2],
  attributes: [],
  infer(call) {
    if (call.operands[1]?.constant?.data.includes(0)) throw nodeError(call, "divides by zero");
    const { type } = operandAt(call, 0);
    return [elementwiseType(call, type === "int64" ? quotientBounds(operandAt(call, 0)) : undefined)];
  },
  lower(call, builder) {
    const [left, right] = [operandAt(call, 0), operandAt(call, 1)];
    const shape = broadcastShape(call, left.shape, right.shape);
    const isInteger = left.type !== "float";
    if (right.constant === undefined || left.constant !== undefined) {
      const quotient = divided(builder, shapedValue(builder, left), shapedValue(builder, right), shape);
      return [isInteger ? builder.apply(quotient, truncate) : quotient];
    }
    if (isInteger)
      return [byConstant(call, builder, left, right, (own, value, by) => own.apply(value, integerQuotient(by)))];
    const reciprocal = { ...right.constant, data: right.constant.data.map((element) => 1 / element) };
    return [multiplied(builder, shapedValue(builder, left), reciprocal, shape)];
  },
};

/** Toward zero, to an integer. */
export const truncate: RealFunction = { name: "truncate", apply: Math.trunc, isMonotone: true, jumps: true };

/** The quotient by a constant, toward zero. */
export const integerQuotient = (by: number): RealFunction => ({
  name: `integer quotient by ${by}`,
  apply: (x) => Math.trunc(x / by),
  isMonotone: by > 0,
  jumps: true,
});

/** The operands of a node that may have any number of them. */
export const operandsOf = (call: Call): Operand[] => call.operands.map((_, index) => operandAt(call, index));

/** Type of operands that must all have the same, and the shape that they broadcast to. */
export function elementwiseType(call: Call, bounds?: Bounds): ValueType {
  const operands = operandsOf(call);
  const [{ type }] = operands;
  requireOneType(call, operands);
  const shape = broadcastShape(call, ...operands.map((operand) => operand.shape));
  return { type, shape, ...(bounds && type !== "float" && { bounds }) };
}

function requireOneType(call: Call, operands: readonly Operand[]): ElementType {
  const [{ type }, ...others] = operands;
  const other = others.find((operand) => operand.type !== type);
  if (other === undefined) return type;
  throw nodeError(call, `operands are of types ${type} and ${other.type}`);
}

/** value · constant, both broadcast to `shape`. */
function multiplied(builder: StepBuilder, value: ShapedValue, constant: Tensor, shape: readonly number[]): string {
  const factors = repeated(constant, shape);
  return builder.scale(spread(builder, value, shape), factors, Array<number>(factors.length).fill(0));
}

/** left / right, both broadcast to `shape`; a divisor that is repeated along axes serves the dividends there together. */
function divided(builder: StepBuilder, left: ShapedValue, right: ShapedValue, shape: readonly number[]): string {
  const skipped = shape.length - right.shape.length;
  const shared = upTo(shape.length).filter((axis) => (right.shape[axis - skipped] ?? 1) === 1);
  const rows = rowsAlong(builder, spread(builder, left, shape), shape, shared);
  return tensorFromRows(builder, builder.divide(rows.value, right.value), shape, shared);
}

/** What the integers of an operand lie in, where that is known. */
export function boundsOf({ constant, bounds, type }: Operand): Bounds | undefined {
  if (type === "bool") return [0, 1];
  if (constant === undefined || type === "float") return bounds;
  return constant.data.reduce<Bounds>(([low, high], x) => [Math.min(low, x), Math.max(high, x)], [0, 0]);
}

/** Bounds as far as integers are exact. */
const safeBounds = (low: number, high: number): Bounds | undefined =>
  Number.isSafeInteger(low) && Number.isSafeInteger(high) ? [low, high] : undefined;

function sumBounds(operands: readonly Operand[], factors: readonly number[]): Bounds | undefined {
  let [low, high] = [0, 0];
  for (const [index, operand] of operands.entries()) {
    const bounds = boundsOf(operand);
    if (bounds === undefined) return undefined;
    const ends = bounds.map((bound) => bound * factors[index]);
    low += Math.min(...ends);
    high += Math.max(...ends);
  }
  return safeBounds(low, high);
}

function productBounds(left: Operand, right: Operand): Bounds | undefined {
  const [a, b] = [boundsOf(left), boundsOf(right)];
  if (a === undefined || b === undefined) return undefined;
  const ends = a.flatMap((x) => b.map((y) => x * y));
  return safeBounds(Math.min(...ends), Math.max(...ends));
}

/** No integer quotient is further from zero than its dividend. */
function quotientBounds(dividend: Operand): Bounds | undefined {
  const bounds = boundsOf(dividend);
  const most = bounds && Math.max(-bounds[0], bounds[1]);
  return most === undefined ? undefined : [-most, most];
}
