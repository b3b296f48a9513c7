import { type DecodedOutput, decodeOutputs } from "../ir/decodeOutputs.ts";
import { encodeInputs } from "../ir/encodeInputs.ts";
import type { IntegerGraph, IntegerOutput } from "../ir/integerGraph.ts";
import { evaluate } from "../kernels/interpret.ts";
import type { Sample } from "../passes/evaluateReal.ts";
import type { FloatTwin } from "./floatTwin.ts";
import { seededSamples } from "../passes/seededSamples.ts";

/** How far an integer program is from the float model. Null: nothing to compare, or no float model. */
export interface Comparison {
  /** Greatest error of an element over the samples, labels left out. */
  readonly maxAbsError: number | null;
  /** Greatest error as a share of the range that the float model's output has over the samples and the seeded inputs. */
  readonly maxRelError: number | null;
  /** Whether every label, or the greatest element of every row where there are no labels, is the float model's. */
  readonly argmaxAgrees: boolean | null;
  /** Why the program does not count as faithful; undefined where it does. */
  readonly problem?: string;
}

/** Largest error of a faithful program that is no classifier, as a share of the output's range. */
const TOLERANCE = 0.02;

/** Inputs besides the samples over which an output must not be constant. */
const SEEDED_INPUTS = 64;

/** The results for one output: a flat row per input, the samples first. */
interface OutputRows {
  readonly output: IntegerOutput;
  readonly integer: readonly (readonly number[])[];
  readonly float: readonly (readonly number[])[];
}

/** What is known where program and float model were not compared. */
export const notCompared = (problem: string): Comparison => ({
  maxAbsError: null,
  maxRelError: null,
  argmaxAgrees: null,
  problem,
});

/**
 * Runs program and float model on the samples and on seeded inputs. A classifier (an output from ArgMax, or one of the
 * indices in `classifiers`) is faithful if its labels agree on the samples, any other program if its errors there are at
 * most 2 % of the output's range. No program counts whose float model gives anything but finite numbers on the samples
 * (seeded inputs on which it does not are left out: a division by zero is no fault of a program), or of which any output
 * never changes, be it a label or values, whether it decides about faithfulness or not: a buyer pays for all of them, and a
 * proof of a constant shows nothing. Throws InputError on samples that do not fit and where the float model fails.
 */
export async function compareWithFloat(
  graph: IntegerGraph,
  twin: FloatTwin | null,
  samples: readonly Sample[],
  classifiers: readonly number[] = [],
): Promise<Comparison> {
  if (twin === null) return notCompared("the float model is not there (onnxruntime-web is not installed)");
  const count = samples.length;
  const collected = await collectRows(graph, twin, [...samples, ...seededSamples(graph.inputs, SEEDED_INPUTS)]);
  if (!collected.every((rows) => rows.float.slice(0, count).every(isFinite))) {
    return notCompared("the float model's output is not finite");
  }
  const rows = finiteRows(collected);
  const values = rows.filter(({ output }) => output.role === "values");
  const classes = rows.filter((output, index) => isLabel(output) || classifiers.includes(index));
  const errors = values.map((output) => errorsOf(output, count));
  const compared = (classes.length > 0 ? classes : values).filter((output) => rowLength(output) > 1 || isLabel(output));
  const comparison = {
    maxAbsError: greatest(errors.map(({ absolute }) => absolute)),
    maxRelError: greatest(errors.map(({ relative }) => relative)),
    argmaxAgrees: compared.length === 0 ? null : compared.every((output) => labelsAgree(output, count)),
  };
  const problem = constantProblem(rows) ?? problemOf(comparison, classes.length > 0);
  return problem === undefined ? comparison : { ...comparison, problem };
}

async function collectRows(graph: IntegerGraph, twin: FloatTwin, samples: readonly Sample[]): Promise<OutputRows[]> {
  const integer = samples.map((sample) => decodeOutputs(graph, evaluate(graph, encodeInputs(graph, sample))));
  const float: DecodedOutput[][] = [];
  for (const sample of samples) float.push(await twin.run(sample));
  return graph.outputs.map((output, index) => ({
    output,
    integer: integer.map((outputs) => outputs[index].values),
    float: float.map((outputs) => outputs[index].values),
  }));
}

function errorsOf({ integer, float }: OutputRows, count: number): { absolute: number; relative: number } {
  const absolute = greatest(
    float.slice(0, count).flatMap((row, sample) => row.map((value, index) => Math.abs(value - integer[sample][index]))),
  )!;
  const elements = float.flat();
  const range = greatest(elements)! - elements.reduce((least, value) => Math.min(least, value), Infinity);
  return { absolute, relative: absolute === 0 ? 0 : absolute / range };
}

const isLabel = ({ output }: OutputRows): boolean => output.role === "label";

/** Elements that are compared with each other for the greatest: the last axis. */
const rowLength = ({ output }: OutputRows): number => output.shape.at(-1) ?? 1;

function labelsAgree(rows: OutputRows, count: number): boolean {
  const labels = (values: readonly number[]) => (isLabel(rows) ? values : greatestIndices(values, rowLength(rows)));
  return rows.float
    .slice(0, count)
    .every((values, sample) => String(labels(values)) === String(labels(rows.integer[sample])));
}

function greatestIndices(values: readonly number[], length: number): number[] {
  return Array.from({ length: values.length / length }, (_, row) => {
    const slice = values.slice(row * length, (row + 1) * length);
    return slice.indexOf(greatest(slice)!);
  });
}

const isFinite = (row: readonly number[]): boolean => row.every(Number.isFinite);

/** The results for the inputs on which every output of the float model is finite. */
function finiteRows(outputs: readonly OutputRows[]): OutputRows[] {
  const kept = outputs[0].float.map((_, input) => outputs.every(({ float }) => isFinite(float[input])));
  const select = (rows: OutputRows["float"]) => rows.filter((_, input) => kept[input]);
  return outputs.map(({ output, integer, float }) => ({ output, integer: select(integer), float: select(float) }));
}

/** A message where an output, or more than one, never changes. */
function constantProblem(rows: readonly OutputRows[]): string | undefined {
  const constant = rows.filter(({ integer }) => integer.every((row) => String(row) === String(integer[0])));
  if (constant.length === 0) return undefined;
  return `output ${constant.map(({ output }) => output.name).join(", ")}: is the same for every input that was tried`;
}

function problemOf(
  { maxRelError, argmaxAgrees }: Pick<Comparison, "maxRelError" | "argmaxAgrees">,
  isClassifier: boolean,
): string | undefined {
  if (isClassifier) return argmaxAgrees === true ? undefined : "the label is not the float model's";
  if (maxRelError !== null && maxRelError <= TOLERANCE) return undefined;
  const percent = ((maxRelError ?? Infinity) * 100).toFixed(2);
  return `the error is ${percent} % of the output's range, want at most ${TOLERANCE * 100} %`;
}

const greatest = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((most, value) => Math.max(most, value));
