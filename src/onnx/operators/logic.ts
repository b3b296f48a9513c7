import type { ValueType } from "../../ir/graph.ts";
import { elementwiseType } from "./arithmetic.ts";
import { type ShapedValue, repeated, shapedValue, spread } from "./broadcast.ts";
import { negated } from "./comparisons.ts";
import { type Call, OPSETS, type Operand, type Operator, type StepBuilder, nodeError, operandAt } from "./operator.ts";
import { upTo } from "./positions.ts";

/** The result is sum · (A + B) + product · A · B. */
interface Connective {
  readonly name: string;
  readonly sum: number;
  readonly product: number;
}

const CONNECTIVES: readonly Connective[] = [
  { name: "And", sum: 0, product: 1 },
  { name: "Or", sum: 1, product: -1 },
  { name: "Xor", sum: 1, product: -2 },
];

const not: Operator = {
  name: "Not",
  opsets: OPSETS,
  arity: [1, 1],
  attributes: [],
  infer: (call) => [truthType(call)],
  lower: (call, builder) => [negated(builder, builder.valueOf(operandAt(call, 0)))],
};

/** Truth values combined element by element. */
export const logic: readonly Operator[] = [...CONNECTIVES.map(connecting), not];

function connecting(connective: Connective): Operator {
  return {
    name: connective.name,
    opsets: OPSETS,
    arity: [2, 2],
    attributes: [],
    infer: (call) => [truthType(call)],
    lower(call, builder) {
      const { shape } = truthType(call);
      const [left, right] = [operandAt(call, 0), operandAt(call, 1)];
      if (right.constant !== undefined)
        return [withConstant(builder, shapedValue(builder, left), right.constant, shape, connective)];
      if (left.constant !== undefined)
        return [withConstant(builder, shapedValue(builder, right), left.constant, shape, connective)];
      return [combined(builder, [left, right], shape, connective)];
    },
  };
}

/** The same where one side is constant: linear. */
function withConstant(
  builder: StepBuilder,
  value: ShapedValue,
  constant: NonNullable<Operand["constant"]>,
  shape: readonly number[],
  { sum, product }: Connective,
): string {
  const truths = repeated(constant, shape);
  return builder.scale(
    spread(builder, value, shape),
    truths.map((truth) => sum + product * truth),
    truths.map((truth) => sum * truth),
  );
}

function combined(
  builder: StepBuilder,
  operands: readonly Operand[],
  shape: readonly number[],
  { sum, product }: Connective,
): string {
  const [left, right] = operands.map((operand) => spread(builder, shapedValue(builder, operand), shape));
  const both = builder.multiply(left, right);
  if (sum === 0) return both;
  const size = builder.sizeOf(both);
  return builder.linear([left, right, both], {
    groups: 1,
    windows: upTo(size).map((index) => [index, size + index, 2 * size + index]),
    weights: [[sum, sum, product]],
    bias: [0],
  });
}

function truthType(call: Call): ValueType {
  const { type, shape } = elementwiseType(call);
  if (type !== "bool") throw nodeError(call, `operands are of type ${type}, want booleans`);
  return { type, shape, bounds: [0, 1] };
}
