import { MAX_ELEMENT_BITS } from "../codec/codec.ts";
import { InputError } from "../errors.ts";
import { isInRange } from "../ir/encodeInputs.ts";
import type { Graph } from "../ir/graph.ts";
import type { IntegerGraph, IntegerInput, IntegerOutput } from "../ir/integerGraph.ts";
import type { RealGraph, RealStep } from "../ir/realGraph.ts";
import { planActivations, type Widths } from "./activationPlan.ts";
import type { Sample } from "./evaluateReal.ts";
import { faithfulnessOf } from "./faithfulness.ts";
import { identifierMaker } from "./identifiers.ts";
import { inputNeeds } from "./inputNeeds.ts";
import type { IntegerValue } from "./integerProgram.ts";
import { bitWidth } from "./integerWidth.ts";
import { invertDivisors } from "./invertDivisors.ts";
import { lowerGraph } from "./lowerGraph.ts";
import { type RangeSources, quantiseInput } from "./quantiseInput.ts";
import { type Meaning, quantiseSteps } from "./quantiseSteps.ts";
import { possibleRanges, sampledRanges } from "./realRanges.ts";
import { simplify } from "./simplify.ts";
import { seededSamples } from "./seededSamples.ts";

/** Widths that a user may set. */
export interface WidthOptions {
  /** Width of weights, sign included, 2 to 16; as narrow as is faithful, from 8, where absent. */
  readonly weightBits?: number | undefined;
  /** Width of activations, 2 to 16; as narrow as is faithful, from 8, where absent. */
  readonly activationBits?: number | undefined;
  /**
   * Width of inputs, 2 to 16, discrete ones of real numbers at most so wide; where absent, the others' is as narrow as
   * is faithful, from 8.
   */
  readonly inputBits?: number | undefined;
  /** Widths of single layers, by the name of their ONNX node. */
  readonly layers?: Readonly<Record<string, Partial<Widths>>> | undefined;
}

export interface QuantiseOptions extends RangeSources, WidthOptions {
  /** Inputs that choose the scales of activations; the widths of all values come from the input ranges alone. */
  readonly samples?: readonly Sample[] | undefined;
  /** Name of the program; the ONNX graph's where absent. */
  readonly name?: string | undefined;
}

export interface QuantisedModel {
  readonly graph: IntegerGraph;
  /** The model in real numbers, and which of its values the program's stand for. */
  readonly real: RealGraph;
  readonly meanings: ReadonlyMap<string, Meaning>;
  /** Inputs over which values have shown their ranges: the samples, and seeded ones where those are few. */
  readonly shown: readonly Sample[];
  /** Widths of all layers that have none of their own. */
  readonly widths: UniformWidths;
  /** Choices that a user should be told, a sentence each. */
  readonly notes: readonly string[];
}

/** Widths of a whole program. */
export interface UniformWidths extends Widths {
  readonly inputBits: number;
}

/** Widths that are tried in turn where the user sets none. */
const LEVELS: readonly UniformWidths[] = [
  { weightBits: 8, activationBits: 8, inputBits: 8 },
  { weightBits: 10, activationBits: 10, inputBits: 10 },
  { weightBits: 12, activationBits: 12, inputBits: 12 },
  { weightBits: 16, activationBits: 16, inputBits: 16 },
];

/** Share of an output's range that a program may be wrong by on the samples before wider integers are tried. */
const ENOUGH = 0.01;

/** Share of labels that may differ. */
const ENOUGH_LABELS = 0.005;

/** Inputs that stand in for samples, or stand beside them where they are fewer than enough to show what values can be. */
const SEEDED_SAMPLES = 64;
const ENOUGH_SAMPLES = 16;

/**
 * Turns a model into an integer program. Samples choose the scales of activations, exact intervals the widths of all
 * values; where no widths are given, they start at 8 bits and grow until the program is within 1 % of the model on the
 * samples. The result depends on nothing but the arguments. Throws InputError where the model or the ranges cannot be used.
 */
export function quantise(graph: Graph, options: QuantiseOptions = {}): QuantisedModel {
  const real = simplify(lowerGraph(graph));
  requireKnownNames(graph, real, options);
  const levels = levelsOf(options);
  let best: Attempt | undefined;
  for (const level of levels) {
    const attempt = quantiseAt(graph, real, options, level);
    if (best === undefined || attempt.error < best.error) best = attempt;
    if (best.error <= 1 || levels.length === 1) break;
  }
  const { error: _error, ...model } = best!;
  return {
    ...model,
    notes: [...graph.notes, ...inputNotes(model.graph.inputs), ...widthNotes(model.widths, levels[0])],
  };
}

/** A program and how far it is from the model: 1 is the most that is enough. */
interface Attempt extends Omit<QuantisedModel, "notes"> {
  readonly error: number;
}

