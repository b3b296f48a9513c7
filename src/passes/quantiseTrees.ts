import type { TreeNode } from "../ir/integerGraph.ts";
import type { RealTree, TreesStep } from "../ir/realGraph.ts";
import { type IntegerValue, scaleAt, sizeOf, toInteger } from "./integerProgram.ts";
import type { Context } from "./quantiseSteps.ts";

/** Width of the scores' range in their own steps: what leaves add costs nothing. */
const SCORE_BITS = 20;

/** Decision trees. A real feature x ≤ t exactly where its integer is at most floor(t / scale). */
export function trees(step: TreesStep, context: Context): IntegerValue {
  const value = context.presentOf(step.input, step.name);
  const { low, high } = context.plan.rangeOf(step.output);
  const extent = Math.max(high, -low, ...step.base.map(Math.abs));
  const scale = step.base.every(Number.isInteger) && step.trees.every(isWhole) ? 1 : (extent || 1) / 2 ** SCORE_BITS;
  const features = sizeOf(value) / step.batch;
  const convert = (tree: RealTree): TreeNode =>
    "add" in tree
      ? { add: tree.add.map((score) => toInteger(score / scale, step.name)) }
      : {
          feature: tree.feature,
          threshold: Math.floor(tree.threshold / scaleAt(value, tree.feature % features)),
          yes: convert(tree.yes),
          no: convert(tree.no),
        };
  return context.program.append(
    step.name,
    {
      kernel: "TreeEnsemble",
      input: value.name,
      batch: step.batch,
      base: step.base.map((score) => toInteger(score / scale, step.name)),
      trees: step.trees.map(convert),
    },
    scale,
  );
}

const isWhole = (tree: RealTree): boolean =>
  "add" in tree
    ? tree.add.every((score) => Number.isInteger(score) && Math.abs(score) < 2 ** SCORE_BITS)
    : isWhole(tree.yes) && isWhole(tree.no);
