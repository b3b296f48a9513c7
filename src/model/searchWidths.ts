import { InputError } from "../errors.ts";
import type { Sample } from "../passes/evaluateReal.ts";
import { faithfulnessOf } from "../passes/faithfulness.ts";
import type { QuantisedModel, WidthOptions } from "../passes/quantise.ts";
import { type EmittedModel, emitModel } from "./compileModel.ts";

/** A program at certain widths. */
export interface Candidate {
  readonly widths: Required<WidthOptions>;
  readonly quantised: QuantisedModel;
  readonly emitted: EmittedModel;
  /** Percent: share of labels that are the model's, or else 100 less the greatest error as a share of the range. */
  readonly accuracy: number;
}

export interface WidthSearch {
  /** Percent that the program has to keep on the samples. */
  readonly accuracy: number;
  readonly samples: readonly Sample[];
  /** Quantises at given widths. */
  readonly quantise: (widths: WidthOptions) => QuantisedModel;
  readonly onCandidate: (candidate: Candidate) => void;
}

/** Uniform widths that the search starts from: the first that are accurate enough. */
const STARTS = [8, 10, 12, 14, 16];

const LEAST_BITS = 2;

/** Programs that a search looks at, at most. */
const MOST_CANDIDATES = 120;

const GLOBAL = ["activationBits", "weightBits", "inputBits"] as const;
const OF_LAYER = ["activationBits", "weightBits"] as const;

/**
 * Finds widths of few constraints at which a program is still accurate: uniform ones first, lowered one bit at a time
 * where that saves most, then layer by layer from the costliest. Greedy, so not always the least there is. Throws
 * InputError with the best accuracy that was reached and its cost where none is enough.
 */
export function searchWidths(search: WidthSearch): Candidate {
  let left = MOST_CANDIDATES;
  const look = (widths: Candidate["widths"]): Candidate => {
    left -= 1;
    const candidate = candidateAt(search, widths);
    search.onCandidate(candidate);
    return candidate;
  };
  const cheaper = (best: Candidate, options: readonly Candidate["widths"][]): Candidate =>
    options
      .filter(() => left > 0)
      .map(look)
      .filter(({ accuracy, emitted }) => accuracy >= search.accuracy && totalOf(emitted) < totalOf(best.emitted))
      .reduce((least, one) => (totalOf(one.emitted) < totalOf(least.emitted) ? one : least), best);

  let best = start(search, look);
  for (let next = cheaper(best, lowered(best)); next !== best; next = cheaper(best, lowered(best))) best = next;
  for (const layer of layersOf(best)) {
    for (const kind of OF_LAYER) {
      for (let next = cheaper(best, loweredLayer(best, layer, kind)); next !== best;) {
        best = next;
        next = cheaper(best, loweredLayer(best, layer, kind));
      }
    }
  }
  return best;
}

const totalOf = ({ emitted }: EmittedModel): number => emitted.cost.total;

function candidateAt({ quantise, samples }: WidthSearch, widths: Candidate["widths"]): Candidate {
  const quantised = quantise(widths);
  const { labelAgreement, maxError } = faithfulnessOf(quantised.graph, quantised.real, samples, quantised.shown);
  return { widths, quantised, emitted: emitModel(quantised.graph), accuracy: 100 * (labelAgreement ?? 1 - maxError) };
}

function start({ accuracy }: WidthSearch, look: (widths: Candidate["widths"]) => Candidate): Candidate {
  let best: Candidate | undefined;
  for (const bits of STARTS) {
    const candidate = look({ weightBits: bits, activationBits: bits, inputBits: bits, layers: {} });
    if (candidate.accuracy >= accuracy) return candidate;
    if (best === undefined || candidate.accuracy > best.accuracy) best = candidate;
  }
  throw new InputError(
    `--accuracy ${accuracy}: cannot be met; the best is ${Number(best!.accuracy.toFixed(6))} % at ${best!.widths.weightBits} bits, ` +
      `${totalOf(best!.emitted)} constraints`,
  );
}

/** Each of the widths that count for all layers, one bit lower. */
const lowered = ({ widths }: Candidate): Candidate["widths"][] =>
  GLOBAL.filter((kind) => widths[kind]! > LEAST_BITS).map((kind) => ({ ...widths, [kind]: widths[kind]! - 1 }));

function loweredLayer({ widths }: Candidate, layer: string, kind: (typeof OF_LAYER)[number]): Candidate["widths"][] {
  const own = widths.layers?.[layer] ?? {};
  const bits = own[kind] ?? widths[kind]!;
  return bits <= LEAST_BITS ? [] : [{ ...widths, layers: { ...widths.layers, [layer]: { ...own, [kind]: bits - 1 } } }];
}

/** ONNX nodes by what their kernels cost, the costliest first. */
function layersOf({ quantised: { meanings }, emitted }: Candidate): string[] {
  const costs = new Map<string, number>();
  for (const { name, total } of emitted.emitted.byKernel) {
    const node = meanings.get(name)?.node;
    if (node !== undefined && total > 0) costs.set(node, (costs.get(node) ?? 0) + total);
  }
  return [...costs].sort(([, one], [, other]) => other - one).map(([node]) => node);
}
