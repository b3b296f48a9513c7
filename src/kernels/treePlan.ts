import { MAX_ELEMENT_BITS } from "../codec/codec.ts";
import { InputError } from "../errors.ts";
import type { TreeEnsembleNode, TreeNode } from "../ir/integerGraph.ts";
import { bitLength } from "./bitLength.ts";
import { affineRows } from "./circomText.ts";
import type { Cost, Interval } from "./kernel.ts";
import { type LinearForm, type Packing, TreeForms } from "./treeForms.ts";

/** Products in one instance of a template: its tables must fit a function of the witness program. */
const PART_PRODUCTS = 1 << 14;

/** What the circuit of one row of an ensemble computes; the same for every row. */
export interface TreePlan {
  /** One for each feature that a tree still asks for, in the order of features. */
  readonly thermometers: readonly Thermometer[];
  /** Comparisons of all thermometers one after another: the first atoms of the forms. */
  readonly comparisons: number;
  /** The trees, in a few parts where they are many; the base is in the first. */
  readonly parts: readonly TreePart[];
  /** Scores that are summed in one number each, as lanes where they are several. */
  readonly words: readonly (readonly Lane[])[];
}

export interface TreePart {
  /** Products of a comparison and a form, the atoms after the comparisons; each reads earlier ones only. */
  readonly products: readonly { readonly comparison: number; readonly factor: LinearForm }[];
  /** What these trees add to each word: Σ score · 2^start, `start` being the widths of the lanes before. */
  readonly sums: readonly LinearForm[];
}

/** Comparisons of one feature with its thresholds; see circuits/lib/Thermometer.circom. */
export interface Thermometer {
  readonly feature: number;
  /** Ascending; the feature may be at most, or above, each of them. */
  readonly thresholds: readonly number[];
  /** Bits that hold the position in a bin. */
  readonly width: number;
  /** Whether a bin between two thresholds is narrower than its width. */
  readonly checksUpper: boolean;
}

/** A score in a word, in [low, low + 2^width) with its base. */
export interface Lane {
  readonly score: number;
  readonly low: bigint;
  readonly width: number;
}

/** The cheapest circuit for the rows of `operand`; scores share products in lanes where that saves constraints. */
export function planTrees(node: TreeEnsembleNode, operand: Interval): TreePlan {
  const trees = reachableTrees(node, operand);
  const bounds = boundsOfRow(node, operand);
  const scores = scoreLanes(node, trees);
  const thermometers = thermometersOf(node, trees, bounds);
  const separate = planWords(
    node,
    trees,
    thermometers,
    scores.map((lane) => [lane]),
  );
  const varying = scores.filter(({ width }) => width > 0);
  if (varying.length < 2) return separate;
  const fixed = scores.filter(({ width }) => width === 0).map((lane) => [lane]);
  const shared = planWords(node, trees, thermometers, [...lanesByWord(varying), ...fixed]);
  return totalOf(costOfRow(shared)) < totalOf(costOfRow(separate)) ? shared : separate;
}

/** Constraints of one row. */
export function costOfRow({ thermometers, parts, words }: TreePlan): Cost {
  const cost = { nonlinear: 0, linear: 0 };
  for (const { thresholds, width, checksUpper } of thermometers) {
    cost.nonlinear += thresholds.length + (checksUpper ? 2 : 1) * width;
    // A feature that is its thermometer is one linear constraint, or the very signal of a single comparison.
    if (width === 0) cost.linear += affineRows(Array(thresholds.length).fill(1), thresholds[0]);
  }
  for (const { products, sums } of parts) {
    cost.nonlinear += products.length;
    for (const { terms, constant } of sums) cost.linear += affineRows([...terms.values()], constant);
  }
  words.forEach((lanes, word) => {
    cost.linear += rowsOfWord(parts.map(({ sums }) => sums[word]));
    if (lanes.length === 1) return;
    cost.linear += 1;
    cost.nonlinear += lanes.reduce((sum, { width }) => sum + width, 0);
  });
  return cost;
}

/** Linear constraints that add up what the parts give; parts without terms are constants by then. */
function rowsOfWord(sums: readonly LinearForm[]): number {
  const constants = sums.filter(({ terms }) => terms.size === 0);
  const varying = sums.length - constants.length;
  return affineRows(
    Array(varying).fill(1),
    constants.reduce((sum, { constant }) => sum + constant, 0n),
  );
}

const totalOf = ({ nonlinear, linear }: Cost): number => nonlinear + linear;

/** The trees without branches that the bounds of the features decide, also by what was asked before on the same path. */
export function reachableTrees(node: TreeEnsembleNode, operand: Interval): TreeNode[] {
  const { low, high } = boundsOfRow(node, operand);
  return node.trees.map((tree) => prune(tree, low, high));
}

/** Bounds of each score over the leaves of the trees, base included. */
export function scoreBounds({ base }: TreeEnsembleNode, trees: readonly TreeNode[]): Interval {
  const low = base.map(BigInt);
  const high = base.map(BigInt);
  for (const tree of trees) {
    const bounds = leafBounds(tree);
    bounds.low.forEach((value, score) => (low[score] += value));
    bounds.high.forEach((value, score) => (high[score] += value));
  }
  return { low, high };
}

