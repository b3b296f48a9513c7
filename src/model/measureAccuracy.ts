import { floatTwin } from "../float/floatTwin.ts";
import type { Graph } from "../ir/graph.ts";
import { decodeOutputs } from "../ir/decodeOutputs.ts";
import { encodeInputs } from "../ir/encodeInputs.ts";
import type { IntegerGraph } from "../ir/integerGraph.ts";
import { evaluate } from "../kernels/interpret.ts";
import type { HeldOut, HeldOutSample } from "./heldOut.ts";

/** Shares of held-out samples, 0 to 1; null where the float model is not there. */
export interface Accuracy {
  readonly samples: number;
  readonly integer: number;
  readonly float: number | null;
  /** Samples to which both give the same label. */
  readonly agreement: number | null;
}

/** Errors of a forecast over held-out samples, in the output's unit; null where the float model is not there. */
export interface ForecastErrors {
  readonly samples: number;
  /** Roots of the mean squared distance from the truth. */
  readonly integerRmse: number;
  readonly floatRmse: number | null;
  /** Distance of the integer program from the float model. */
  readonly maxDifference: number | null;
  readonly meanDifference: number | null;
}

/** Either, by what the held-out samples tell. */
export type HeldOutFigures = ({ readonly kind: "labels" } & Accuracy) | ({ readonly kind: "targets" } & ForecastErrors);

/** Compares a shipped model's integer program with its float model and the truth on its held-out samples. */
export async function measureHeldOut(
  onnx: Uint8Array,
  float: Graph,
  graph: IntegerGraph,
  { kind, samples }: HeldOut,
): Promise<HeldOutFigures> {
  return kind === "labels"
    ? { kind, ...(await measureAccuracy(onnx, float, graph, samples)) }
    : { kind, ...(await measureForecast(onnx, float, graph, samples)) };
}

/** Compares a classifier's integer program with its float model and the truth on held-out samples. */
export async function measureAccuracy(
  onnx: Uint8Array,
  float: Graph,
  graph: IntegerGraph,
  samples: readonly HeldOutSample[],
): Promise<Accuracy> {
  const at = graph.outputs.findIndex(({ role }) => role === "label");
  const integers = integerResults(graph, at, samples);
  const floats = await floatResults(onnx, float, at, samples);
  const right = (labels: readonly number[]) => shareOf(labels, (label, index) => label === samples[index].truth);
  return {
    samples: samples.length,
    integer: right(integers),
    float: floats && right(floats),
    agreement: floats && shareOf(floats, (label, index) => label === integers[index]),
  };
}

/** Compares the integer program of a model that forecasts one number, its first output, as `measureAccuracy` does labels. */
export async function measureForecast(
  onnx: Uint8Array,
  float: Graph,
  graph: IntegerGraph,
  samples: readonly HeldOutSample[],
): Promise<ForecastErrors> {
  const integers = integerResults(graph, 0, samples);
  const floats = await floatResults(onnx, float, 0, samples);
  const rmse = (values: readonly number[]) =>
    Math.sqrt(meanOf(values.map((value, index) => (value - samples[index].truth) ** 2)));
  const differences = floats?.map((value, index) => Math.abs(value - integers[index]));
  return {
    samples: samples.length,
    integerRmse: rmse(integers),
    floatRmse: floats && rmse(floats),
    maxDifference: differences ? Math.max(...differences) : null,
    meanDifference: differences ? meanOf(differences) : null,
  };
}

/** The first element of an output for every sample. */
const integerResults = (graph: IntegerGraph, output: number, samples: readonly HeldOutSample[]): number[] =>
  samples.map(({ row }) => decodeOutputs(graph, evaluate(graph, encodeInputs(graph, [row])))[output].values[0]);

async function floatResults(
  onnx: Uint8Array,
  graph: Graph,
  output: number,
  samples: readonly HeldOutSample[],
): Promise<number[] | null> {
  const twin = await floatTwin(onnx, graph);
  if (twin === null) return null;
  const results: number[] = [];
  for (const { row } of samples) results.push((await twin.run([row]))[output].values[0]);
  await twin.release();
  return results;
}

const shareOf = (values: readonly number[], hit: (value: number, index: number) => boolean): number =>
  values.filter(hit).length / values.length;

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
