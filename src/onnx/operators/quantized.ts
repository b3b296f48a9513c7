import { elementCount } from "../../codec/codec.ts";
import type { Bounds } from "../../ir/graph.ts";
import { elementKindOf } from "../readTensor.ts";
import { clipped } from "./clip.ts";
import { round } from "./functions.ts";
import {
  type Call,
  OPSETS,
  type Operator,
  type StepBuilder,
  constantAt,
  integerAttribute,
  nodeError,
  nodeLabel,
  operandAt,
} from "./operator.ts";
import { upTo } from "./positions.ts";
import { broadcastIndices, normalAxis } from "./shapes.ts";

/** (x − zero point) · scale; scale and zero point are constants, one for all or one for each coordinate of `axis`. */
export const dequantizeLinear: Operator = {
  name: "DequantizeLinear",
  opsets: { from: 10, to: OPSETS.to },
  arity: [2, 3],
  attributes: ["axis", "block_size", "output_dtype"],
  infer(call) {
    const { shape } = operandAt(call, 0);
    requireUnblocked(call);
    coefficients(call, 1);
    coefficients(call, 2);
    return [{ type: "float", shape }];
  },
  lower(call, builder) {
    const [scales, zeros] = [coefficients(call, 1), coefficients(call, 2)];
    const count = Math.max(scales.length, zeros.length);
    const factors = upTo(count).map((index) => scales[index % scales.length]);
    const offsets = factors.map((factor, index) => 0 - factor * zeros[index % zeros.length]);
    return [builder.scale(builder.valueOf(operandAt(call, 0)), factors, offsets)];
  },
};

/** x / scale rounded, halves to even, plus the zero point, limited to what the element type holds. */
export const quantizeLinear: Operator = {
  name: "QuantizeLinear",
  opsets: { from: 10, to: OPSETS.to },
  arity: [2, 3],
  attributes: ["axis", "block_size", "output_dtype", "precision", "saturate"],
  infer(call) {
    const { shape } = operandAt(call, 0);
    requireUnblocked(call);
    coefficients(call, 2);
    if (coefficients(call, 1).includes(0)) throw nodeError(call, "a scale is 0");
    return [{ type: "int64", shape, bounds: heldBy(call) }];
  },
  lower(call, builder) {
    const [scales, zeros, [low, high]] = [coefficients(call, 1), coefficients(call, 2), heldBy(call)];
    const inverses = scales.map((scale) => 1 / scale);
    const quotients = builder.scale(builder.valueOf(operandAt(call, 0)), inverses, zerosLike(inverses));
    const rounded = builder.apply(quotients, round);
    if (zeros.every((zero) => zero === zeros[0]))
      return [shifted(builder, clipped(builder, rounded, low - zeros[0], high - zeros[0]), [zeros[0]])];
    return [clipped(builder, shifted(builder, rounded, zeros), low, high)];
  },
};

const zerosLike = (list: readonly number[]): number[] => list.map(() => 0);

const shifted = (builder: StepBuilder, value: string, offsets: readonly number[]): string =>
  offsets.every((offset) => offset === 0)
    ? value
    : builder.scale(
        value,
        offsets.map(() => 1),
        offsets,
      );

/** What the element type of the result holds: that of the zero point, or the one of the attribute `output_dtype`. */
function heldBy(call: Call): Bounds {
  const number = integerAttribute(call, "output_dtype", 0);
  const named = number === 0 ? undefined : elementKindOf(number, `${nodeLabel(call.node)} attribute output_dtype`);
  if (named !== undefined && named.type !== "int64")
    throw nodeError(call, `attribute output_dtype ${number} is not supported; supported: integers`);
  return call.operands[2]?.bounds ?? named?.bounds ?? [0, 255];
}

function requireUnblocked(call: Call): void {
  const block = integerAttribute(call, "block_size", 0);
  if (block !== 0) throw nodeError(call, `attribute block_size ${block} is not supported; supported: 0`);
}

/** A constant scale (operand 1) or zero point (operand 2) for each element of the last axes, as far as it repeats. */
function coefficients(call: Call, index: number): number[] {
  if (call.operands[index] === undefined) return [0];
  const { data } = constantAt(call, index, index === 1 ? "scale" : "zero point");
  if (data.length === 1) return [...data];
  const { shape } = operandAt(call, 0);
  const axis = normalAxis(call, integerAttribute(call, "axis", 1), shape.length);
  if (data.length !== shape[axis])
    throw nodeError(call, `operand ${index} has ${data.length} elements, want 1 or ${shape[axis]}`);
  const repeating = shape.slice(axis);
  if (elementCount(repeating) === 0) throw nodeError(call, "its operand has no elements");
  return broadcastIndices([data.length, ...repeating.slice(1).map(() => 1)], repeating).map((at) => data[at]);
}
