import type { TreeNode } from "../ir/integerGraph.ts";
import type { RealTree, TreesStep } from "../ir/realGraph.ts";
import { uniform } from "./align.ts";
import { type IntegerValue, scaleAt, sizeOf, toInteger } from "./integerProgram.ts";
import type { Context } from "./quantiseSteps.ts";

/** Width of the scores' range in their own steps: what leaves add costs nothing. */
const SCORE_BITS = 20;

/** Decision trees. A real feature x ≤ t exactly where its integer is at most floor(t / scale). */
export function trees(step: TreesStep, context: Context): IntegerValue {
  const value = withEqualRows(context.presentOf(step.input, step.name), step, context);
  const { low, high } = context.plan.rangeOf(step.output);
  const extent = step.base.reduce((most, score) => Math.max(most, Math.abs(score)), Math.max(high, -low));
  const scale = step.base.every(Number.isInteger) && step.trees.every(isWhole) ? 1 : (extent || 1) / 2 ** SCORE_BITS;
  const features = sizeOf(value) / step.batch;
  const convert = (tree: RealTree): TreeNode =>
    "add" in tree
      ? { add: tree.add.map((score) => toInteger(score / scale, step.name)) }
      : {
          feature: tree.feature,
          threshold: wholeBelow(tree.threshold / scaleAt(value, tree.feature % features)),
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

/** A tree has one threshold for a feature of all rows, so they must have one scale. */
function withEqualRows(value: IntegerValue, { name, batch }: TreesStep, { program }: Context): IntegerValue {
  const features = sizeOf(value) / batch;
  const isEqual = value.exponents?.every((exponent, index) => exponent === value.exponents![index % features]) ?? true;
  return isEqual ? value : uniform(program, name, value);
}

/** The greatest integer that is at most `x`, as far as doubles are exact: no feature reaches beyond. */
const wholeBelow = (x: number): number =>
  Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Math.floor(x)));

const isWhole = (tree: RealTree): boolean =>
  "add" in tree
    ? tree.add.every((score) => Number.isInteger(score) && Math.abs(score) < 2 ** SCORE_BITS)
    : isWhole(tree.yes) && isWhole(tree.no);
