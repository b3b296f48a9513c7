import type { RealTree } from "../../ir/realGraph.ts";
import type { StepBuilder } from "../operators/operator.ts";

/** How the trees' scores become one, `base` being added at the end. */
export const AGGREGATES = ["SUM", "AVERAGE", "MIN", "MAX"] as const;
export type Aggregate = (typeof AGGREGATES)[number];

/** Scores of every row: `rows` times as many as `base` has elements. */
export function aggregateTrees(
  builder: StepBuilder,
  input: string,
  rows: number,
  aggregate: Aggregate,
  base: readonly number[],
  trees: readonly RealTree[],
): string {
  if (aggregate === "SUM") return builder.trees(input, rows, base, trees);
  if (aggregate === "AVERAGE") {
    const mean = trees.map((tree) => mapLeaves(tree, (add) => add.map((value) => value / trees.length)));
    return builder.trees(input, rows, base, mean);
  }
  return builder.extreme(
    aggregate === "MIN" ? "min" : "max",
    [eachTree(builder, input, rows, base, trees)],
    Array.from({ length: rows * base.length }, (_, at) => {
      const [row, score] = [Math.floor(at / base.length), at % base.length];
      return trees.map((__, tree) => (row * trees.length + tree) * base.length + score);
    }),
  );
}

/** The scores of each tree with the base, tree after tree for every row. */
function eachTree(
  builder: StepBuilder,
  input: string,
  rows: number,
  base: readonly number[],
  trees: readonly RealTree[],
): string {
  const scores = trees.length * base.length;
  const apart = trees.map((tree, at) =>
    mapLeaves(tree, (add) => Array.from({ length: scores }, (_, score) => add[score - at * base.length] ?? 0)),
  );
  return builder.trees(
    input,
    rows,
    trees.flatMap(() => base),
    apart,
  );
}

/** The tree with other leaves. */
export const mapLeaves = (tree: RealTree, change: (add: readonly number[]) => readonly number[]): RealTree =>
  "add" in tree
    ? { add: change(tree.add) }
    : { ...tree, yes: mapLeaves(tree.yes, change), no: mapLeaves(tree.no, change) };
