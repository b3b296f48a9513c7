import type { Bounds, ValueType } from "../../ir/graph.ts";
import { elementKindOf } from "../readTensor.ts";
import { boundsOf, truncate } from "./arithmetic.ts";
import { type Call, OPSETS, type Operator, integerAttribute, nodeError, nodeLabel, operandAt } from "./operator.ts";

/** To another element type: floats become integers toward zero, and booleans by whether they are not zero. */
export const cast: Operator = casting(
  { name: "Cast", opsets: OPSETS, arity: [1, 1], attributes: ["to", "saturate", "round_mode"] },
  (call) => elementKindOf(numberOf(call), `${nodeLabel(call.node)} attribute to`),
);

/** To the element type of a second operand. */
export const castLike: Operator = casting(
  {
    name: "CastLike",
    opsets: { from: 15, to: OPSETS.to },
    arity: [2, 2],
    attributes: ["saturate", "round_mode"],
  },
  (call) => operandAt(call, 1),
);

const numberOf = (call: Call): number => integerAttribute(call, "to", 0);

function casting(
  form: Pick<Operator, "name" | "opsets" | "arity" | "attributes">,
  targetOf: (call: Call) => Pick<ValueType, "type" | "bounds">,
): Operator {
  return {
    ...form,
    infer(call) {
      const { type, bounds } = targetOf(call);
      const { shape } = operandAt(call, 0);
      if (type === "float") return [{ type, shape }];
      if (type === "bool") return [{ type, shape, bounds: [0, 1] }];
      const kept = keptBounds(call, bounds);
      return [{ type, shape, ...(kept && { bounds: kept }) }];
    },
    lower(call, builder) {
      const operand = operandAt(call, 0);
      const { type } = targetOf(call);
      const value = builder.valueOf(operand);
      if (type === "bool" && operand.type !== "bool") return [builder.scale(builder.compare(value, "zero"), [-1], [1])];
      return [type === "int64" && operand.type === "float" ? builder.apply(value, truncate) : value];
    },
  };
}

/**
 * Bounds of integers that keep their value. Throws InputError where the new type may not hold them; floats that it does not
 * hold have no meaning in ONNX either.
 */
function keptBounds(call: Call, target: Bounds | undefined): Bounds | undefined {
  const operand = operandAt(call, 0);
  const { constant, type } = operand;
  const wrong = constant?.data.find((element) => target && !holds(target, Math.trunc(element)));
  if (wrong !== undefined)
    throw nodeError(call, `its constant operand holds ${wrong}, which does not fit ${target!.join(" to ")}`);
  if (type === "float") return target;
  const bounds = boundsOf(operand);
  if (target === undefined || isWide(target) || (bounds && bounds.every((bound) => holds(target, bound))))
    return bounds;
  const from = bounds === undefined ? "any integer" : bounds.join(" to ");
  throw nodeError(call, `its operand may be ${from}, which does not fit ${target.join(" to ")}`);
}

const holds = ([low, high]: Bounds, element: number): boolean => low <= element && element <= high;

/** Whether the bounds are those of 64-bit integers as far as doubles are exact. */
const isWide = ([low, high]: Bounds): boolean => low === Number.MIN_SAFE_INTEGER && high === Number.MAX_SAFE_INTEGER;
