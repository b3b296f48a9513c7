import {
  type Call,
  type Operator,
  integerAttribute,
  integersAttribute,
  nodeError,
  operandAt,
} from "../operators/operator.ts";
import { AGGREGATES, aggregateTrees } from "./aggregateTrees.ts";
import { ML_OPSETS, choiceAttribute, numbersOrTensor, rowsOfFeatures, textsAttribute } from "./attributes.ts";
import { postTransformOf, transformScores, transformSingle } from "./postTransform.ts";
import { type FileTrees, readTrees } from "./readTrees.ts";

/** Attributes `nodes_…` of the older tree operators; hit rates and ways of missing values have no say. */
export const NODE_ATTRIBUTES = [
  "nodes_treeids",
  "nodes_nodeids",
  "nodes_featureids",
  "nodes_modes",
  "nodes_values",
  "nodes_values_as_tensor",
  "nodes_truenodeids",
  "nodes_falsenodeids",
  "nodes_hitrates",
  "nodes_hitrates_as_tensor",
  "nodes_missing_value_tracks_true",
  "base_values",
  "base_values_as_tensor",
  "post_transform",
] as const;

/** The sum, average, least or greatest of what trees give for each target. */
export const treeEnsembleRegressor: Operator = {
  name: "TreeEnsembleRegressor",
  opsets: ML_OPSETS,
  arity: [1, 1],
  attributes: [
    ...NODE_ATTRIBUTES,
    "n_targets",
    "aggregate_function",
    "target_treeids",
    "target_nodeids",
    "target_ids",
    "target_weights",
    "target_weights_as_tensor",
  ],
  infer: (call) => [{ type: "float", shape: [rowsOfFeatures(call).rows, targetsOf(call)] }],
  products(call) {
    const isExtreme = ["MIN", "MAX"].includes(choiceAttribute(call, "aggregate_function", AGGREGATES));
    const trees = new Set(integersAttribute(call, "nodes_treeids")).size;
    return (textsAttribute(call, "nodes_modes") ?? []).length * targetsOf(call) * (isExtreme ? trees : 1);
  },
  lower(call, builder) {
    const { rows, features } = rowsOfFeatures(call);
    const targets = targetsOf(call);
    const file = readTrees(call, "target", targets, features);
    const aggregate = choiceAttribute(call, "aggregate_function", AGGREGATES);
    if (aggregate === "MIN" || aggregate === "MAX") requireAllTargets(call, file, targets, aggregate);
    const input = builder.valueOf(operandAt(call, 0));
    const scores = aggregateTrees(builder, input, rows, aggregate, baseOf(call, targets), file.trees);
    const transform = postTransformOf(call);
    if (targets === 1) return [transformSingle(builder, scores, transform)];
    return [transformScores(builder, { value: scores, count: rows, length: targets }, transform)];
  },
};

function targetsOf(call: Call): number {
  const targets = integerAttribute(call, "n_targets", 1);
  if (targets >= 1) return targets;
  throw nodeError(call, `n_targets is ${targets}, want at least 1`);
}

function baseOf(call: Call, targets: number): readonly number[] {
  const base = numbersOrTensor(call, "base_values") ?? Array<number>(targets).fill(0);
  if (base.length === targets) return base;
  throw nodeError(call, `base_values has ${base.length} elements, want ${targets}`);
}

/** A tree that says nothing of a target has no part in its least or greatest, which depends on the leaf. */
function requireAllTargets(call: Call, { namedScores }: FileTrees, targets: number, aggregate: string): void {
  if (namedScores.every(({ length }) => length === targets)) return;
  throw nodeError(
    call,
    `aggregate_function ${aggregate} is supported only where every leaf has a weight for every target`,
  );
}
