import { bitWidth } from "../passes/integerWidth.ts";
import type { EmittedCircuit } from "../circom/emitCircuit.ts";
import { encodeInputs } from "../ir/encodeInputs.ts";
import type { Graph } from "../ir/graph.ts";
import type { KernelNode } from "../ir/integerGraph.ts";
import { evaluateValues, intervalsOf } from "../kernels/interpret.ts";
import { kernelOf } from "../kernels/kernelOf.ts";
import type { Elements } from "../ir/evaluateStep.ts";
import { type Sample, evaluateReal } from "../passes/evaluateReal.ts";
import type { QuantisedModel } from "../passes/quantise.ts";
import { type Range, sampledRanges } from "../passes/realRanges.ts";
import type { Meaning } from "../passes/quantiseSteps.ts";

/** Errors of a value over samples, as shares of the range that it has in the real model over them and the shown inputs. */
export interface ErrorShares {
  readonly max: number;
  readonly mean: number;
}

/** One kernel of a program, or an input. */
export interface LayerReport {
  readonly name: string;
  readonly kernel: string;
  /** Names of the layers that it reads. */
  readonly operands: readonly string[];
  /** Shape of the ONNX node's first output where the value has as many elements, else their number. */
  readonly shape: readonly number[];
  /** Width of an element. */
  readonly bits: number;
  readonly constraints: number;
  /** Null for values that stand for none of the real model. */
  readonly error: ErrorShares | null;
}

/** How faithful a program is, layer by layer, and what each layer costs. */
export interface ModelReport {
  readonly samples: number;
  readonly layers: readonly LayerReport[];
  /** By output: values against the model in double precision; null for labels. */
  readonly outputs: readonly { readonly name: string; readonly error: ErrorShares | null }[];
  /** Share of labels that are the real model's; null where no output is a label. */
  readonly labelAgreement: number | null;
}

/** Measures a program on samples. Throws InputError on samples that do not fit. */
export function reportModel(
  graph: Graph,
  { graph: program, real, meanings, shown }: Pick<QuantisedModel, "graph" | "real" | "meanings" | "shown">,
  { byKernel }: Pick<EmittedCircuit, "byKernel">,
  samples: readonly Sample[],
): ModelReport {
  const integers = samples.map((sample) => evaluateValues(program, encodeInputs(program, sample)));
  const reals = samples.map((sample) => evaluateReal(real, sample));
  const ranges = sampledRanges(real, [...samples, ...shown]);
  const intervals = intervalsOf(program);
  const costs = new Map(byKernel.map(({ name, total }) => [name, total]));
  const errorsOf = ({ real: name, value }: Meaning): ErrorShares =>
    errorShares(
      integers.map((values) => decoded(values.get(value.name)!, value)),
      reals.map((values) => values.get(name)!),
      ranges.get(name),
    );
  const layerOf = (node: KernelNode): LayerReport => {
    const meaning = meanings.get(node.output);
    const interval = intervals.get(node.output)!;
    return {
      name: node.name,
      kernel: node.kernel,
      operands: kernelOf(node).operands(node),
      shape: shapeOf(graph, meaning, interval.low.length),
      bits: bitWidth(interval).bits,
      constraints: costs.get(node.name) ?? 0,
      error: meaning === undefined ? null : errorsOf(meaning),
    };
  };
  const outputs = program.outputs.map(({ name, from, scale, role }, index) => {
    const value = { scale, exponents: undefined };
    const [mine, theirs] = [
      integers.map((values) => decoded(values.get(from)!, value)),
      reals.map((values) => values.get(real.outputs[index].from)!),
    ];
    return {
      name,
      role,
      error: errorShares(mine, theirs, ranges.get(real.outputs[index].from)),
      agreement: agreementOf(mine, theirs),
    };
  });
  const labels = outputs.filter(({ role }) => role === "label");
  return {
    samples: samples.length,
    layers: [
      ...program.inputs.map((input) => ({
        name: input.name,
        kernel: "input",
        operands: [],
        shape: input.shape,
        bits: input.bits,
        constraints: 0,
        error: null,
      })),
      ...program.kernels.map(layerOf),
    ],
    outputs: outputs.map(({ name, role, error }) => ({ name, error: role === "label" ? null : error })),
    labelAgreement: labels.length === 0 ? null : Math.min(...labels.map(({ agreement }) => agreement)),
  };
}

const decoded = (
  integers: readonly bigint[],
  { scale, exponents }: Pick<Meaning["value"], "scale" | "exponents">,
): Elements => integers.map((integer, index) => (Number(integer) * scale) / 2 ** (exponents?.[index] ?? 0));

function shapeOf({ nodes, values }: Graph, meaning: Meaning | undefined, count: number): readonly number[] {
  const node = nodes.find(({ name }) => name === meaning?.node);
  const shape = node && values.get(node.outputs[0])?.shape;
  const size = shape?.reduce((product, length) => product * length, 1);
  return shape !== undefined && size === count ? shape : [count];
}

function errorShares(
  mine: readonly Elements[],
  theirs: readonly Elements[],
  { low, high }: Range = { low: 0, high: 0 },
): ErrorShares {
  const errors = mine.flatMap((row, sample) => row.map((value, index) => Math.abs(value - theirs[sample][index])));
  const max = errors.reduce((most, error) => Math.max(most, error), 0);
  const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
  const range = high - low;
  return { max: max === 0 ? 0 : max / range, mean: mean === 0 ? 0 : mean / range };
}

const agreementOf = (mine: readonly Elements[], theirs: readonly Elements[]): number =>
  mine.filter((row, sample) => String(row) === String(theirs[sample])).length / mine.length;
