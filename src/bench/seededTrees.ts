import type { IntegerGraph, TreeNode } from "../ir/integerGraph.ts";
import { mulberry32 } from "../passes/seededSamples.ts";
import { smallProgram } from "./smallProgram.ts";

/** Shape of an ensemble. */
export interface EnsembleShape {
  readonly trees: number;
  readonly depth: number;
  readonly features: number;
  /** Width of a feature. */
  readonly featureBits: number;
  /** A feature is cut at this many places less one, as boosting on histograms does. */
  readonly bins: number;
  /** Width of a leaf's score, sign included. */
  readonly scoreBits: number;
}

/**
 * The program of an ensemble of full trees whose features, cuts and scores are drawn from a fixed seed: what a circuit
 * costs depends on the number of different cuts and nodes, not on what was learnt.
 */
export function seededTrees(name: string, shape: EnsembleShape): IntegerGraph {
  const random = mulberry32(1);
  const draw = (count: number) => Math.floor(random() * count);
  const cuts = Array.from({ length: shape.features }, () => drawCuts(shape, draw));
  const grow = (depth: number): TreeNode => {
    if (depth === 0) return { add: [draw(2 ** shape.scoreBits) - 2 ** (shape.scoreBits - 1)] };
    const feature = draw(shape.features);
    const threshold = cuts[feature][draw(cuts[feature].length)];
    return { feature, threshold, yes: grow(depth - 1), no: grow(depth - 1) };
  };
  const trees = Array.from({ length: shape.trees }, () => grow(shape.depth));
  return smallProgram(
    name,
    { x: { shape: [shape.features], bits: shape.featureBits, signed: false } },
    { kernel: "TreeEnsemble", name: "trees", output: "score", input: "x", batch: 1, base: [0], trees },
  );
}

/** Different places to cut a feature, in the order drawn. */
function drawCuts({ bins, featureBits }: EnsembleShape, draw: (count: number) => number): number[] {
  const cuts = new Set<number>();
  while (cuts.size < bins - 1) cuts.add(draw(2 ** featureBits - 1));
  return [...cuts];
}
