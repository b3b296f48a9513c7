import { elementCount } from "../../codec/codec.ts";
import { operandsOf } from "./arithmetic.ts";
import { type Call, OPSETS, type Operand, type Operator, integerAttribute, nodeError, operandAt } from "./operator.ts";
import { upTo } from "./positions.ts";
import { normalAxis } from "./shapes.ts";

/** Operands one after another along `axis`. */
export const concat: Operator = {
  name: "Concat",
  opsets: OPSETS,
  arity: [1, 4096],
  attributes: ["axis"],
  infer(call) {
    const { type, shape } = operandAt(call, 0);
    const axis = axisOf(call);
    const total = operandsOf(call).reduce((sum, operand) => sum + checkedOperand(call, operand, axis).shape[axis], 0);
    return [{ type, shape: shape.with(axis, total) }];
  },
  lower(call, builder) {
    const axis = axisOf(call);
    const rows = elementCount(operandAt(call, 0).shape.slice(0, axis));
    const operands = operandsOf(call);
    const lengths = operands.map(({ shape }) => elementCount(shape.slice(axis)));
    const starts = lengths.map((_, index) => rows * lengths.slice(0, index).reduce((sum, length) => sum + length, 0));
    const indices = upTo(rows).flatMap((row) =>
      lengths.flatMap((length, index) => upTo(length).map((element) => starts[index] + row * length + element)),
    );
    return [
      builder.arrange(
        operands.map((operand) => builder.valueOf(operand)),
        indices,
      ),
    ];
  },
};

const axisOf = (call: Call): number =>
  normalAxis(call, integerAttribute(call, "axis", 0), operandAt(call, 0).shape.length);

function checkedOperand(call: Call, operand: Operand, axis: number): Operand {
  const first = operandAt(call, 0);
  const others = (shape: readonly number[]) => String(shape.toSpliced(axis, 1, -1));
  if (operand.type === first.type && others(operand.shape) === others(first.shape)) return operand;
  throw nodeError(call, `shapes ${first.shape.join("×")} and ${operand.shape.join("×")} do not fit along axis ${axis}`);
}
