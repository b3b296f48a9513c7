import { MAX_ELEMENT_BITS } from "../codec/codec.ts";
import { InputError } from "../errors.ts";
import type { Graph } from "../ir/graph.ts";
import type { IntegerGraph, IntegerInput, IntegerOutput } from "../ir/integerGraph.ts";
import type { RealGraph } from "../ir/realGraph.ts";
import { type ActivationPlan, planActivations } from "./activationPlan.ts";
import { dropUnused } from "./dropUnused.ts";
import { foldScales } from "./foldScales.ts";
import { identifierMaker } from "./identifiers.ts";
import { bitWidth } from "./integerWidth.ts";
import { lowerGraph } from "./lowerGraph.ts";
import { type RangeSources, quantiseInput } from "./quantiseInput.ts";
import { type IntegerValue, quantiseSteps } from "./quantiseSteps.ts";
import { type Sample, possibleRanges, sampledRanges } from "./realRanges.ts";

export interface QuantiseOptions extends RangeSources {
  /** Inputs that choose the scales of activations; the widths of all values come from the input ranges alone. */
  readonly samples?: readonly Sample[] | undefined;
  /** Name of the program; the ONNX graph's where absent. */
  readonly name?: string | undefined;
  /** Width of weights, sign included, 2 to 16; 8 where absent. */
  readonly weightBits?: number | undefined;
  /** Width of activations, 2 to 16; 8 where absent. */
  readonly activationBits?: number | undefined;
  /** Width of inputs that are not discrete, 2 to 16; 8 where absent. */
  readonly inputBits?: number | undefined;
}

export interface QuantisedModel {
  readonly graph: IntegerGraph;
  /** Choices that a user should be told, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * Turns a model into an integer program. Samples choose the scales of activations, exact intervals the widths; the
 * result depends on nothing but the arguments. Throws InputError where the model or the ranges cannot be used.
 */
export function quantise(graph: Graph, options: QuantiseOptions = {}): QuantisedModel {
  const real = dropUnused(foldScales(lowerGraph(graph)));
  requireKnownInputs(real, options);
  const identifier = identifierMaker();
  const inputBits = widthOption("inputBits", options.inputBits);
  const inputs = real.inputs.map((input, index): IntegerInput => ({
    name: identifier(input.name),
    ...quantiseInput(input, index, options, inputBits),
  }));
  const { kernels, values } = quantiseSteps(real, inputs, planOf(real, inputs, options), {
    weightBits: widthOption("weightBits", options.weightBits),
    activationBits: widthOption("activationBits", options.activationBits),
    identifier,
  });
  const labels = labelsIn(real);
  const outputName = identifierMaker();
  const outputs = real.outputs.map(({ name, shape, from }) =>
    outputOf(outputName(name), shape, values.get(from)!, labels.has(from)),
  );
  const name = (options.name ?? graph.name).replace(/[^A-Za-z0-9_-]+/g, "_") || "model";
  const source = { onnxSha256: graph.sha256 };
  return {
    graph: { format: "tollgate-graph-1", name, source, inputs, kernels, outputs },
    notes: notesOn(graph, inputs),
  };
}

function planOf(real: RealGraph, inputs: readonly IntegerInput[], options: QuantiseOptions): ActivationPlan {
  const ranges = inputs.map(({ range }) => range);
  const sampled = options.samples === undefined ? undefined : sampledRanges(real, options.samples);
  const activationBits = widthOption("activationBits", options.activationBits);
  return planActivations(real, possibleRanges(real, ranges), sampled, activationBits);
}

/** Values that are indices of classes. */
function labelsIn({ steps }: RealGraph): ReadonlySet<string> {
  const labels = new Set<string>();
  for (const step of steps) {
    if (step.kind === "ArgMax" || (step.kind === "Permute" && labels.has(step.input))) labels.add(step.output);
  }
  return labels;
}

function outputOf(name: string, shape: readonly number[], value: IntegerValue, isLabel: boolean): IntegerOutput {
  const { bits, signed } = bitWidth(value.interval);
  if (bits > MAX_ELEMENT_BITS)
    throw new InputError(`output ${name}: needs ${bits} bits, want at most ${MAX_ELEMENT_BITS}`);
  return { name, shape, bits, signed, scale: value.scale, from: value.name, role: isLabel ? "label" : "values" };
}

function widthOption(name: string, bits = 8): number {
  if (Number.isInteger(bits) && bits >= 2 && bits <= 16) return bits;
  throw new InputError(`${name}: ${bits} is not a width, want 2 to 16`);
}

function requireKnownInputs({ inputs }: RealGraph, options: QuantiseOptions): void {
  const names = inputs.map(({ name }) => name);
  const wrong = Object.keys(options.inputs ?? {}).find((name) => !names.includes(name));
  if (wrong === undefined) return;
  throw new InputError(
    `model.json describes input ${JSON.stringify(wrong)}, but the model has ${JSON.stringify(names)}`,
  );
}

const notesOn = (graph: Graph, inputs: readonly IntegerInput[]): string[] => [
  ...graph.notes,
  ...inputs.map(({ name, range, bits, signed }) => {
    const source = { "model.json": "model.json", option: "--input-range", rows: "the rows given" }[range.source];
    return `input ${name}: range ${range.low} to ${range.high} from ${source}, ${bits} bits ${signed ? "signed" : "unsigned"}`;
  }),
];
