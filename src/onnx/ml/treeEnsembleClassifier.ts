import { type Call, type Operator, type StepBuilder, nodeError, operandAt } from "../operators/operator.ts";
import { mapLeaves } from "./aggregateTrees.ts";
import { ML_OPSETS, numbersOrTensor, rowsOfFeatures, textsAttribute } from "./attributes.ts";
import { classLabels, classifierTypes, labelAbove, labelOfGreatest, scoresOfTwo } from "./classes.ts";
import { postTransformOf, transformScores } from "./postTransform.ts";
import { type FileTrees, readTrees } from "./readTrees.ts";
import { NODE_ATTRIBUTES } from "./treeEnsembleRegressor.ts";

const LABELS = "classlabels_int64s";

/** Label and scores of classes for which trees vote. Two classes follow onnxruntime where the standard is silent. */
export const treeEnsembleClassifier: Operator = {
  name: "TreeEnsembleClassifier",
  opsets: ML_OPSETS,
  arity: [1, 1],
  attributes: [
    ...NODE_ATTRIBUTES,
    LABELS,
    "classlabels_strings",
    "class_treeids",
    "class_nodeids",
    "class_ids",
    "class_weights",
    "class_weights_as_tensor",
  ],
  infer(call) {
    const labels = classLabels(call, LABELS);
    return classifierTypes(call, labels, rowsOfFeatures(call).rows, labels.length);
  },
  products: (call) => (textsAttribute(call, "nodes_modes") ?? []).length * classLabels(call, LABELS).length,
  lower(call, builder) {
    const labels = classLabels(call, LABELS);
    const { features } = rowsOfFeatures(call);
    const file = readTrees(call, "class", labels.length, features);
    return labels.length > 2 ? severalClasses(call, builder, labels, file) : twoClasses(call, builder, labels, file);
  },
};

function severalClasses(call: Call, builder: StepBuilder, labels: readonly number[], { trees }: FileTrees): string[] {
  const { rows } = rowsOfFeatures(call);
  const base = baseOf(call) ?? labels.map(() => 0);
  if (base.length !== labels.length)
    throw nodeError(call, `base_values has ${base.length} elements, want ${labels.length}`);
  const scores = builder.trees(builder.valueOf(operandAt(call, 0)), rows, base, trees);
  const transformed = transformScores(
    builder,
    { value: scores, count: rows, length: labels.length },
    postTransformOf(call),
  );
  return [labelOfGreatest(builder, scores, labels), transformed];
}

/** With weights for one class only, its sum decides: above 0.5 where no weight is negative (votes), else above 0. */
function twoClasses(call: Call, builder: StepBuilder, labels: readonly number[], file: FileTrees): string[] {
  const [input, { rows }] = [builder.valueOf(operandAt(call, 0)), rowsOfFeatures(call)];
  const transform = postTransformOf(call);
  const named = new Set(file.namedScores.flat());
  const base = baseOf(call) ?? [0];
  if (named.has(1) ? base.some((value) => value !== 0) : base.length > 1)
    throw nodeError(call, "base_values want one value with two classes, and all weights to be of class 0");
  if (named.size === 2) {
    requireNoLabel(call, builder);
    const scores = builder.trees(input, rows, [0, 0], file.trees);
    return [scores, transformScores(builder, { value: scores, count: rows, length: 2 }, transform)];
  }
  const threshold = file.weights.every((weight) => weight >= 0) ? 0.5 : 0;
  const only = named.has(1) ? 1 : 0;
  const trees = file.trees.map((tree) => mapLeaves(tree, (add) => [add[only]]));
  const score = builder.trees(input, rows, base, trees);
  const label = labelAbove(builder, score, threshold, labels);
  if (only === 0) return [label, scoresOfTwo(call, builder, score, transform, threshold === 0.5 ? "1 - s" : "-s")];
  const beside = builder.dense(score, rows, [[0], [1]], [0, 0]);
  return [label, transformScores(builder, { value: beside, count: rows, length: 2 }, transform)];
}

const baseOf = (call: Call): readonly number[] | undefined => numbersOrTensor(call, "base_values");

/** The standard leaves open how such a model labels, and onnxruntime does not take the greater score. */
function requireNoLabel(call: Call, builder: StepBuilder): void {
  const { nodes, isOutput } = builder.usesOf(call.node.outputs[0]);
  if (nodes.length === 0 && !isOutput) return;
  throw nodeError(
    call,
    "its label is not supported: with two classes, give weights to one of them, or leave the label out and take the greater score",
  );
}
