import { InputError } from "../errors.ts";
import { requireIntegers } from "../ir/requireIntegers.ts";
import type { TreeEnsembleNode, TreeNode } from "../ir/integerGraph.ts";
import { arrayLiteral, constantFunction } from "./circomText.ts";
import { type Interval, type Kernel, unbounded } from "./kernel.ts";
import type { LinearForm } from "./treeForms.ts";
import {
  type Lane,
  type TreePart,
  type TreePlan,
  costOfRow,
  planTrees,
  reachableTrees,
  scoreBounds,
} from "./treePlan.ts";

/** Deepest tree: what recursion takes easily and no trained model reaches. */
const MAX_DEPTH = 256;

/** Sums of decision trees, row by row. */
export const treeEnsemble: Kernel<TreeEnsembleNode> = {
  operands: ({ input }) => [input],

  requireAttributes({ name, batch, base, trees }) {
    const what = `kernel ${name} (TreeEnsemble):`;
    requireIntegers(`${what} batch`, [batch], 1);
    requireIntegers(`${what} base`, base);
    if (base.length === 0) throw new InputError(`${what} has no base, want one a score`);
    for (const tree of trees) requireTree(tree, what, base.length, MAX_DEPTH);
  },

  reference({ batch, base, trees }, [input]) {
    const size = input.length / batch;
    return Array.from({ length: batch }, (_, b) => {
      const row = input.slice(b * size, (b + 1) * size);
      const leaves = trees.map((tree) => leafOf(tree, row));
      return base.map((start, score) => leaves.reduce((sum, add) => sum + BigInt(add[score]), BigInt(start)));
    }).flat();
  },

  /** Exact for a single tree; trees that share features may not reach their extremes together. */
  interval: boundsOfScores,

  /**
   * The thermometers alone make every comparison a boolean, and those of a feature descending, whatever the operand is.
   * So they are the comparisons of some features within the proven bounds, which reach one leaf of every tree.
   */
  boundResult: (node, operands) => boundsOfScores(node, operands),

  /** A feature with a thermometer lies within its width of the first and the last threshold; others are not read. */
  boundOperands(node, [operand]) {
    const bounds = unbounded(operand.low.length);
    const [low, high] = [[...bounds.low], [...bounds.high]];
    const size = low.length / node.batch;
    for (const { feature, thresholds, width } of planTrees(node, operand).thermometers) {
      for (let index = feature; index < low.length; index += size) {
        low[index] = BigInt(thresholds[0]) + 1n - (1n << BigInt(width));
        high[index] = BigInt(thresholds[thresholds.length - 1]) + (1n << BigInt(width));
      }
    }
    return [{ low, high }];
  },

  /** A score that is a comparison, which is the feature itself where that is 0 or 1. */
  copies(node, [operand]) {
    const plan = planTrees(node, operand);
    const size = operand.low.length / node.batch;
    const copied = Array<number>(node.base.length).fill(-1);
    plan.words.forEach((lanes, word) => {
      if (lanes.length === 1 && plan.parts.length === 1)
        copied[lanes[0].score] = featureThatIs(plan.parts[0].sums[word], plan.thermometers);
    });
    return Array.from({ length: node.batch }, (_, row) =>
      copied.map((feature) => (feature === -1 ? -1 : row * size + feature)),
    ).flat();
  },

  cost(node, [operand]) {
    const { nonlinear, linear } = costOfRow(planTrees(node, operand));
    return { nonlinear: node.batch * nonlinear, linear: node.batch * linear };
  },

  emit(node, [operand]) {
    const plan = planTrees(node, operand);
    const { output, batch, base } = node;
    const size = operand.low.length / batch;
    const rows = Array.from({ length: batch }, (_, b) => emitRow(node, plan, b, size));
    const hasLanes = plan.words.some(({ length }) => length > 1);
    return {
      includes: [
        ...(plan.comparisons > 0 ? ["Thermometer.circom", "TreeEnsemble.circom"] : []),
        ...(hasLanes ? ["TreeLanes.circom"] : []),
      ],
      declarations: plan.comparisons > 0 ? declare(output, plan) : "",
      statements: [`signal ${output}[${batch * base.length}];`, ...rows.flat()].join("\n"),
    };
  },
};

function requireTree(tree: TreeNode, what: string, scores: number, depth: number): void {
  if (depth === 0) throw new InputError(`${what} a tree is deeper than ${MAX_DEPTH}`);
  if ("add" in tree) {
    requireIntegers(`${what} leaf`, tree.add);
    if (tree.add.length === scores) return;
    throw new InputError(`${what} a leaf adds to ${tree.add.length} scores, want ${scores}`);
  }
  requireIntegers(`${what} feature`, [tree.feature], 0);
  requireIntegers(`${what} threshold`, [tree.threshold]);
  requireTree(tree.yes, what, scores, depth - 1);
  requireTree(tree.no, what, scores, depth - 1);
}

function leafOf(tree: TreeNode, row: readonly bigint[]): readonly number[] {
  let node = tree;
  while (!("add" in node)) node = row[node.feature] <= BigInt(node.threshold) ? node.yes : node.no;
  return node.add;
}

