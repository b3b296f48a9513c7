import type { RealFunction } from "../../ir/realGraph.ts";
import { sigmoid } from "../operators/functions.ts";
import type { Call, StepBuilder } from "../operators/operator.ts";
import { type Rows, addToRows, rowMaxima, rowSums } from "../operators/rows.ts";
import { softmaxOf } from "../operators/softmax.ts";
import { choiceAttribute } from "./attributes.ts";

const TRANSFORMS = ["NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO", "PROBIT"] as const;

/** What becomes of the scores of a row at the end. */
export type PostTransform = (typeof TRANSFORMS)[number];

export const postTransformOf = (call: Call): PostTransform => choiceAttribute(call, "post_transform", TRANSFORMS);

/** The transformed scores of every row. */
export function transformScores(builder: StepBuilder, rows: Rows, transform: PostTransform): string {
  switch (transform) {
    case "NONE":
      return rows.value;
    case "LOGISTIC":
      return builder.apply(rows.value, sigmoid);
    case "PROBIT":
      return builder.apply(rows.value, probit);
    case "SOFTMAX":
      return softmaxOf(builder, rows);
    case "SOFTMAX_ZERO":
      return softmaxOfNonZero(builder, rows);
  }
}

/**
 * A single score of a row. onnxruntime leaves it as it is but for PROBIT (its issue 26596), and so do the models that people
 * have checked there.
 */
export const transformSingle = (builder: StepBuilder, value: string, transform: PostTransform): string =>
  transform === "PROBIT" ? builder.apply(value, probit) : value;

/** Softmax among the scores that are not 0; those stay 0. */
function softmaxOfNonZero(builder: StepBuilder, rows: Rows): string {
  const isOther = builder.scale(builder.compare(rows.value, "zero"), [-1], [1]);
  const below = addToRows(builder, rows, rowMaxima(builder, rows), [1, -1]);
  const powers = builder.multiply(builder.apply(below, expOfNegative), isOther);
  return builder.divide(powers, rowSums(builder, { ...rows, value: powers }));
}

const expOfNegative: RealFunction = {
  name: "exp(min(x, 0))",
  apply: (x) => Math.exp(Math.min(x, 0)),
  isMonotone: true,
};

/**
 * √2 · erf⁻¹(2x − 1), the inverse by Winitzki's formula with a = 0.147 as onnxruntime has it (off by up to 0.0035); 0 to 1
 * are its arguments.
 */
const probit: RealFunction = {
  name: "Probit",
  apply(x) {
    const signed = 2 * x - 1;
    const logarithm = Math.log(1 - signed * signed);
    const half = 2 / (Math.PI * 0.147) + logarithm / 2;
    return Math.SQRT2 * Math.sign(signed) * Math.sqrt(Math.sqrt(half * half - logarithm / 0.147) - half);
  },
  isMonotone: true,
};