function quantiseAt(graph: Graph, lowered: RealGraph, options: QuantiseOptions, level: UniformWidths): Attempt {
  const identifier = identifierMaker();
  const needs = inputNeeds(lowered, options.inputBits, level.inputBits);
  const inputs = lowered.inputs.map((input, index): IntegerInput => ({
    name: identifier(input.name),
    ...quantiseInput(input, index, options, needs[index]),
  }));
  const seeded = seededSamples(inputs, Math.min(SEEDED_SAMPLES, samplesWithin(lowered)));
  const samples = options.samples ?? seeded;
  const shown = samples.length < ENOUGH_SAMPLES ? [...samples, ...seeded] : samples;
  const real = simplify(invertDivisors(lowered, sampledRanges(lowered, shown)));
  const widthsOf = widthsFor(level, options.layers);
  const possible = possibleRanges(
    real,
    inputs.map(({ range }) => range),
  );
  const plan = planActivations(real, possible, sampledRanges(real, shown), widthsOf);
  const { kernels, meanings, outputOf: valueOf } = quantiseSteps(real, inputs, plan, identifier);
  const labels = labelsIn(real);
  const outputName = identifierMaker();
  const outputs = real.outputs.map(({ name, shape, from }) =>
    outputOf(outputName(name), shape, valueOf(from), labels.has(from)),
  );
  const program: IntegerGraph = {
    format: "tollgate-graph-1",
    name: (options.name ?? graph.name).replace(/[^A-Za-z0-9_-]+/g, "_") || "model",
    source: { onnxSha256: graph.sha256 },
    inputs,
    kernels,
    outputs,
  };
  return { graph: program, real, meanings, widths: level, shown, error: errorOf(program, real, samples, shown) };
}

function widthsFor(level: UniformWidths, layers: QuantiseOptions["layers"]): (step: RealStep) => Widths {
  return ({ name }) => {
    const own = layers !== undefined && Object.hasOwn(layers, name) ? layers[name] : {};
    return {
      weightBits: widthOption(`layer ${name}: weightBits`, own.weightBits ?? level.weightBits),
      activationBits: widthOption(`layer ${name}: activationBits`, own.activationBits ?? level.activationBits),
    };
  };
}

/** The widths to try: what the user has set stays; all set means one try. */
function levelsOf({ weightBits, activationBits, inputBits, layers }: QuantiseOptions): UniformWidths[] {
  const given = { weightBits, activationBits, inputBits };
  for (const [name, bits] of Object.entries(given)) widthOption(name, bits);
  const levels = LEVELS.map((level) => ({
    weightBits: weightBits ?? level.weightBits,
    activationBits: activationBits ?? level.activationBits,
    inputBits: inputBits ?? level.inputBits,
  }));
  const isFixed = layers !== undefined || Object.values(given).some((bits) => bits !== undefined);
  return isFixed ? levels.slice(0, 1) : levels;
}

/** Multiply-additions that running a model on samples may take, and the samples that it is run on however long. */
const MAX_WORK = 2 ** 27;
const LEAST_SAMPLES = 4;

/** Multiple of the error that is enough, over as many samples as there is time for; those out of range say nothing. */
function errorOf(program: IntegerGraph, real: RealGraph, samples: readonly Sample[], shown: readonly Sample[]): number {
  const fits = (sample: Sample) => program.inputs.every((input, index) => isInRange(input, sample[index]));
  const judged = samples.filter(fits).slice(0, samplesWithin(real));
  if (judged.length === 0) return 0;
  const { labelAgreement, maxError } = faithfulnessOf(program, real, judged, shown === samples ? judged : shown);
  return labelAgreement === null ? maxError / ENOUGH : (1 - labelAgreement) / ENOUGH_LABELS;
}

/** How many samples there is time for. */
function samplesWithin({ steps }: RealGraph): number {
  const work = steps.reduce((sum, step) => sum + workOf(step), 1);
  return Math.max(LEAST_SAMPLES, Math.floor(MAX_WORK / work));
}

const workOf = (step: RealStep): number =>
  step.kind === "Linear"
    ? (step.windows.length * step.weights.length * (step.weights[0]?.length ?? 0)) / step.groups
    : 1;

/** Values that are indices of classes. */
function labelsIn({ steps }: RealGraph): ReadonlySet<string> {
  const labels = new Set<string>();
  for (const step of steps) {
    const isMoved = step.kind === "Arrange" && step.inputs.every((input) => labels.has(input));
    const isRenamed = step.kind === "Trees" && step.base.length === 1 && labels.has(step.input);
    if (step.kind === "ArgMax" || isMoved || isRenamed) labels.add(step.output);
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

function requireKnownNames({ nodes }: Graph, { inputs }: RealGraph, options: QuantiseOptions): void {
  const names = inputs.map(({ name }) => name);
  const wrong = Object.keys(options.inputs ?? {}).find((name) => !names.includes(name));
  if (wrong !== undefined) {
    throw new InputError(
      `model.json describes input ${JSON.stringify(wrong)}, but the model has ${JSON.stringify(names)}`,
    );
  }
  const layer = Object.keys(options.layers ?? {}).find((name) => nodes.every((node) => node.name !== name));
  if (layer === undefined) return;
  throw new InputError(`layer ${JSON.stringify(layer)}: the model has no node of that name`);
}

const inputNotes = (inputs: readonly IntegerInput[]): string[] =>
  inputs.map(({ name, range, bits, signed }) => {
    const source = {
      "model.json": "model.json",
      option: "--input-range",
      rows: "the rows given",
      model: "what the model compares it with",
    }[range.source];
    return `input ${name}: range ${range.low} to ${range.high} from ${source}, ${bits} bits ${signed ? "signed" : "unsigned"}`;
  });

const widthNotes = ({ weightBits, activationBits }: UniformWidths, first: UniformWidths): string[] =>
  weightBits === first.weightBits && activationBits === first.activationBits
    ? []
    : [
        `8 bits were not faithful enough: weights have ${weightBits} bits and activations ${activationBits}; ` +
          "--weight-bits and --activation-bits set them",
      ];
