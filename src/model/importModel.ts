import { InputError, inFile, namingFile } from "../errors.ts";
import type { Graph } from "../ir/graph.ts";
import { readInWorker } from "../onnx/readInWorker.ts";
import { quantise, type QuantisedModel, type QuantiseOptions } from "../passes/quantise.ts";
import type { Sample } from "../passes/evaluateReal.ts";
import { samplesOf } from "../passes/samples.ts";
import { type Candidate, searchWidths } from "./searchWidths.ts";
import type { ModelConfig, ModelFiles } from "./modelFiles.ts";

/** What a user may set beside the model's own files. */
export interface ImportOptions extends Pick<
  QuantiseOptions,
  "inputRange" | "weightBits" | "activationBits" | "inputBits"
> {
  /**
   * Rows of an input file: the ranges of inputs that nothing else describes, and the activation scales where the model
   * brings no calibration samples.
   */
  readonly rows?: readonly (readonly number[])[] | undefined;
  readonly batch?: number | undefined;
  readonly dimensions?: ReadonlyMap<string, number> | undefined;
  /** Percent that the cheapest widths have to keep on the samples; see `searchWidths`. */
  readonly accuracy?: number | undefined;
  /** Told of every program that a search for widths looks at. */
  readonly onCandidate?: ((candidate: Candidate) => void) | undefined;
}

/** Reads a model's graph from its ONNX bytes, apart from everything else: nothing is known of them. */
export const readGraph = ({ onnx, onnxPath }: ModelFiles, { batch, dimensions }: ImportOptions): Promise<Graph> =>
  readInWorker(onnx, { batch, dimensions }).catch((error: unknown) => {
    throw namingFile(onnxPath, error);
  });

/** Makes the integer program of a graph, with what the model's folder says of inputs and samples. Throws InputError. */
export function quantiseModel(files: ModelFiles, graph: Graph, options: ImportOptions): QuantisedModel {
  const { rows, batch: _batch, dimensions: _dimensions, accuracy, onCandidate = () => {}, ...widths } = options;
  const samples = samplesFor(files, graph, rows);
  const { weightBits, activationBits, inputBits, layers, inputs }: Partial<ModelConfig> = files.config ?? {};
  const settings: QuantiseOptions = {
    inputRange: widths.inputRange,
    weightBits: widths.weightBits ?? weightBits,
    activationBits: widths.activationBits ?? activationBits,
    inputBits: widths.inputBits ?? inputBits,
    layers,
    inputs,
    name: files.name,
    rows: rows && samplesOf(graph, rows),
    samples,
  };
  if (accuracy === undefined) return quantise(graph, settings);
  if (samples === undefined) {
    throw new InputError(
      `--accuracy ${accuracy}: there are no samples; give samples/calibration.json or --calibration FILE`,
    );
  }
  const search = { accuracy, samples, onCandidate };
  const found = searchWidths({ ...search, quantise: (chosen) => quantise(graph, { ...settings, ...chosen }) });
  return { ...found.quantised, notes: [...found.quantised.notes, foundNote(found)] };
}

/** Samples of a model: its own, else the rows given. */
export function samplesFor(
  { calibration }: ModelFiles,
  graph: Graph,
  rows: ImportOptions["rows"],
): Sample[] | undefined {
  if (calibration !== undefined) return inFile(calibration.path, () => samplesOf(graph, calibration.rows));
  return rows && samplesOf(graph, rows);
}

/** What to write into model.json so that every command makes the same program. */
const foundNote = ({ widths, accuracy }: Candidate): string =>
  `${accuracy.toFixed(2)} % with these widths in model.json: ${JSON.stringify(widths)}`;

/** Operators that give a probability or a score for each class. */
const CLASSIFYING: ReadonlySet<string> = new Set([
  "Softmax",
  "LogSoftmax",
  "LinearClassifier",
  "SVMClassifier",
  "TreeEnsembleClassifier",
]);

/**
 * Indices of the outputs whose greatest element is the class: the one named, else model.json's, else those that come from
 * an operator that classifies. Throws InputError where there is no output of the name, or its rows have nothing to choose
 * from.
 */
export function classifiersOf({ config }: ModelFiles, graph: Graph, named?: string): number[] {
  const { outputs, nodes } = graph;
  const name = named ?? config?.classifier;
  if (name === undefined) {
    const makers = outputs.map((output) => nodes.find((node) => node.outputs.includes(output.name))?.operator ?? "");
    return makers.flatMap((operator, index) =>
      CLASSIFYING.has(operator) && (outputs[index].shape.at(-1) ?? 1) > 1 ? [index] : [],
    );
  }
  const what = `${named === undefined ? "model.json: classifier" : "--classifier"} ${JSON.stringify(name)}`;
  const index = outputs.findIndex((output) => output.name === name);
  if (index === -1) {
    throw new InputError(
      `${what}: no such output, want one of ${outputs.map((o) => JSON.stringify(o.name)).join(", ")}`,
    );
  }
  const { type, shape } = outputs[index];
  if (type === "float" && (shape.at(-1) ?? 1) < 2) {
    throw new InputError(`${what}: has rows of one element, want one for each of at least two classes`);
  }
  return [index];
}