/** Bounds of each feature over all rows. */
function boundsOfRow({ name, batch, trees }: TreeEnsembleNode, { low, high }: Interval) {
  const size = low.length / batch;
  const most = trees.reduce((greatest, tree) => Math.max(greatest, greatestFeature(tree)), -1);
  if (!Number.isInteger(size) || most >= size) {
    throw new InputError(
      `kernel ${name} (TreeEnsemble): got ${low.length} elements in ${batch} rows, want equal rows of at least ${most + 1} features`,
    );
  }
  const hull = { low: low.slice(0, size), high: high.slice(0, size) };
  for (let index = size; index < low.length; index++) {
    if (low[index] < hull.low[index % size]) hull.low[index % size] = low[index];
    if (high[index] > hull.high[index % size]) hull.high[index % size] = high[index];
  }
  return hull;
}

const greatestFeature = (tree: TreeNode): number =>
  "add" in tree ? -1 : Math.max(tree.feature, greatestFeature(tree.yes), greatestFeature(tree.no));

/** Narrows the bounds on the way down and restores them. */
function prune(tree: TreeNode, low: bigint[], high: bigint[]): TreeNode {
  if ("add" in tree) return tree;
  const { feature, threshold } = tree;
  const [least, most, limit] = [low[feature], high[feature], BigInt(threshold)];
  if (most <= limit) return prune(tree.yes, low, high);
  if (least > limit) return prune(tree.no, low, high);
  high[feature] = limit;
  const yes = prune(tree.yes, low, high);
  high[feature] = most;
  low[feature] = limit + 1n;
  const no = prune(tree.no, low, high);
  low[feature] = least;
  return isSameLeaf(yes, no) ? yes : { feature, threshold, yes, no };
}

const isSameLeaf = (yes: TreeNode, no: TreeNode): boolean =>
  "add" in yes && "add" in no && yes.add.every((value, score) => value === no.add[score]);

function leafBounds(tree: TreeNode): Interval {
  if ("add" in tree) {
    const add = tree.add.map(BigInt);
    return { low: add, high: add };
  }
  const [yes, no] = [leafBounds(tree.yes), leafBounds(tree.no)];
  return {
    low: yes.low.map((value, score) => (value < no.low[score] ? value : no.low[score])),
    high: yes.high.map((value, score) => (value > no.high[score] ? value : no.high[score])),
  };
}

function thermometersOf(
  { name }: TreeEnsembleNode,
  trees: readonly TreeNode[],
  { low, high }: Interval,
): Thermometer[] {
  const asked = new Map<number, Set<number>>();
  for (const tree of trees) collectThresholds(tree, asked);
  return [...asked.keys()]
    .sort((a, b) => a - b)
    .map((feature) => {
      const thresholds = [...asked.get(feature)!].sort((a, b) => a - b);
      const between = thresholds.slice(1).map((threshold, j) => BigInt(threshold) - BigInt(thresholds[j]));
      const first = BigInt(thresholds[0]) - low[feature] + 1n;
      const last = high[feature] - BigInt(thresholds[thresholds.length - 1]);
      const widest = [first, last, ...between].reduce((most, size) => (size > most ? size : most));
      const width = bitLength(widest - 1n);
      if (width > MAX_ELEMENT_BITS) {
        throw new InputError(
          `kernel ${name} (TreeEnsemble): feature ${feature} spans ${low[feature]} to ${high[feature]}, want at most ${MAX_ELEMENT_BITS} bits beside a threshold`,
        );
      }
      return { feature, thresholds, width, checksUpper: between.some((size) => size !== 1n << BigInt(width)) };
    });
}

function collectThresholds(tree: TreeNode, asked: Map<number, Set<number>>): void {
  if ("add" in tree) return;
  const thresholds = asked.get(tree.feature);
  if (thresholds === undefined) asked.set(tree.feature, new Set([tree.threshold]));
  else thresholds.add(tree.threshold);
  collectThresholds(tree.yes, asked);
  collectThresholds(tree.no, asked);
}

function scoreLanes(node: TreeEnsembleNode, trees: readonly TreeNode[]): Lane[] {
  const { low, high } = scoreBounds(node, trees);
  return low.map((least, score) => ({ score, low: least, width: bitLength(high[score] - least) }));
}

/** Scores in order, as many in a sum as one number holds. */
function lanesByWord(lanes: readonly Lane[]): Lane[][] {
  const words: Lane[][] = [];
  let left = 0;
  for (const lane of lanes) {
    if (lane.width > left) {
      words.push([]);
      left = MAX_ELEMENT_BITS;
    }
    words[words.length - 1].push(lane);
    left -= lane.width;
  }
  return words;
}

/** Forms for given lanes; products that several words need are shared. */
function planWords(
  { base }: TreeEnsembleNode,
  trees: readonly TreeNode[],
  thermometers: readonly Thermometer[],
  words: readonly (readonly Lane[])[],
): TreePlan {
  const packings = words.map(packingOf);
  const parts = [new TreeForms(thermometers, packings)];
  // A base is a tree of one leaf.
  for (const tree of [{ add: base }, ...trees]) {
    if (parts[parts.length - 1].products.length >= PART_PRODUCTS) parts.push(new TreeForms(thermometers, packings));
    parts[parts.length - 1].add(tree);
  }
  const comparisons = thermometers.reduce((sum, { thresholds }) => sum + thresholds.length, 0);
  return { thermometers, comparisons, parts, words };
}

/** Puts what a leaf adds to the scores of a word into their lanes. */
function packingOf(lanes: readonly Lane[]): Packing {
  let start = 0n;
  const factors = lanes.map(({ width }) => {
    const factor = 1n << start;
    start += BigInt(width);
    return factor;
  });
  return (add) => lanes.reduce((sum, { score }, index) => sum + factors[index] * BigInt(add[score]), 0n);
}
