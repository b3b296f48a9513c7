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

/** Cuts that are not yet decided on a way through a tree, by feature. */
type OpenCuts = readonly (readonly number[])[];

/**
 * The program of an ensemble of full trees drawn from a fixed seed, as dear as its shape allows: every leaf can be reached,
 * and cuts repeat only once none is new. What a circuit costs depends on the numbers of cuts and nodes, not on what was
 * learnt.
 */
export function seededTrees(name: string, shape: EnsembleShape): IntegerGraph {
  const random = mulberry32(1);
  const draw = (count: number) => Math.floor(random() * count);
  const cuts = Array.from({ length: shape.features }, () => drawCuts(shape, draw));
  const unused = cuts.map((ofFeature) => new Set(ofFeature));
  const grow = (depth: number, open: OpenCuts): TreeNode => {
    if (depth === 0) return { add: [draw(2 ** shape.scoreBits) - 2 ** (shape.scoreBits - 1)] };
    const divisible = open.flatMap((ofFeature, index) => (ofFeature.length > 0 ? [index] : []));
    const feature = divisible[draw(divisible.length)];
    const fresh = open[feature].filter((cut) => unused[feature].has(cut));
    const choice = fresh.length > 0 ? fresh : open[feature];
    const threshold = choice[draw(choice.length)];
    unused[feature].delete(threshold);
    const left = (keeps: (cut: number) => boolean) =>
      open.map((ofFeature, index) => (index === feature ? ofFeature.filter(keeps) : ofFeature));
    const yes = grow(
      depth - 1,
      left((cut) => cut < threshold),
    );
    return {
      feature,
      threshold,
      yes,
      no: grow(
        depth - 1,
        left((cut) => cut > threshold),
      ),
    };
  };
  const trees = Array.from({ length: shape.trees }, () => grow(shape.depth, cuts));
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
