import { decodeOutputs } from "../ir/decodeOutputs.ts";
import { encodeInputs } from "../ir/encodeInputs.ts";
import type { IntegerGraph } from "../ir/integerGraph.ts";
import type { RealGraph } from "../ir/realGraph.ts";
import { evaluate } from "../kernels/interpret.ts";
import type { Elements } from "../ir/evaluateStep.ts";
import { type Sample, evaluateReal } from "./evaluateReal.ts";

/** How near an integer program is to its real one over samples. */
export interface Faithfulness {
  /** Share of samples whose labels are all the same, 0 to 1; null where no output is a label. */
  readonly labelAgreement: number | null;
  /** Greatest error of an element of an output that is no label, as a share of the output's range over the samples. */
  readonly maxError: number;
}

/** The results for one output, a pair a sample. */
type Pairs = readonly (readonly [integer: Elements, real: Elements])[];

/** Compares on every sample. Throws InputError on samples out of range. */
export function faithfulnessOf(program: IntegerGraph, real: RealGraph, samples: readonly Sample[]): Faithfulness {
  const integers = samples.map((sample) => decodeOutputs(program, evaluate(program, encodeInputs(program, sample))));
  const reals = samples.map((sample) => evaluateReal(real, sample));
  const pairsOf = (index: number): Pairs =>
    integers.map((outputs, sample) => [outputs[index].values, reals[sample].get(real.outputs[index].from)!]);
  const isLabel = (index: number): boolean => program.outputs[index].role === "label";
  const outputs = program.outputs.map((_, index) => index);
  const [labels, values] = [
    outputs.filter(isLabel).map(pairsOf),
    outputs.filter((index) => !isLabel(index)).map(pairsOf),
  ];
  return {
    labelAgreement: labels.length === 0 ? null : agreement(labels, samples.length),
    maxError: values.reduce((most, pairs) => Math.max(most, errorOf(pairs)), 0),
  };
}

function agreement(outputs: readonly Pairs[], count: number): number {
  const agrees = (sample: number) => outputs.every((pairs) => String(pairs[sample][0]) === String(pairs[sample][1]));
  return Array.from({ length: count }, (_, sample) => sample).filter(agrees).length / count;
}

/** Where the real model has no finite number there is nothing to be compared with. */
function errorOf(pairs: Pairs): number {
  let [low, high, greatest] = [Infinity, -Infinity, 0];
  for (const [integers, reals] of pairs) {
    reals.forEach((value, index) => {
      if (!Number.isFinite(value)) return;
      [low, high] = [Math.min(low, value), Math.max(high, value)];
      greatest = Math.max(greatest, Math.abs(value - integers[index]));
    });
  }
  return greatest === 0 ? 0 : greatest / (high - low);
}
