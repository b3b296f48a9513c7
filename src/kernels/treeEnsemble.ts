import { InputError } from "../errors.ts";
import { requireIntegers } from "../ir/requireIntegers.ts";
import type { TreeEnsembleNode, TreeNode } from "../ir/integerGraph.ts";
import { arrayLiteral, constantFunction } from "./circomText.ts";
import { type Interval, type Kernel, unbounded } from "./kernel.ts";
import { type ScoreSum, type TreePlan, costOfRow, planTrees, reachableTrees, scoreBounds } from "./treePlan.ts";

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

  cost(node, [operand]) {
    const { nonlinear, linear } = costOfRow(planTrees(node, operand));
    return { nonlinear: node.batch * nonlinear, linear: node.batch * linear };
  },

  emit(node, [operand]) {
    const plan = planTrees(node, operand);
    const { output, batch, base } = node;
    const size = operand.low.length / batch;
    const rows = Array.from({ length: batch }, (_, b) => emitRow(node, plan, b, size));
    const hasLanes = plan.sums.some(({ lanes }) => lanes.length > 1);
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

const repeated = (values: Interval["low"], times: number): bigint[] =>
  Array.from({ length: times }, () => values).flat();

/** Functions that return the constants of the plan; circom has no empty arrays, so those hold an unused 0. */
function declare(output: string, { thermometers, products, sums }: TreePlan): string {
  const forms = [...products.map(({ factor }) => factor), ...sums.map(({ form }) => form)];
  const terms = forms.map((form) => [...form.terms]);
  const starts = [0];
  for (const { length } of terms) starts.push(starts[starts.length - 1] + length);
  const array = (name: string, values: readonly (number | bigint)[]): string =>
    constantFunction(`${output}_${name}`, arrayLiteral(values.length === 0 ? [0] : values));
  return [
    ...thermometers.map(({ feature, thresholds }) => array(`thresholds${feature}`, thresholds)),
    array(
      "comparisons",
      products.map(({ comparison }) => comparison),
    ),
    array("starts", starts),
    array(
      "atoms",
      terms.flat().map(([atom]) => atom),
    ),
    array(
      "coefficients",
      terms.flat().map(([, coefficient]) => coefficient),
    ),
    array(
      "constants",
      forms.map(({ constant }) => constant),
    ),
  ].join("");
}

/** Thermometers, the sums over the trees, and the scores. */
function emitRow({ output, input, base }: TreeEnsembleNode, plan: TreePlan, row: number, size: number): string[] {
  const { thermometers, comparisons, products, sums } = plan;
  const [above, sum] = [`${output}_above${row}`, `${output}_sum${row}`];
  const scoreAt = (score: number): string => `${output}[${row * base.length + score}]`;
  if (comparisons === 0) {
    return sums.flatMap(({ lanes, form }) => lanes.map(({ score }) => `${scoreAt(score)} <== ${form.constant};`));
  }
  let start = 0;
  const comparing = thermometers.flatMap(({ feature, thresholds, width, checksUpper }) => {
    const count = thresholds.length;
    const parameters = `${count}, ${output}_thresholds${feature}(), ${width}, ${Number(checksUpper)}`;
    const signal = `${above}_${feature}`;
    const lines = [
      `signal ${signal}[${count}] <== Thermometer(${parameters})(${input}[${row * size + feature}]);`,
      `for (var i = 0; i < ${count}; i++) { ${above}[${start} + i] <== ${signal}[i]; }`,
    ];
    start += count;
    return lines;
  });
  const constants = ["comparisons", "starts", "atoms", "coefficients", "constants"].map((name) => `${output}_${name}()`);
  const parameters = [comparisons, products.length, sums.length, ...constants].join(", ");
  return [
    `signal ${above}[${comparisons}];`,
    ...comparing,
    `signal ${sum}[${sums.length}] <== TreeEnsemble(${parameters})(${above});`,
    ...sums.flatMap(({ lanes }, index) => emitScores(lanes, `${sum}[${index}]`, `${sum}_lanes${index}`, scoreAt)),
  ];
}

function emitScores(
  lanes: ScoreSum["lanes"],
  sum: string,
  signal: string,
  scoreAt: (score: number) => string,
): string[] {
  if (lanes.length === 1) return [`${scoreAt(lanes[0].score)} <== ${sum};`];
  const widths = arrayLiteral(lanes.map(({ width }) => width));
  const lows = arrayLiteral(lanes.map(({ low }) => low));
  return [
    `signal ${signal}[${lanes.length}] <== TreeLanes(${lanes.length}, ${widths}, ${lows})(${sum});`,
    ...lanes.map(({ score }, lane) => `${scoreAt(score)} <== ${signal}[${lane}];`),
  ];
}
