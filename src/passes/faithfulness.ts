import { decodeOutputs } from "../ir/decodeOutputs.ts";
import { encodeInputs } from "../ir/encodeInputs.ts";
import type { IntegerGraph } from "../ir/integerGraph.ts";
import type { RealGraph } from "../ir/realGraph.ts";
import { evaluate } from "../kernels/interpret.ts";
import type { Elements } from "../ir/evaluateStep.ts";
import { type Sample, evaluateReal } from "./evaluateReal.ts";
import { type Range, sampledRanges } from "./realRanges.ts";

/** How near an integer program is to its real one over samples. */
export interface Faithfulness {
  /** Share of samples whose labels are all the same, 0 to 1; null where no output is a label. */
  readonly labelAgreement: number | null;
  /** Greatest error of an element of an output that is no label, as a share of the output's range over the samples. */
  readonly maxError: number;
}

/** The results for one output, a pair a sample. */
type Pairs = readonly (readonly [integer: Elements, real: Elements])[];

/**
 * Compares on every sample; outputs have the range that they have over `shown`. Throws InputError on samples out of
 * range.
 */
export function faithfulnessOf(
  program: IntegerGraph,
  real: RealGraph,
  samples: readonly Sample[],
  shown: readonly Sample[],
): Faithfulness {
  const integers = samples.map((sample) => decodeOutputs(program, evaluate(program, encodeInputs(program, sample))));
  const reals = samples.map((sample) => evaluateReal(real, sample));
  const ranges = sampledRanges(real, shown);
  const pairsOf = (index: number): Pairs =>
    integers.map((outputs, sample) => [outputs[index].values, reals[sample].get(real.outputs[index].from)!]);
  const isLabel = (index: number): boolean => program.outputs[index].role === "label";
  const outputs = program.outputs.map((_, index) => index);
  const labels = outputs.filter(isLabel).map(pairsOf);
  const values = outputs.filter((index) => !isLabel(index));
  return {
    labelAgreement: labels.length === 0 ? null : agreement(labels, samples.length),
    maxError: values.reduce(
      (most, index) => Math.max(most, errorOf(pairsOf(index), ranges.get(real.outputs[index].from))),
      0,
    ),
  };
}

function agreement(outputs: readonly Pairs[], count: number): number {
  const agrees = (sample: number) => outputs.every((pairs) => String(pairs[sample][0]) === String(pairs[sample][1]));
  return Array.from({ length: count }, (_, sample) => sample).filter(agrees).length / count;
}

/** Where the real model has no finite number there is nothing to be compared with. */
function errorOf(pairs: Pairs, { low, high }: Range = { low: 0, high: 0 }): number {
  let greatest = 0;
  for (const [integers, reals] of pairs) {
    reals.forEach((value, index) => {
      if (Number.isFinite(value)) greatest = Math.max(greatest, Math.abs(value - integers[index]));
    });
  }
  return greatest === 0 ? 0 : greatest / (high - low);
}
