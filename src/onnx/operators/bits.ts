import type { Bounds } from "../../ir/graph.ts";
import type { RealFunction } from "../../ir/realGraph.ts";
import { choiceOf } from "./choice.ts";
import { type Call, OPSETS, type Operand, type Operator, nodeError, operandAt } from "./operator.ts";
import { byConstant } from "./power.ts";
import { broadcastShape } from "./shapes.ts";

/** X shifted right by a constant Y: ⌊X / 2^Y⌋. Shifts to the left drop bits by the width of the type, which is not kept. */
export const bitShift: Operator = {
  name: "BitShift",
  opsets: { from: 11, to: OPSETS.to },
  arity: [2, 2],
  attributes: ["direction"],
  infer(call) {
    choiceOf(call, "direction", "", ["RIGHT"]);
    const { type, shape, bounds } = integerAt(call, 0);
    const shift = integerAt(call, 1);
    if (shift.constant === undefined) throw nodeError(call, "the shift must be constant");
    if (bounds !== undefined && bounds[0] < 0) throw nodeError(call, "its operand may be negative");
    return [{ type, shape: broadcastShape(call, shape, shift.shape), ...(bounds && { bounds }) }];
  },
  lower: (call, builder) => [
    byConstant(call, builder, operandAt(call, 0), operandAt(call, 1), (own, value, shift) =>
      own.apply(value, shiftedRight(shift)),
    ),
  ],
};

const shiftedRight = (shift: number): RealFunction => ({
  name: `>> ${shift}`,
  apply: (x) => Math.floor(x / 2 ** shift),
  isMonotone: true,
  jumps: true,
});

/** ~X = −1 − X for signed integers; of unsigned ones it depends on the width of the type, which is not kept. */
export const bitwiseNot: Operator = {
  name: "BitwiseNot",
  opsets: { from: 18, to: OPSETS.to },
  arity: [1, 1],
  attributes: [],
  infer(call) {
    const { type, shape, bounds } = integerAt(call, 0);
    if (bounds === undefined || bounds[0] >= 0)
      throw nodeError(call, "only signed integers that may be negative are supported");
    return [{ type, shape, bounds: [-1 - bounds[1], -1 - bounds[0]] }];
  },
  lower: (call, builder) => [builder.scale(builder.valueOf(operandAt(call, 0)), [-1], [-1])],
};

/** Bit by bit, as if both integers had endlessly many bits of two's complement; one operand must be constant. */
function bitwise(name: string, symbol: string, meaning: (left: bigint, right: bigint) => bigint): Operator {
  const masked = (mask: number): RealFunction => ({
    name: `${symbol} ${mask}`,
    apply: (x) => (Number.isFinite(x) ? Number(meaning(BigInt(Math.round(x)), BigInt(mask))) : NaN),
    jumps: true,
  });
  return {
    name,
    opsets: { from: 18, to: OPSETS.to },
    arity: [2, 2],
    attributes: [],
    infer(call) {
      const [value, constant] = split(call);
      const shape = broadcastShape(call, value.shape, constant.shape);
      const bounds = value.bounds && sameWidth(value.bounds, constant.constant!.data);
      return [{ type: "int64", shape, ...(bounds && { bounds }) }];
    },
    lower(call, builder) {
      const [value, constant] = split(call);
      return [byConstant(call, builder, value, constant, (own, part, mask) => own.apply(part, masked(mask)))];
    },
  };
}

export const bitwiseAnd = bitwise("BitwiseAnd", "and", (left, right) => left & right);
export const bitwiseOr = bitwise("BitwiseOr", "or", (left, right) => left | right);
export const bitwiseXor = bitwise("BitwiseXor", "xor", (left, right) => left ^ right);

/** The two operands, a computed one first. */
function split(call: Call): [value: Operand, constant: Operand] {
  const [left, right] = [integerAt(call, 0), integerAt(call, 1)];
  if (right.constant !== undefined) return [left, right];
  if (left.constant !== undefined) return [right, left];
  throw nodeError(call, "one operand must be constant, both are computed");
}

/** The integers of the narrowest two's complement that holds the bounds and the masks. */
function sameWidth(bounds: Bounds, masks: readonly number[]): Bounds {
  const low = masks.reduce((least, mask) => Math.min(least, mask), bounds[0]);
  const high = masks.reduce((most, mask) => Math.max(most, mask), bounds[1]);
  const end = 2 ** Math.ceil(Math.log2(Math.max(high + 1, -low, 1)));
  return [low < 0 ? Math.max(-end, Number.MIN_SAFE_INTEGER) : 0, Math.min(end - 1, Number.MAX_SAFE_INTEGER)];
}

function integerAt(call: Call, index: number): Operand {
  const operand = operandAt(call, index);
  if (operand.type === "int64") return operand;
  throw nodeError(call, `operand ${index} is of type ${operand.type}, want integers`);
}
