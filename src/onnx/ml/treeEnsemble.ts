import {
  type Call,
  type Operator,
  integerAttribute,
  integersAttribute,
  nodeError,
  operandAt,
} from "../operators/operator.ts";
import { type Aggregate, aggregateTrees } from "./aggregateTrees.ts";
import { rowsOfFeatures, tensorAttribute } from "./attributes.ts";
import { BRANCHES, type Branch, type FileNode, TreeExpander } from "./expandTree.ts";
import { type PostTransform, transformScores, transformSingle } from "./postTransform.ts";

/** What the numbers of these attributes stand for in the standard. */
const AGGREGATES: readonly Aggregate[] = ["AVERAGE", "SUM", "MIN", "MAX"];
const TRANSFORMS: readonly PostTransform[] = ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"];

/** The newer form of both tree operators: scores of targets, each leaf adding to one of them. */
export const treeEnsemble: Operator = {
  name: "TreeEnsemble",
  opsets: { from: 5, to: 5 },
  arity: [1, 1],
  attributes: [
    "aggregate_function",
    "leaf_targetids",
    "leaf_weights",
    "n_targets",
    "nodes_falseleafs",
    "nodes_falsenodeids",
    "nodes_featureids",
    "nodes_hitrates",
    "nodes_missing_value_tracks_true",
    "nodes_modes",
    "nodes_splits",
    "nodes_trueleafs",
    "nodes_truenodeids",
    "post_transform",
    "tree_roots",
  ],
  infer: (call) => [{ type: "float", shape: [rowsOfFeatures(call).rows, targetsOf(call)] }],
  lower(call, builder) {
    const { rows, features } = rowsOfFeatures(call);
    const targets = targetsOf(call);
    const aggregate = numbered(call, "aggregate_function", AGGREGATES, 1);
    if (targets > 1 && (aggregate === "MIN" || aggregate === "MAX"))
      throw nodeError(call, `aggregate_function ${aggregate} is supported for one target only, here are ${targets}`);
    const expander = new TreeExpander(call, features, nodeReader(call, targets));
    const trees = integers(call, "tree_roots").map((root) => expander.tree(root));
    const base = Array<number>(targets).fill(0);
    const scores = aggregateTrees(builder, builder.valueOf(operandAt(call, 0)), rows, aggregate, base, trees);
    const transform = numbered(call, "post_transform", TRANSFORMS, 0);
    if (targets > 1 && (transform === "SOFTMAX" || transform === "LOGISTIC"))
      throw nodeError(
        call,
        "post_transform 1 and 2 are not supported: the standard says SOFTMAX and LOGISTIC, onnxruntime the reverse; use 0 and a node Softmax or Sigmoid",
      );
    if (targets === 1) return [transformSingle(builder, scores, transform)];
    return [transformScores(builder, { value: scores, count: rows, length: targets }, transform)];
  },
};

const targetsOf = (call: Call): number => {
  const targets = integerAttribute(call, "n_targets", 1);
  if (targets >= 1) return targets;
  throw nodeError(call, `n_targets is ${targets}, want at least 1`);
};

const integers = (call: Call, name: string): readonly number[] => {
  const values = integersAttribute(call, name);
  if (values === undefined) throw nodeError(call, `attribute ${name} is missing`);
  return values;
};

const numbers = (call: Call, name: string): readonly number[] => {
  const values = tensorAttribute(call, name);
  if (values === undefined) throw nodeError(call, `attribute ${name} is missing`);
  return values;
};

function numbered<Choice>(call: Call, name: string, choices: readonly Choice[], otherwise: number): Choice {
  const number = integerAttribute(call, name, otherwise);
  const choice = choices[number];
  if (choice !== undefined) return choice;
  throw nodeError(call, `attribute ${name} is ${number}, want 0 to ${choices.length - 1}`);
}

/** Reads node n as a branch, and node −1 − n as leaf n. */
function nodeReader(call: Call, targets: number): (node: number) => FileNode {
  const [leafTargets, leafWeights] = [integers(call, "leaf_targetids"), numbers(call, "leaf_weights")];
  const [modes, splits] = [numbers(call, "nodes_modes"), numbers(call, "nodes_splits")];
  const features = integers(call, "nodes_featureids");
  const [yes, yesIsLeaf] = [integers(call, "nodes_truenodeids"), integers(call, "nodes_trueleafs")];
  const [no, noIsLeaf] = [integers(call, "nodes_falsenodeids"), integers(call, "nodes_falseleafs")];
  const at = <Item>(items: readonly Item[], index: number, what: string): Item => {
    if (index in items) return items[index];
    throw nodeError(call, `${what} ${index} does not exist, want 0 to ${items.length - 1}`);
  };
  const child = (nodes: readonly number[], areLeaves: readonly number[], node: number): number =>
    at(areLeaves, node, "node") === 0 ? at(nodes, node, "node") : -1 - at(nodes, node, "node");
  return (node) => {
    if (node < 0) {
      const add = Array<number>(targets).fill(0);
      const target = at(leafTargets, -1 - node, "leaf");
      at(add, target, "target");
      add[target] = at(leafWeights, -1 - node, "leaf");
      return { add };
    }
    return {
      branch: branchOf(call, at(modes, node, "node")),
      feature: at(features, node, "node"),
      value: at(splits, node, "node"),
      yes: child(yes, yesIsLeaf, node),
      no: child(no, noIsLeaf, node),
    };
  };
}

function branchOf(call: Call, mode: number): Branch {
  if (mode in BRANCHES) return BRANCHES[mode];
  throw nodeError(call, `mode ${mode} is not supported, want 0 to ${BRANCHES.length - 1}: ${BRANCHES.join(", ")}`);
}
