import type { Bounds } from "./graph.ts";

/**
 * What a model computes, in real numbers and in a few kinds of step: ONNX operators lower to it, and the quantiser turns
 * each kind of step into kernels. Values are flat and row-major; shapes have become numbers of rows. Steps are in
 * topological order and name their operands by value name.
 */
export interface RealGraph {
  readonly inputs: readonly RealInput[];
  readonly steps: readonly RealStep[];
  readonly outputs: readonly RealOutput[];
}

export interface RealInput {
  /** Name of the ONNX input. */
  readonly name: string;
  /** Name of its value in the program. */
  readonly value: string;
  readonly shape: readonly number[];
  /** Integer inputs of ONNX are exact; these are the numbers that the input's type holds. Absent for floats. */
  readonly bounds?: Bounds;
}

export interface RealOutput {
  /** Name of the ONNX output. */
  readonly name: string;
  readonly shape: readonly number[];
  /** The value that it gives out. */
  readonly from: string;
}

export type RealStep = LinearStep | ScaleStep | ReluStep | AddStep | PermuteStep | ArgMaxStep;

interface StepBase {
  /** The ONNX node that the step came from, for messages and for names. */
  readonly name: string;
  readonly output: string;
}

/** out[b, j] = bias[j] + Σᵢ weights[j][i] · in[b, i], over `batch` rows. */
export interface LinearStep extends StepBase {
  readonly kind: "Linear";
  readonly input: string;
  readonly batch: number;
  readonly weights: readonly (readonly number[])[];
  readonly bias: readonly number[];
}

/** Longest pattern of a Scale: it is written as a diagonal matrix where no neighbour takes it in. */
export const MAX_DIAGONAL = 1024;

/** out[i] = factors[i mod p] · in[i] + offsets[i mod p], p the length of both arrays; p divides the value's length. */
export interface ScaleStep extends StepBase {
  readonly kind: "Scale";
  readonly input: string;
  readonly factors: readonly number[];
  readonly offsets: readonly number[];
}

/** out[i] = max(in[i], 0). */
export interface ReluStep extends StepBase {
  readonly kind: "Relu";
  readonly input: string;
}

/** out[i] = factors[0] · left[i] + factors[1] · right[i]. */
export interface AddStep extends StepBase {
  readonly kind: "Add";
  readonly left: string;
  readonly right: string;
  readonly factors: readonly [number, number];
}

/** out[i] = in[indices[i]]. */
export interface PermuteStep extends StepBase {
  readonly kind: "Permute";
  readonly input: string;
  readonly indices: readonly number[];
}

/** Index of the greatest element of each of `batch` rows, the lowest index on ties. */
export interface ArgMaxStep extends StepBase {
  readonly kind: "ArgMax";
  readonly input: string;
  readonly batch: number;
}

/** Names of the values that a step reads. */
export const operandsOf = (step: RealStep): readonly string[] =>
  step.kind === "Add" ? [step.left, step.right] : [step.input];

/** Steps that read each value, and the values that are given out. */
export function readersIn({ steps, outputs }: RealGraph): {
  readonly readers: ReadonlyMap<string, readonly RealStep[]>;
  readonly given: ReadonlySet<string>;
} {
  const readers = new Map<string, RealStep[]>();
  for (const step of steps) {
    for (const operand of new Set(operandsOf(step))) {
      const list = readers.get(operand);
      if (list === undefined) readers.set(operand, [step]);
      else list.push(step);
    }
  }
  return { readers, given: new Set(outputs.map(({ from }) => from)) };
}
