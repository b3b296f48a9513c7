import { type Call, integerAttribute, nodeError, operandAt } from "./operator.ts";
import { gatherIndices, normalAxis, stridesOf, transposeIndices } from "./shapes.ts";

/** How a tensor of indices meets data of the same rank along an axis, lane by lane: one for each other coordinate. */
export interface Lanes {
  /** Positions in the tensor of indices, a lane after another. */
  readonly tuples: readonly number[];
  /** Position of the first element of each lane in the data. */
  readonly starts: readonly number[];
  /** Distance of neighbours of a lane in the data. */
  readonly stride: number;
}

/** Lanes of the first two operands along the attribute `axis`. */
export function lanesOf(call: Call): Lanes {
  const [{ shape }, indices] = [operandAt(call, 0), operandAt(call, 1).shape];
  const axis = laneAxis(call);
  const others = shape.map((_, other) => other).filter((other) => other !== axis);
  const strides = stridesOf(shape);
  return {
    tuples: transposeIndices(indices, [...others, axis]),
    starts: gatherIndices(indices.toSpliced(axis, 1, 1), strides),
    stride: strides[axis],
  };
}

/** The axis that the lanes run along. */
export const laneAxis = (call: Call): number =>
  normalAxis(call, integerAttribute(call, "axis", 0), operandAt(call, 0).shape.length);

/** Throws InputError where the indices have another rank than the data or more lanes. */
export function requireLanes(call: Call): void {
  const [data, indices] = [operandAt(call, 0).shape, operandAt(call, 1).shape];
  const axis = laneAxis(call);
  const fits = (size: number, other: number) => other === axis || size <= data[other];
  if (indices.length === data.length && indices.every(fits)) return;
  throw nodeError(call, `indices ${indices.join("×")} do not fit into ${data.join("×")} along axis ${axis}`);
}
