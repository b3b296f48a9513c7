import {
  type Call,
  type Operator,
  type StepBuilder,
  integerAttribute,
  nodeError,
  operandAt,
} from "../operators/operator.ts";
import { ML_OPSETS, numbersAttribute, rowsOfFeatures } from "./attributes.ts";
import { classLabels, classifierTypes, labelAbove, labelOfGreatest, scoresOfTwo } from "./classes.ts";
import { postTransformOf, transformScores, transformSingle } from "./postTransform.ts";

/** Label and scores of classes from one sum each, or from one sum for two classes. */
export const linearClassifier: Operator = {
  name: "LinearClassifier",
  opsets: ML_OPSETS,
  arity: [1, 1],
  // `multi_class` says how the weights were trained.
  attributes: [
    "classlabels_ints",
    "classlabels_strings",
    "coefficients",
    "intercepts",
    "multi_class",
    "post_transform",
  ],
  infer(call) {
    const labels = classLabels(call, "classlabels_ints");
    const scores = numbersAttribute(call, "intercepts")?.length ?? 0;
    if (scores !== labels.length && !(scores === 1 && labels.length === 2))
      throw nodeError(call, `has ${labels.length} classes and ${scores} intercepts, want one a class`);
    return classifierTypes(call, labels, rowsOfFeatures(call).rows, labels.length);
  },
  products: (call) => rowsOfFeatures(call).rows * (numbersAttribute(call, "coefficients")?.length ?? 0),
  lower(call, builder) {
    const labels = classLabels(call, "classlabels_ints");
    const bias = numbersAttribute(call, "intercepts")!;
    const scores = sums(call, builder, bias);
    const transform = postTransformOf(call);
    if (bias.length === 1)
      return [labelAbove(builder, scores, 0, labels), scoresOfTwo(call, builder, scores, transform, "1 - s")];
    const rows = { value: scores, count: rowsOfFeatures(call).rows, length: labels.length };
    return [labelOfGreatest(builder, scores, labels), transformScores(builder, rows, transform)];
  },
};

/** One sum a target. */
export const linearRegressor: Operator = {
  name: "LinearRegressor",
  opsets: ML_OPSETS,
  arity: [1, 1],
  attributes: ["coefficients", "intercepts", "targets", "post_transform"],
  infer: (call) => [{ type: "float", shape: [rowsOfFeatures(call).rows, targetsOf(call)] }],
  products: (call) => rowsOfFeatures(call).rows * (numbersAttribute(call, "coefficients")?.length ?? 0),
  lower(call, builder) {
    const targets = targetsOf(call);
    const bias = numbersAttribute(call, "intercepts") ?? Array<number>(targets).fill(0);
    if (bias.length !== targets) throw nodeError(call, `has ${bias.length} intercepts, want ${targets}`);
    const scores = sums(call, builder, bias);
    const transform = postTransformOf(call);
    if (targets === 1) return [transformSingle(builder, scores, transform)];
    const rows = { value: scores, count: rowsOfFeatures(call).rows, length: targets };
    return [transformScores(builder, rows, transform)];
  },
};

const targetsOf = (call: Call): number => integerAttribute(call, "targets", 1);

function sums(call: Call, builder: StepBuilder, bias: readonly number[]): string {
  const { rows, features } = rowsOfFeatures(call);
  const weights = numbersAttribute(call, "coefficients") ?? [];
  if (weights.length !== bias.length * features)
    throw nodeError(call, `has ${weights.length} coefficients, want ${bias.length} × ${features}`);
  const matrix = bias.map((_, score) => weights.slice(score * features, (score + 1) * features));
  return builder.dense(builder.valueOf(operandAt(call, 0)), rows, matrix, bias);
}
