import { elementCount } from "../../codec/codec.ts";
import { asMatrix, constantTimes, multiply, timesConstant } from "./matrices.ts";
import { type Call, OPSETS, type Operand, type Operator, nodeError, operandAt } from "./operator.ts";

/** A · B. One is a constant matrix; a computed A may have leading axes, which become rows. */
export const matMul: Operator = {
  name: "MatMul",
  opsets: OPSETS,
  arity: [2, 2],
  attributes: [],
  infer(call) {
    const [left, right] = [operandAt(call, 0), operandAt(call, 1)];
    check(call, left, right);
    return [{ type: "float", shape: [...left.shape.slice(0, -1), ...right.shape.slice(1)] }];
  },
  products: (call) => elementCount(operandAt(call, 0).shape) * columnsOf(operandAt(call, 1)).columns,
  fold(call) {
    const [left, right] = [operandAt(call, 0), operandAt(call, 1)];
    return [multiply({ ...asMatrix(left), data: left.constant!.data }, columnsOf(right)).data];
  },
  lower(call, builder) {
    const [left, right] = [operandAt(call, 0), operandAt(call, 1)];
    if (right.constant !== undefined) {
      const matrix = columnsOf(right);
      const value = { ...asMatrix(left), value: builder.valueOf(left) };
      return [timesConstant(builder, value, matrix, Array(matrix.columns).fill(0))];
    }
    if (left.constant === undefined) throw nodeError(call, "one operand must be constant, both are computed");
    const { rows, columns } = columnsOf(right);
    const value = { rows, columns, value: builder.valueOf(right) };
    return [constantTimes(builder, { ...asMatrix(left), data: left.constant.data }, value)];
  },
};

function check(call: Call, left: Operand, right: Operand): void {
  const ranks = [left.shape.length, right.shape.length];
  const batched = left.constant !== undefined && right.constant === undefined && ranks[0] > 2;
  if (ranks.includes(0) || ranks[1] > 2 || batched) {
    const shapes = `${left.shape.join("×")} and ${right.shape.join("×")}`;
    throw nodeError(call, `shapes ${shapes} are not supported; want a constant matrix and a value, B of rank 1 or 2`);
  }
  const inner = left.shape[left.shape.length - 1];
  if (inner !== right.shape[0]) throw nodeError(call, `A has ${inner} columns but B has ${right.shape[0]} rows`);
}

/** B as a matrix: a vector is one column. */
const columnsOf = ({ shape, constant }: Operand) => ({
  rows: shape[0],
  columns: shape[1] ?? 1,
  data: constant?.data ?? [],
});