function boundsOfScores(node: TreeEnsembleNode, [operand]: readonly Interval[]): Interval {
  const { low, high } = scoreBounds(node, reachableTrees(node, operand));
  return { low: repeated(low, node.batch), high: repeated(high, node.batch) };
}

/** The feature whose one comparison is both the feature, of 0 and 1, and the form; −1 where there is none. */
function featureThatIs({ constant, terms }: LinearForm, thermometers: TreePlan["thermometers"]): number {
  const [[atom, coefficient] = [-1, 0n]] = terms;
  if (constant !== 0n || terms.size !== 1 || coefficient !== 1n) return -1;
  let start = 0;
  for (const { feature, thresholds, width } of thermometers) {
    if (start === atom && thresholds.length === 1 && thresholds[0] === 0 && width === 0) return feature;
    start += thresholds.length;
  }
  return -1;
}

const repeated = (values: Interval["low"], times: number): bigint[] =>
  Array.from({ length: times }, () => values).flat();

/** Functions that return the constants of the plan. */
function declare(output: string, { thermometers, parts }: TreePlan): string {
  return [
    ...thermometers.map(({ feature, thresholds }) =>
      constantFunction(`${output}_thresholds${feature}`, arrayLiteral(thresholds)),
    ),
    ...parts.flatMap((part, index) =>
      tablesOf(part).map(({ name, values }) =>
        // circom has no empty arrays: those hold an unused 0.
        constantFunction(`${output}_part${index}_${name}`, arrayLiteral(values.length === 0 ? [0] : values)),
      ),
    ),
  ].join("");
}

/** The arrays that circuits/lib/TreeEnsemble.circom takes, in its order. */
function tablesOf({ products, sums }: TreePart): { name: string; values: readonly (number | bigint)[] }[] {
  const forms = [...products.map(({ factor }) => factor), ...sums];
  const terms = forms.map((form) => [...form.terms]);
  const starts = [0];
  for (const { length } of terms) starts.push(starts[starts.length - 1] + length);
  return [
    { name: "comparisons", values: products.map(({ comparison }) => comparison) },
    { name: "starts", values: starts },
    { name: "atoms", values: terms.flat().map(([atom]) => atom) },
    { name: "coefficients", values: terms.flat().map(([, coefficient]) => coefficient) },
    { name: "constants", values: forms.map(({ constant }) => constant) },
  ];
}

/** Comparisons, sums over the trees and scores of one row of `size` features. */
function emitRow(node: TreeEnsembleNode, plan: TreePlan, row: number, size: number): string[] {
  const { output, base } = node;
  const scoreAt = (score: number): string => `${output}[${row * base.length + score}]`;
  if (plan.comparisons === 0) {
    return plan.words.map(([{ score, low }]) => `${scoreAt(score)} <== ${low};`);
  }
  const above = `${output}_above${row}`;
  const sumOf = (part: number): string => `${output}_sum${row}_${part}`;
  return [
    ...emitComparisons(node, plan, row * size, above),
    ...plan.parts.map((part, index) => {
      const tables = tablesOf(part).map(({ name }) => `${output}_part${index}_${name}()`);
      const parameters = [plan.comparisons, part.products.length, plan.words.length, ...tables].join(", ");
      return `signal ${sumOf(index)}[${plan.words.length}] <== TreeEnsemble(${parameters})(${above});`;
    }),
    ...plan.words.flatMap((lanes, word) => {
      const sum = plan.parts.map((_, index) => `${sumOf(index)}[${word}]`).join(" + ");
      return emitScores(lanes, sum, `${output}_word${row}_${word}`, scoreAt);
    }),
  ];
}

/** Declares `above`, all comparisons of one row of features. */
function emitComparisons(
  { output, input }: TreeEnsembleNode,
  { thermometers, comparisons }: TreePlan,
  firstFeature: number,
  above: string,
): string[] {
  let start = 0;
  const lines = thermometers.flatMap(({ feature, thresholds, width, checksUpper }) => {
    const count = thresholds.length;
    const parameters = `${count}, ${output}_thresholds${feature}(), ${width}, ${Number(checksUpper)}`;
    const signal = `${above}_${feature}`;
    const copy = `for (var i = 0; i < ${count}; i++) { ${above}[${start} + i] <== ${signal}[i]; }`;
    start += count;
    return [`signal ${signal}[${count}] <== Thermometer(${parameters})(${input}[${firstFeature + feature}]);`, copy];
  });
  return [`signal ${above}[${comparisons}];`, ...lines];
}

function emitScores(lanes: readonly Lane[], sum: string, word: string, scoreAt: (score: number) => string): string[] {
  if (lanes.length === 1) return [`${scoreAt(lanes[0].score)} <== ${sum};`];
  const widths = arrayLiteral(lanes.map(({ width }) => width));
  const lows = arrayLiteral(lanes.map(({ low }) => low));
  return [
    `signal ${word} <== ${sum};`,
    `signal ${word}_lanes[${lanes.length}] <== TreeLanes(${lanes.length}, ${widths}, ${lows})(${word});`,
    ...lanes.map(({ score }, lane) => `${scoreAt(score)} <== ${word}_lanes[${lane}];`),
  ];
}
