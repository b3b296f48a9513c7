import type { Tensor, ValueType } from "../../ir/graph.ts";
import { boundsOf } from "./arithmetic.ts";
import { repeated, shapedValue, spread } from "./broadcast.ts";
import { type Call, OPSETS, type Operand, type Operator, type StepBuilder, nodeError, operandAt } from "./operator.ts";
import { broadcastIndices, broadcastShape } from "./shapes.ts";

/** X where the condition holds, else Y, element by element. */
export const where: Operator = {
  name: "Where",
  opsets: { from: 9, to: OPSETS.to },
  arity: [3, 3],
  attributes: [],
  infer: (call) => [typeOf(call)],
  lower(call, builder) {
    const { shape } = typeOf(call);
    const [condition, whenTrue, whenFalse] = [0, 1, 2].map((index) => operandAt(call, index));
    if (condition.constant !== undefined) return [chosen(builder, condition.constant, [whenTrue, whenFalse], shape)];
    const truth = spread(builder, shapedValue(builder, condition), shape);
    if (whenTrue.constant !== undefined && whenFalse.constant !== undefined)
      return [interpolated(builder, truth, whenTrue.constant, whenFalse.constant, shape)];
    const [left, right] = [whenTrue, whenFalse].map((operand) => spread(builder, shapedValue(builder, operand), shape));
    return [builder.select(truth, left, right)];
  },
};

function typeOf(call: Call): ValueType {
  const [condition, whenTrue, whenFalse] = [0, 1, 2].map((index) => operandAt(call, index));
  if (condition.type !== "bool") throw nodeError(call, `the condition is of type ${condition.type}, want booleans`);
  const { type } = whenTrue;
  if (type !== whenFalse.type) throw nodeError(call, `operands are of types ${type} and ${whenFalse.type}`);
  const shape = broadcastShape(call, condition.shape, whenTrue.shape, whenFalse.shape);
  const [left, right] = [boundsOf(whenTrue), boundsOf(whenFalse)];
  if (left === undefined || right === undefined) return { type, shape };
  return { type, shape, bounds: [Math.min(left[0], right[0]), Math.max(left[1], right[1])] };
}

/** A constant condition picks elements. */
function chosen(
  builder: StepBuilder,
  condition: Tensor,
  [whenTrue, whenFalse]: readonly Operand[],
  shape: readonly number[],
): string {
  const truths = broadcastIndices(condition.shape, shape).map((index) => condition.data[index]);
  const [left, right] = [whenTrue, whenFalse].map((operand) => broadcastIndices(operand.shape, shape));
  const values = [builder.valueOf(whenTrue), builder.valueOf(whenFalse)];
  const start = builder.sizeOf(values[0]);
  return builder.arrange(
    values,
    truths.map((truth, index) => (truth === 1 ? left[index] : start + right[index])),
  );
}

/** Between two constants: (X − Y) · condition + Y. */
function interpolated(
  builder: StepBuilder,
  truth: string,
  whenTrue: Tensor,
  whenFalse: Tensor,
  shape: readonly number[],
): string {
  const [left, right] = [whenTrue, whenFalse].map((constant) => repeated(constant, shape));
  const length = Math.max(left.length, right.length);
  const at = (list: readonly number[], index: number) => list[index % list.length];
  const indices = Array.from({ length }, (_, index) => index);
  return builder.scale(
    truth,
    indices.map((index) => at(left, index) - at(right, index)),
    indices.map((index) => at(right, index)),
  );
}
