import {
  type Call,
  type Operand,
  type Operator,
  OPSETS,
  type StepBuilder,
  nodeError,
  numberAttribute,
  operandAt,
  typeWith,
} from "./operator.ts";

/** min(max(X, min), max), element by element; a bound may be left out. */
export const clip: Operator = {
  name: "Clip",
  opsets: OPSETS,
  arity: [1, 3],
  attributes: ["min", "max"],
  infer(call) {
    const operand = operandAt(call, 0);
    const isOperand = call.opset >= 11;
    const given = isOperand ? call.node.attributes.size > 0 : call.operands.length > 1;
    if (given) throw nodeError(call, `bounds must be ${isOperand ? "operands" : "attributes"} in opset ${call.opset}`);
    for (const bound of call.operands.slice(1)) {
      if (bound?.shape.some((size) => size !== 1)) throw nodeError(call, "a bound is not a scalar");
    }
    return [typeWith(operand, operand.shape)];
  },
  lower(call, builder) {
    const operand = operandAt(call, 0);
    const [low, high] = [boundOf(call, builder, "min", 1), boundOf(call, builder, "max", 2)];
    return [clipped(builder, builder.valueOf(operand), low, high)];
  },
};

/** min(max(value, low), high); a bound is a number, a program value of one element, or left out. */
export function clipped(
  builder: StepBuilder,
  value: string,
  low: number | string | undefined,
  high: number | string | undefined,
): string {
  const raised = low === undefined ? value : low === 0 ? builder.relu(value) : limited(builder, "max", value, low);
  return high === undefined ? raised : limited(builder, "min", raised, high);
}

function limited(builder: StepBuilder, which: "max" | "min", value: string, bound: number | string): string {
  const size = builder.sizeOf(value);
  const other = typeof bound === "number" ? builder.constant([bound]) : bound;
  const windows = Array.from({ length: size }, (_, index) => [index, size]);
  return builder.extreme(which, [value, other], windows);
}

/** From here on a bound says "none": exporters write the ends of the float range. */
const UNBOUNDED = 3.4e38;

function boundOf(call: Call, builder: StepBuilder, name: "min" | "max", index: number): number | string | undefined {
  const operand = call.operands[index];
  if (operand !== undefined && operand.constant === undefined) return builder.valueOf(operand);
  const absent = name === "min" ? -Infinity : Infinity;
  const bound = operand?.constant?.data[0] ?? numberAttribute(call, name, absent);
  return Math.abs(bound) >= UNBOUNDED || isBeyond(operandAt(call, 0), name, bound) ? undefined : bound;
}

/** Whether no element of the operand's type lies beyond the bound. */
const isBeyond = ({ bounds }: Operand, name: "min" | "max", bound: number): boolean =>
  bounds !== undefined && (name === "min" ? bound <= bounds[0] : bound >= bounds[1]);
