import { elementCount } from "../../codec/codec.ts";
import { type Call, OPSETS, type Operand, type Operator, integerAttribute, nodeError, operandAt } from "./operator.ts";
import { normalAxis } from "./shapes.ts";

/** Constants one after another along `axis`, as files build shapes. */
export const concat: Operator = {
  name: "Concat",
  opsets: OPSETS,
  arity: [1, 1024],
  attributes: ["axis"],
  infer(call) {
    const { type, shape } = operandAt(call, 0);
    const axis = axisOf(call);
    const total = operandsOf(call).reduce((sum, operand) => sum + checkedOperand(call, operand, axis).shape[axis], 0);
    return [{ type, shape: shape.map((size, other) => (other === axis ? total : size)) }];
  },
  fold(call) {
    const axis = axisOf(call);
    const rows = elementCount(operandAt(call, 0).shape.slice(0, axis));
    return [
      Array.from({ length: rows }, (_, row) =>
        operandsOf(call).flatMap(({ shape, constant }) => {
          const length = elementCount(shape.slice(axis));
          return constant!.data.slice(row * length, (row + 1) * length);
        }),
      ).flat(),
    ];
  },
};

const operandsOf = (call: Call): Operand[] => call.operands.map((_, index) => operandAt(call, index));

const axisOf = (call: Call): number =>
  normalAxis(call, integerAttribute(call, "axis", 0), operandAt(call, 0).shape.length);

function checkedOperand(call: Call, operand: Operand, axis: number): Operand {
  const first = operandAt(call, 0);
  const others = (shape: readonly number[]) => String(shape.toSpliced(axis, 1, -1));
  if (operand.type === first.type && others(operand.shape) === others(first.shape)) return operand;
  throw nodeError(call, `shapes ${first.shape.join("×")} and ${operand.shape.join("×")} do not fit along axis ${axis}`);
}
