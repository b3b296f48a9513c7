import { LIMITS } from "../limits.ts";
import { type Call, type Operator, OPSETS, integerAt, integerAttribute, nodeError } from "./operator.ts";
import { upTo } from "./positions.ts";

/** Windows of signal processing: Σ coefficients[k] · cos(2πk · n / N), N the size, or one less where not periodic. */
const COEFFICIENTS = {
  BlackmanWindow: [0.42, -0.5, 0.08],
  HammingWindow: [25 / 46, -21 / 46],
  HannWindow: [0.5, -0.5],
} as const;

/** Windows of a constant size. */
export const windowFunctions: readonly Operator[] = Object.entries(COEFFICIENTS).map(([name, coefficients]) => ({
  name,
  opsets: { from: 17, to: OPSETS.to },
  arity: [1, 1],
  attributes: ["output_datatype", "periodic"],
  infer: (call) => [{ type: "float", shape: [sizeOf(call)] }],
  lower(call, builder) {
    const size = sizeOf(call);
    const period = integerAttribute(call, "periodic", 1) === 0 ? size - 1 : size;
    const elementAt = (index: number) =>
      coefficients.reduce((sum, factor, k) => sum + factor * Math.cos((2 * Math.PI * k * index) / period), 0);
    return [builder.constant(upTo(size).map(elementAt))];
  },
}));

function sizeOf(call: Call): number {
  const size = integerAt(call, 0, "size");
  if (size >= 2 && size <= LIMITS.elements) return size;
  throw nodeError(call, `size is ${size}, want 2 to ${LIMITS.elements}`);
}
