import type { RealFunction } from "../../ir/realGraph.ts";
import { sqrt } from "./functions.ts";
import { type Call, OPSETS, type Operand, type Operator, type StepBuilder, nodeError, operandAt } from "./operator.ts";
import { groupedBy, inverseOf } from "./positions.ts";
import { broadcastIndices, broadcastShape } from "./shapes.ts";

/** X to the power of Y, of which one must be constant. The result has the type of X. */
export const pow: Operator = {
  name: "Pow",
  opsets: OPSETS,
  arity: [2, 2],
  attributes: [],
  infer(call) {
    const [base, exponent] = [operandAt(call, 0), operandAt(call, 1)];
    if (base.constant === undefined && exponent.constant === undefined)
      throw nodeError(call, "both operands are computed; supported: a constant exponent or a constant base");
    return [{ type: base.type, shape: broadcastShape(call, base.shape, exponent.shape) }];
  },
  lower(call, builder) {
    const [base, exponent] = [operandAt(call, 0), operandAt(call, 1)];
    if (exponent.constant === undefined) return [byConstant(call, builder, exponent, base, exponential)];
    return [byConstant(call, builder, base, exponent, base.type === "float" ? realPower : integerPower(call))];
  },
};

/** X − Y · ⌊X / Y⌋ for integers (fmod 0), X − Y · trunc(X / Y) with fmod 1; Y must be constant. */
export const mod: Operator = {
  name: "Mod",
  opsets: { from: 10, to: OPSETS.to },
  arity: [2, 2],
  attributes: ["fmod"],
  infer(call) {
    const [dividend, divisor] = [operandAt(call, 0), operandAt(call, 1)];
    if (divisor.constant === undefined) throw nodeError(call, "the divisor must be constant");
    if (divisor.constant.data.includes(0)) throw nodeError(call, "divides by zero");
    if (dividend.type === "float" && !truncates(call)) throw nodeError(call, "float operands need attribute fmod 1");
    return [{ type: dividend.type, shape: broadcastShape(call, dividend.shape, divisor.shape) }];
  },
  lower(call, builder) {
    const remainder = truncates(call) ? truncatedRemainder : flooredRemainder;
    const apply: Lowering = (own, value, divisor) => own.apply(value, remainder(divisor));
    return [byConstant(call, builder, operandAt(call, 0), operandAt(call, 1), apply)];
  },
};

const truncates = (call: Call): boolean => call.node.attributes.get("fmod") === 1;

const truncatedRemainder = (divisor: number): RealFunction => ({
  name: `fmod ${divisor}`,
  apply: (x) => x % divisor,
  jumps: true,
});

const flooredRemainder = (divisor: number): RealFunction => ({
  name: `mod ${divisor}`,
  apply: (x) => x - divisor * Math.floor(x / divisor),
  jumps: true,
});

/** Steps for a value that meets one constant number. */
type Lowering = (builder: StepBuilder, value: string, constant: number) => string;

/** Broadcasts a value and a constant, and lowers the elements that meet equal constants together. */
export function byConstant(
  call: Call,
  builder: StepBuilder,
  operand: Operand,
  constant: Operand,
  lower: Lowering,
): string {
  const shape = broadcastShape(call, operand.shape, constant.shape);
  const positions = broadcastIndices(operand.shape, shape);
  const numbers = broadcastIndices(constant.shape, shape).map((index) => constant.constant!.data[index]);
  const value = builder.valueOf(operand);
  const groups = groupedBy(positions.length, (index) => numbers[index]);
  const parts = [...groups].map(([number, members]) => {
    const part = members.map((index) => positions[index]);
    return lower(builder, builder.arrange([value], part), number);
  });
  return builder.arrange(parts, inverseOf([...groups.values()].flat()));
}

const integerPower =
  (call: Call): Lowering =>
  (builder, value, exponent) => {
    if (Number.isInteger(exponent) && exponent >= 0) return realPower(builder, value, exponent);
    throw nodeError(call, `an integer to the power of ${exponent} is not supported; want 0, 1, 2, …`);
  };

/** Products up to this exponent, a function of its own beyond. */
const MOST_FACTORS = 8;

function realPower(builder: StepBuilder, value: string, exponent: number): string {
  const ones = () => builder.constant(Array(builder.sizeOf(value)).fill(1));
  if (exponent === 0) return ones();
  if (exponent === 0.5) return builder.apply(value, sqrt);
  if (exponent === -0.5) return builder.divide(ones(), builder.apply(value, sqrt));
  const factors = Math.abs(exponent);
  if (!Number.isInteger(exponent) || factors > MOST_FACTORS) return builder.apply(value, power(exponent));
  const product = productOf(builder, value, factors);
  return exponent > 0 ? product : builder.divide(ones(), product);
}

/** The value times itself, by squaring. */
function productOf(builder: StepBuilder, value: string, factors: number): string {
  if (factors === 1) return value;
  const half = productOf(builder, value, Math.floor(factors / 2));
  const square = builder.multiply(half, half);
  return factors % 2 === 0 ? square : builder.multiply(square, value);
}

const power = (exponent: number): RealFunction => ({
  name: `power ${exponent}`,
  apply: (x) => x ** exponent,
  isMonotone: exponent > 0 && (!Number.isInteger(exponent) || exponent % 2 !== 0),
});

const exponential: Lowering = (builder, value, base) =>
  builder.apply(value, { name: `${base} to the power`, apply: (x) => base ** x, isMonotone: base >= 1 });
