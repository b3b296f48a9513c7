import type { Bounds } from "../../ir/graph.ts";
import type { RealFunction } from "../../ir/realGraph.ts";
import { choiceOf } from "./choice.ts";
import { clipped } from "./clip.ts";
import {
  acos,
  acosh,
  asin,
  asinh,
  atan,
  atanh,
  ceil,
  celu,
  cos,
  cosh,
  elu,
  erf,
  exp,
  floor,
  gelu,
  geluTanh,
  hardSwish,
  log,
  mish,
  round,
  selu,
  shrink,
  sigmoid,
  sin,
  sinh,
  softplus,
  softsign,
  sqrt,
  swish,
  tan,
  tanh,
  thresholdedRelu,
} from "./functions.ts";
import {
  type Call,
  OPSETS,
  type Operator,
  type StepBuilder,
  nodeError,
  numberAttribute,
  operandAt,
} from "./operator.ts";

/** An operator of one operand that works element by element: how a value becomes the result. */
interface Elementwise {
  readonly name: string;
  /** Opset that brought the operator, where it is not the first that is read. */
  readonly since?: number;
  readonly attributes?: readonly string[];
  readonly takesIntegers?: boolean;
  readonly lower: (value: string, builder: StepBuilder, call: Call) => string;
  /** Bounds of the result of integers within bounds. */
  readonly bounds?: (bounds: Bounds) => Bounds;
}

const applying = (
  name: string,
  functionOf: RealFunction | ((call: Call) => RealFunction),
  since?: number,
  attributes?: readonly string[],
): Elementwise => ({
  name,
  ...(since !== undefined && { since }),
  ...(attributes && { attributes }),
  lower: (value, builder, call) =>
    builder.apply(value, typeof functionOf === "function" ? functionOf(call) : functionOf),
});

/** ONNX writes its defaults as 32-bit floats. */
const SELU = { alpha: Math.fround(1.67326319217681884765625), gamma: Math.fround(1.05070102214813232421875) };

const ELEMENTWISE: readonly Elementwise[] = [
  applying("Acos", acos),
  applying("Acosh", acosh, 9),
  applying("Asin", asin),
  applying("Asinh", asinh, 9),
  applying("Atan", atan),
  applying("Atanh", atanh, 9),
  applying("Ceil", ceil),
  applying("Celu", celuOf, 12, ["alpha"]),
  applying("Cos", cos),
  applying("Cosh", cosh, 9),
  applying("Elu", (call) => elu(numberAttribute(call, "alpha", 1)), OPSETS.from, ["alpha"]),
  applying("Erf", erf, 9),
  applying("Exp", exp),
  applying("Floor", floor),
  applying("Gelu", geluOf, 20, ["approximate"]),
  applying("HardSwish", hardSwish, 14),
  applying("Log", log),
  applying("Mish", mish, 18),
  applying("Round", round, 11),
  applying("Selu", seluOf, OPSETS.from, ["alpha", "gamma"]),
  applying("Shrink", shrinkOf, 9, ["lambd", "bias"]),
  applying("Sigmoid", sigmoid),
  applying("Sin", sin),
  applying("Sinh", sinh, 9),
  applying("Softplus", softplus),
  applying("Softsign", softsign),
  applying("Sqrt", sqrt),
  applying("Swish", (call) => swish(numberAttribute(call, "alpha", 1)), 24, ["alpha"]),
  applying("Tan", tan),
  applying("Tanh", tanh),
  applying("ThresholdedRelu", (call) => thresholdedRelu(numberAttribute(call, "alpha", 1)), 10, ["alpha"]),
  {
    name: "Abs",
    takesIntegers: true,
    lower: (value, builder) => absolute(builder, value),
    bounds: ([low, high]) => [0, Math.max(-low, high)],
  },
  {
    name: "Sign",
    since: 9,
    takesIntegers: true,
    lower: (value, builder) => signOf(builder, value),
    bounds: () => [-1, 1],
  },
  {
    name: "Reciprocal",
    lower: (value, builder) => builder.divide(builder.constant(Array(builder.sizeOf(value)).fill(1)), value),
  },
  {
    name: "HardSigmoid",
    attributes: ["alpha", "beta"],
    lower: (value, builder, call) =>
      hardSigmoid(
        builder,
        value,
        numberAttribute(call, "alpha", Math.fround(0.2)),
        numberAttribute(call, "beta", Math.fround(0.5)),
      ),
  },
  {
    name: "LeakyRelu",
    attributes: ["alpha"],
    lower: (value, builder, call) => leakyRelu(builder, value, numberAttribute(call, "alpha", Math.fround(0.01))),
  },
];

/** Operators of one operand that work element by element. */
export const unary: readonly Operator[] = ELEMENTWISE.map(operatorFrom);

function operatorFrom(elementwise: Elementwise): Operator {
  const { name, since = OPSETS.from, attributes = [], takesIntegers, lower, bounds } = elementwise;
  return {
    name,
    opsets: { from: since, to: OPSETS.to },
    arity: [1, 1],
    attributes,
    infer(call) {
      const { type, shape, bounds: given } = operandAt(call, 0);
      if (type !== "float" && !takesIntegers) throw nodeError(call, `its operand is of type ${type}, want float`);
      return [{ type, shape, ...(given && bounds && { bounds: bounds(given) }) }];
    },
    lower: (call, builder) => [lower(builder.valueOf(operandAt(call, 0)), builder, call)],
  };
}

/** |x| = max(x, −x). */
export function absolute(builder: StepBuilder, value: string): string {
  const size = builder.sizeOf(value);
  const windows = Array.from({ length: size }, (_, index) => [index, size + index]);
  return builder.extreme("max", [value, builder.scale(value, [-1], [0])], windows);
}

/** −1, 0 or 1: twice whether x ≥ 0, less 1, less whether x = 0. */
function signOf(builder: StepBuilder, value: string): string {
  const compared = [builder.compare(value, "nonNegative"), builder.compare(value, "zero")];
  const size = builder.sizeOf(value);
  const windows = Array.from({ length: size }, (_, index) => [index, size + index]);
  return builder.linear(compared, { groups: 1, windows, weights: [[2, -1]], bias: [-1] });
}

/** max(0, min(1, alpha · x + beta)). */
export const hardSigmoid = (builder: StepBuilder, value: string, alpha: number, beta: number): string =>
  clipped(builder, builder.scale(value, [alpha], [beta]), 0, 1);

/** x where x ≥ 0, else alpha · x. */
export const leakyRelu = (builder: StepBuilder, value: string, alpha: number): string =>
  builder.add(value, builder.relu(value), [alpha, 1 - alpha]);

function celuOf(call: Call): RealFunction {
  const alpha = numberAttribute(call, "alpha", 1);
  if (alpha === 0) throw nodeError(call, "attribute alpha 0 divides by zero, want another number");
  return celu(alpha);
}

function geluOf(call: Call): RealFunction {
  return choiceOf(call, "approximate", "none", ["none", "tanh"]) === "tanh" ? geluTanh : gelu;
}

function seluOf(call: Call): RealFunction {
  return selu(numberAttribute(call, "alpha", SELU.alpha), numberAttribute(call, "gamma", SELU.gamma));
}

function shrinkOf(call: Call): RealFunction {
  return shrink(numberAttribute(call, "lambd", 0.5), numberAttribute(call, "bias", 0));
}
