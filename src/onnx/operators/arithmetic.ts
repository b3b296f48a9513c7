import { elementCount } from "../../codec/codec.ts";
import type { ElementType, Tensor } from "../../ir/graph.ts";
import { MAX_DIAGONAL } from "../../ir/realGraph.ts";
import { type Call, OPSETS, type Operand, type Operator, type StepBuilder, nodeError, operandAt } from "./operator.ts";
import { broadcastIndices, broadcastShape } from "./shapes.ts";

type Pair = readonly [number, number];

/** A program value with its shape. */
interface ShapedValue {
  readonly value: string;
  readonly shape: readonly number[];
}

/** factors[0] · left + factors[1] · right, broadcast to `shape`; the right side may be constant. */
export function addValues(
  builder: StepBuilder,
  left: ShapedValue,
  right: Operand,
  factors: Pair,
  shape: readonly number[],
): string {
  const value = spread(builder, left, shape);
  if (right.constant === undefined) {
    return builder.add(value, spread(builder, { value: builder.valueOf(right), shape: right.shape }, shape), factors);
  }
  const offsets = repeated(right.constant, shape).map((element) => factors[1] * element);
  return builder.scale(value, Array(offsets.length).fill(factors[0]), offsets);
}

/** Addition and subtraction: factors[0] · A + factors[1] · B. */
function additive(name: string, factors: Pair): Operator {
  return {
    ...binary(name, (a, b) => factors[0] * a + factors[1] * b),
    lower(call, builder) {
      const [left, right] = [operandAt(call, 0), operandAt(call, 1)];
      const shape = broadcastShape(call, left.shape, right.shape);
      const [first, second, order] =
        left.constant === undefined ? [left, right, factors] : [right, left, swapped(factors)];
      return [addValues(builder, { value: builder.valueOf(first), shape: first.shape }, second, order, shape)];
    },
  };
}

export const add = additive("Add", [1, 1]);
export const sub = additive("Sub", [1, -1]);

/** A · B, of which one must be constant. */
export const mul: Operator = {
  ...binary("Mul", (a, b) => a * b),
  lower(call, builder) {
    const [left, right] = [operandAt(call, 0), operandAt(call, 1)];
    const [value, constant] = left.constant === undefined ? [left, right.constant] : [right, left.constant];
    if (constant === undefined) throw nodeError(call, "one operand must be constant, both are computed");
    return [multiplied(call, builder, value, constant)];
  },
};

/** A / B with a constant B; integers are not divided. */
export const div: Operator = {
  ...binary("Div", (a, b) => a / b),
  infer(call) {
    if (operandAt(call, 0).type !== "float") throw nodeError(call, "only float operands are supported");
    if (call.operands[1]?.constant?.data.includes(0)) throw nodeError(call, "divides by zero");
    return inferBinary(call);
  },
  lower(call, builder) {
    const divisor = operandAt(call, 1).constant;
    if (divisor === undefined) throw nodeError(call, "the divisor must be constant");
    const reciprocal = { ...divisor, data: divisor.data.map((element) => 1 / element) };
    return [multiplied(call, builder, operandAt(call, 0), reciprocal)];
  },
};

/** −X. */
export const neg: Operator = {
  name: "Neg",
  opsets: OPSETS,
  arity: [1, 1],
  attributes: [],
  infer(call) {
    const { type, shape } = operandAt(call, 0);
    return [{ type, shape }];
  },
  fold: (call) => [operandAt(call, 0).constant!.data.map((element) => 0 - element)],
  lower: (call, builder) => [builder.scale(builder.valueOf(operandAt(call, 0)), [-1], [0])],
};

function binary(name: string, meaning: (a: number, b: number) => number): Operator {
  return {
    name,
    opsets: OPSETS,
    arity: [2, 2],
    attributes: [],
    infer: inferBinary,
    products: diagonalProducts,
    fold(call) {
      const [left, right] = [operandAt(call, 0).constant!, operandAt(call, 1).constant!];
      const shape = broadcastShape(call, left.shape, right.shape);
      const elements = broadcastIndices(right.shape, shape);
      return [
        broadcastIndices(left.shape, shape).map((index, at) => meaning(left.data[index], right.data[elements[at]])),
      ];
    },
  };
}

function inferBinary(call: Call): { type: ElementType; shape: number[] }[] {
  const [left, right] = [operandAt(call, 0), operandAt(call, 1)];
  if (left.type !== right.type) throw nodeError(call, `operands are of types ${left.type} and ${right.type}`);
  return [{ type: left.type, shape: broadcastShape(call, left.shape, right.shape) }];
}

/** A constant that meets a computed value may become a diagonal matrix. */
function diagonalProducts(call: Call): number {
  const [left, right] = [operandAt(call, 0), operandAt(call, 1)];
  const constants = [left, right].filter(({ constant }) => constant !== undefined);
  if (constants.length !== 1) return 0;
  const pattern = Math.min(elementCount(constants[0].shape), MAX_DIAGONAL);
  return pattern * elementCount(broadcastShape(call, left.shape, right.shape));
}

function multiplied(call: Call, builder: StepBuilder, operand: Operand, constant: Tensor): string {
  const shape = broadcastShape(call, operand.shape, constant.shape);
  const value = spread(builder, { value: builder.valueOf(operand), shape: operand.shape }, shape);
  const factors = repeated(constant, shape);
  return builder.scale(value, factors, Array(factors.length).fill(0));
}

const swapped = ([first, second]: Pair): Pair => [second, first];

function spread(builder: StepBuilder, { value, shape }: ShapedValue, target: readonly number[]): string {
  return builder.permute(value, broadcastIndices(shape, target), elementCount(shape));
}

/** A constant broadcast over `shape`, leading axes along which it does not change left out. */
function repeated(constant: Tensor, shape: readonly number[]): number[] {
  const padded = [...Array<number>(shape.length - constant.shape.length).fill(1), ...constant.shape];
  const first = padded.findIndex((size) => size > 1);
  const own = first === -1 ? [] : padded.slice(first);
  return broadcastIndices(own, first === -1 ? [] : shape.slice(first)).map((index) => constant.data[index]);
}
