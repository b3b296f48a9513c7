import type { RealFunction } from "../../ir/realGraph.ts";

// Functions of one number, named as the ONNX operators that apply them; the quantiser knows some by name.

const monotone = (name: string, apply: (x: number) => number): RealFunction => ({ name, apply, isMonotone: true });

const rounding = (name: string, apply: (x: number) => number): RealFunction => ({
  ...monotone(name, apply),
  jumps: true,
});

export const exp = monotone("Exp", Math.exp);
export const log = monotone("Log", Math.log);
export const sqrt = monotone("Sqrt", Math.sqrt);
export const tanh = monotone("Tanh", Math.tanh);
export const sigmoid = monotone("Sigmoid", (x) => 1 / (1 + Math.exp(-x)));
export const softsign = monotone("Softsign", (x) => x / (1 + Math.abs(x)));
/** log(1 + e^x), without overflow. */
export const softplus = monotone("Softplus", (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))));
export const erf = monotone("Erf", erfOf);
export const asin = monotone("Asin", Math.asin);
export const atan = monotone("Atan", Math.atan);
export const sinh = monotone("Sinh", Math.sinh);
export const asinh = monotone("Asinh", Math.asinh);
export const acosh = monotone("Acosh", Math.acosh);
export const atanh = monotone("Atanh", Math.atanh);
export const tan: RealFunction = { name: "Tan", apply: Math.tan };
export const sin: RealFunction = { name: "Sin", apply: Math.sin };
export const cos: RealFunction = { name: "Cos", apply: Math.cos };
export const acos: RealFunction = { name: "Acos", apply: Math.acos };
export const cosh: RealFunction = { name: "Cosh", apply: Math.cosh };

export const floor = rounding("Floor", Math.floor);
export const ceil = rounding("Ceil", Math.ceil);
export const round = rounding("Round", roundHalfToEven);

/** The nearest integer, the even one of two that are equally near. */
export function roundHalfToEven(x: number): number {
  const below = Math.floor(x);
  const part = x - below;
  return part > 0.5 || (part === 0.5 && below % 2 !== 0) ? below + 1 : below;
}

export const elu = (alpha: number): RealFunction => ({
  name: `Elu(${alpha})`,
  apply: (x) => (x >= 0 ? x : alpha * Math.expm1(x)),
  isMonotone: alpha >= 0,
});

export const selu = (alpha: number, gamma: number): RealFunction => ({
  name: `Selu(${alpha}, ${gamma})`,
  apply: (x) => gamma * (x > 0 ? x : alpha * Math.expm1(x)),
  isMonotone: alpha >= 0 && gamma >= 0,
});

/** `alpha` is not 0. */
export const celu = (alpha: number): RealFunction => ({
  name: `Celu(${alpha})`,
  apply: (x) => Math.max(0, x) + Math.min(0, alpha * Math.expm1(x / alpha)),
  isMonotone: true,
});

export const gelu: RealFunction = { name: "Gelu", apply: (x) => (x / 2) * (1 + erfOf(x * Math.SQRT1_2)) };

/** GELU by the hyperbolic tangent. */
export const geluTanh: RealFunction = {
  name: "Gelu(tanh)",
  apply: (x) => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
};

export const mish: RealFunction = { name: "Mish", apply: (x) => x * Math.tanh(softplus.apply(x)) };

/** x · sigmoid(alpha · x). */
export const swish = (alpha: number): RealFunction => ({
  name: `Swish(${alpha})`,
  apply: (x) => x / (1 + Math.exp(-alpha * x)),
});

export const hardSwish: RealFunction = {
  name: "HardSwish",
  apply: (x) => x * Math.max(0, Math.min(1, x / 6 + 0.5)),
};

export const thresholdedRelu = (alpha: number): RealFunction => ({
  name: `ThresholdedRelu(${alpha})`,
  apply: (x) => (x > alpha ? x : 0),
  isMonotone: alpha >= 0,
  jumps: alpha !== 0,
});

/** Numbers within ±lambd become 0, others move towards 0 by `bias`. */
export const shrink = (lambd: number, bias: number): RealFunction => ({
  name: `Shrink(${lambd}, ${bias})`,
  apply: (x) => (x < -lambd ? x + bias : x > lambd ? x - bias : 0),
  jumps: lambd !== bias,
});

/** alpha · tanh(beta · x). */
export const scaledTanh = (alpha: number, beta: number): RealFunction => ({
  name: `ScaledTanh(${alpha}, ${beta})`,
  apply: (x) => alpha * Math.tanh(beta * x),
  isMonotone: alpha * beta >= 0,
});

/**
 * The error function in double precision: e^(−x²) · 2/√π · Σₙ 2ⁿ x^(2n+1) / (1 · 3 · … · (2n+1)), whose terms all have the
 * sign of x (NIST DLMF 7.6.2), so nothing cancels; beyond ±6 it is ±1, and of NaN
 * it is NaN, to which the sum would never come.
 */
function erfOf(x: number): number {
  if (!(Math.abs(x) < 6)) return Math.sign(x);
  let [term, sum] = [x, 0];
  for (let odd = 3; sum + term !== sum; odd += 2) {
    sum += term;
    term *= (2 * x * x) / odd;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}
