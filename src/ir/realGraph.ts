import type { Bounds } from "./graph.ts";

/**
 * What a model computes, in real numbers and in a few kinds of step: ONNX operators lower to it, and the quantiser turns
 * each kind of step into kernels. Values are flat and row-major; shapes have become positions. Steps are in topological
 * order and name their operands by value name.
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

export type RealStep =
  | ApplyStep
  | ArgMaxStep
  | ArrangeStep
  | CompareStep
  | ConstantStep
  | DivideStep
  | ExtremeStep
  | LinearStep
  | MultiplyStep
  | OneHotStep
  | ReluStep
  | ScaleStep
  | SelectStep
  | TreesStep;

interface StepBase {
  /** The ONNX node that the step came from, for messages and for names. */
  readonly name: string;
  readonly output: string;
}

/** Sums with constant weights, in the form that `LinearNode` describes. */
export interface LinearStep extends StepBase {
  readonly kind: "Linear";
  /** Their elements are numbered one after another. */
  readonly inputs: readonly string[];
  readonly groups: number;
  /** Positions that a sum reads; −1 is a zero. */
  readonly windows: readonly (readonly number[])[];
  readonly weights: readonly (readonly number[])[];
  readonly bias: readonly number[];
}

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

/** A function of one number. Where `apply` gives no finite number, the function is not defined. */
export interface RealFunction {
  readonly name: string;
  readonly apply: (x: number) => number;
  /** Greater arguments never give smaller results. */
  readonly isMonotone?: boolean;
  /** It jumps: a small error of the argument can be a large one of the result. */
  readonly jumps?: boolean;
}

/** out[i] = function(in[i]). */
export interface ApplyStep extends StepBase {
  readonly kind: "Apply";
  readonly input: string;
  readonly function: RealFunction;
}

/** out[w] = greatest (or least) of the elements that window w lists, of all inputs numbered one after another. */
export interface ExtremeStep extends StepBase {
  readonly kind: "Extreme";
  readonly which: "max" | "min";
  readonly inputs: readonly string[];
  readonly windows: readonly (readonly number[])[];
}

/** out[i] = left[i] · right[i]. */
export interface MultiplyStep extends StepBase {
  readonly kind: "Multiply";
  readonly left: string;
  readonly right: string;
}

/** out[i] = numerator[i] / denominator[j]; the denominators each serve equally many numerators in a row. */
export interface DivideStep extends StepBase {
  readonly kind: "Divide";
  readonly numerator: string;
  readonly denominator: string;
}

/** out[i] = 1 where in[i] ≥ 0 (`nonNegative`) or in[i] = 0 (`zero`), else 0. */
export interface CompareStep extends StepBase {
  readonly kind: "Compare";
  readonly input: string;
  readonly relation: "nonNegative" | "zero";
}

/** out[i] = condition[i] = 1 ? whenTrue[i] : whenFalse[i]. */
export interface SelectStep extends StepBase {
  readonly kind: "Select";
  readonly condition: string;
  readonly whenTrue: string;
  readonly whenFalse: string;
}

/** out[i] = element indices[i] of all inputs one after another. */
export interface ArrangeStep extends StepBase {
  readonly kind: "Arrange";
  readonly inputs: readonly string[];
  readonly indices: readonly number[];
}

/** The same numbers whatever the input. */
export interface ConstantStep extends StepBase {
  readonly kind: "Constant";
  readonly data: readonly number[];
}

/** Index of the greatest element of each of `batch` rows, the lowest index on ties. */
export interface ArgMaxStep extends StepBase {
  readonly kind: "ArgMax";
  readonly input: string;
  readonly batch: number;
}

/** out[i · size + j] = 1 where in[i] = j, else 0. */
export interface OneHotStep extends StepBase {
  readonly kind: "OneHot";
  readonly input: string;
  readonly size: number;
}

/** Sums of decision trees, in the form that `TreeEnsembleNode` describes. */
export interface TreesStep extends StepBase {
  readonly kind: "Trees";
  readonly input: string;
  readonly batch: number;
  readonly base: readonly number[];
  readonly trees: readonly RealTree[];
}

/** A tree by its root: a leaf adds `add[k]` to score k; a branch goes to `yes` where in[feature] ≤ threshold. */
export type RealTree =
  | { readonly add: readonly number[] }
  | { readonly feature: number; readonly threshold: number; readonly yes: RealTree; readonly no: RealTree };

/** Names of the values that a step reads. */
export function operandsOf(step: RealStep): readonly string[] {
  switch (step.kind) {
    case "Linear":
    case "Extreme":
    case "Arrange":
      return step.inputs;
    case "Multiply":
      return [step.left, step.right];
    case "Divide":
      return [step.numerator, step.denominator];
    case "Select":
      return [step.condition, step.whenTrue, step.whenFalse];
    case "Constant":
      return [];
    default:
      return [step.input];
  }
}

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
