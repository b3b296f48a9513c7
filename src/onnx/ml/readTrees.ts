import type { RealTree } from "../../ir/realGraph.ts";
import { type Call, integersAttribute, nodeError } from "../operators/operator.ts";
import { numbersOrTensor, textsAttribute } from "./attributes.ts";
import { BRANCHES, type Branch, type FileNode, TreeExpander } from "./expandTree.ts";

/** Trees of a TreeEnsembleClassifier or Regressor, and what their leaves were said to add. */
export interface FileTrees {
  readonly trees: readonly RealTree[];
  /** Scores that each leaf names, by leaf. */
  readonly namedScores: readonly (readonly number[])[];
  /** All that leaves add. */
  readonly weights: readonly number[];
}

/** The columns of the attributes `nodes_…`, one row a node. */
interface Columns {
  readonly trees: readonly number[];
  readonly ids: readonly number[];
  readonly features: readonly number[];
  readonly modes: readonly string[];
  readonly values: readonly number[];
  readonly yes: readonly number[];
  readonly no: readonly number[];
}

/** What one leaf adds, by score. */
type Leaf = Map<number, number>;

/**
 * Reads the trees of attributes `nodes_…` and of what leaves add, `<prefix>_…` (`class` or `target`), to `scores` scores.
 * Throws InputError on attributes of different lengths and on nodes that do not exist.
 */
export function readTrees(call: Call, prefix: "class" | "target", scores: number, features: number): FileTrees {
  const columns = nodeColumns(call);
  const rowOf = new Map(columns.ids.map((id, row) => [`${columns.trees[row]}:${id}`, row]));
  if (rowOf.size !== columns.ids.length) throw nodeError(call, "two nodes of a tree have the same id");
  const rowAt = (tree: number, id: number): number => {
    const row = rowOf.get(`${tree}:${id}`);
    if (row === undefined) throw nodeError(call, `tree ${tree} has no node ${id}`);
    return row;
  };
  const leaves = readLeaves(call, prefix, scores, rowAt);
  const add = (row: number): number[] => Array.from({ length: scores }, (_, score) => leaves.get(row)?.get(score) ?? 0);
  const read = (row: number): FileNode =>
    columns.modes[row] === "LEAF"
      ? { add: add(row) }
      : {
          branch: branchOf(call, columns.modes[row]),
          feature: columns.features[row],
          value: columns.values[row],
          yes: rowAt(columns.trees[row], columns.yes[row]),
          no: rowAt(columns.trees[row], columns.no[row]),
        };
  const expander = new TreeExpander(call, features, read);
  const leafRows = columns.modes.flatMap((mode, row) => (mode === "LEAF" ? [row] : []));
  return {
    trees: rootsOf(call, columns, rowAt).map((root) => expander.tree(root)),
    namedScores: leafRows.map((row) => [...(leaves.get(row)?.keys() ?? [])]),
    weights: leafRows.flatMap((row) => [...(leaves.get(row)?.values() ?? [])]),
  };
}

function nodeColumns(call: Call): Columns {
  const columns = {
    trees: integersAttribute(call, "nodes_treeids") ?? [],
    ids: integersAttribute(call, "nodes_nodeids") ?? [],
    features: integersAttribute(call, "nodes_featureids") ?? [],
    modes: textsAttribute(call, "nodes_modes") ?? [],
    values: numbersOrTensor(call, "nodes_values") ?? [],
    yes: integersAttribute(call, "nodes_truenodeids") ?? [],
    no: integersAttribute(call, "nodes_falsenodeids") ?? [],
  };
  requireEqualLengths(call, "nodes_…", Object.values(columns));
  return columns;
}

function readLeaves(
  call: Call,
  prefix: string,
  scores: number,
  rowAt: (tree: number, id: number) => number,
): Map<number, Leaf> {
  const trees = integersAttribute(call, `${prefix}_treeids`) ?? [];
  const nodes = integersAttribute(call, `${prefix}_nodeids`) ?? [];
  const ids = integersAttribute(call, `${prefix}_ids`) ?? [];
  const weights = numbersOrTensor(call, `${prefix}_weights`) ?? [];
  requireEqualLengths(call, `${prefix}_…`, [trees, nodes, ids, weights]);
  const leaves = new Map<number, Leaf>();
  ids.forEach((score, index) => {
    if (!(score >= 0 && score < scores)) throw nodeError(call, `${prefix}_ids holds ${score}, want 0 to ${scores - 1}`);
    const row = rowAt(trees[index], nodes[index]);
    const leaf = leaves.get(row) ?? new Map<number, number>();
    leaves.set(row, leaf.set(score, (leaf.get(score) ?? 0) + weights[index]));
  });
  return leaves;
}

/** The nodes that no branch leads to, one a tree, in the order of the file. */
function rootsOf(call: Call, columns: Columns, rowAt: (tree: number, id: number) => number): number[] {
  const { trees, modes, yes, no } = columns;
  const children = new Set(
    modes.flatMap((mode, row) => (mode === "LEAF" ? [] : [rowAt(trees[row], yes[row]), rowAt(trees[row], no[row])])),
  );
  const roots = modes.flatMap((_, row) => (children.has(row) ? [] : [row]));
  const rooted = new Set(roots.map((row) => trees[row]));
  if (rooted.size === roots.length && rooted.size === new Set(trees).size) return roots;
  throw nodeError(call, "want one root a tree: a node that no branch leads to");
}

function branchOf(call: Call, mode: string): Branch {
  const found = BRANCHES.find((branch) => branch === mode);
  if (found !== undefined) return found;
  throw nodeError(call, `mode ${JSON.stringify(mode)} is not supported; supported: LEAF, ${BRANCHES.join(", ")}`);
}

function requireEqualLengths(call: Call, what: string, columns: readonly (readonly unknown[])[]): void {
  const lengths = new Set(columns.map(({ length }) => length));
  if (lengths.size > 1) throw nodeError(call, `attributes ${what} have ${[...lengths].join(" and ")} elements`);
  if (lengths.has(0)) throw nodeError(call, `attributes ${what} are empty`);
}
