import type { CodecTensor } from "../codec/codec.ts";

/**
 * The integer program that a model is (ADR-0001: `modelHash` is the hash of its RFC 8785 form). Interpreter, circuit
 * and documentation follow it bit for bit. Kernels are in topological order and name their operands by value name.
 */
export interface IntegerGraph {
  readonly format: "tollgate-graph-1";
  readonly name: string;
  readonly source: { readonly onnxSha256: string };
  /** How real inputs become integers; `range` says where the bounds came from. */
  readonly inputs: readonly IntegerInput[];
  readonly kernels: readonly KernelNode[];
  readonly outputs: readonly IntegerOutput[];
}

/**
 * A model input: the real value x of element i is the integer round(x · 2^exponents[i mod p] / scale), p the number of
 * exponents. Nothing is clamped: numbers that round to an integer outside the rounded range are refused before a
 * commitment is made, so up to half a step beyond a bound still passes. The circuit knows `bits` only: it refuses
 * integers that do not fit them.
 */
export interface IntegerInput extends CodecTensor {
  /** By position along the last axis, where features are of different size; all 0 where absent. */
  readonly exponents?: readonly number[];
  readonly range: InputRange;
}

/** Real bounds that scales were chosen for, and where they came from. */
export interface InputRange {
  readonly low: number;
  readonly high: number;
  readonly source: "model.json" | "option" | "rows" | "model";
  /** Bounds by position along the last axis, where they differ. */
  readonly features?: readonly (readonly [low: number, high: number])[];
}

/** A model output: the value `from` of the program; width and sign come from its proven interval. */
export interface IntegerOutput extends CodecTensor {
  readonly from: string;
  /** `label` is the index of a class, `values` anything else. */
  readonly role: "label" | "values";
}

/** One step of the program; integers beyond 2^53 never occur in attributes. */
export type KernelNode =
  | ArgMaxNode
  | ArrangeNode
  | CompareNode
  | DivideNode
  | ExtremeNode
  | LinearNode
  | MultiplyNode
  | OneHotNode
  | RequantiseNode
  | RootNode
  | SelectNode
  | TableNode
  | TreeEnsembleNode;

interface NodeBase {
  readonly name: string;
  readonly output: string;
}

/**
 * Sums with constant weights: dense and convolutional layers, average pools, element-wise scaling, sums of values. The
 * elements of all inputs are numbered one after another; a window lists those that one sum reads, −1 standing for a zero
 * (padding). Windows and filters fall into `groups` equal consecutive parts, W windows and F filters each:
 *
 *     out[(g · F + f) · W + w] = bias[g · F + f] + Σₖ weights[g · F + f][k] · in[windows[g · W + w][k]]
 */
export interface LinearNode extends NodeBase {
  readonly kernel: "Linear";
  readonly inputs: readonly string[];
  readonly groups: number;
  readonly windows: readonly (readonly number[])[];
  /** A row a filter, as long as the windows. */
  readonly weights: readonly (readonly number[])[];
  readonly bias: readonly number[];
}

/**
 * out = clamp(floor((in + 2^(shift−1)) / 2^shift), low, high), the rounding term absent at shift 0: division rounds
 * half up, toward −∞ after the free bias. `low` is 0 (fused ReLU) or −2^(bits−1); `high` is 2^bits − 1 or
 * 2^(bits−1) − 1 accordingly.
 */
export interface RequantiseNode extends NodeBase {
  readonly kernel: "Requantise";
  readonly input: string;
  /** One for each of as many equal consecutive parts of the value: a channel's scale may be finer than another's. */
  readonly shifts: readonly number[];
  /** Width of the result. */
  readonly bits: number;
  /** False: a ReLU is fused in. */
  readonly signed: boolean;
}

/** Index of the greatest element of each of `batch` rows, the lowest index on ties. */
export interface ArgMaxNode extends NodeBase {
  readonly kernel: "ArgMax";
  readonly input: string;
  readonly batch: number;
}

/**
 * out[i] = elements[indices[i]] of all inputs one after another and then the constants: transposes, slices,
 * concatenations, padding; free of constraints.
 */
export interface ArrangeNode extends NodeBase {
  readonly kernel: "Arrange";
  readonly inputs: readonly string[];
  readonly indices: readonly number[];
  readonly constants: readonly number[];
}

/** out[w] = greatest (or least) element that window w lists, of all inputs numbered one after another. */
export interface ExtremeNode extends NodeBase {
  readonly kernel: "Extreme";
  readonly which: "max" | "min";
  readonly inputs: readonly string[];
  /** At least one element each. */
  readonly windows: readonly (readonly number[])[];
}

/** out[i] = 1 where in[i] ≥ 0 (`nonNegative`) or in[i] = 0 (`zero`), else 0. */
export interface CompareNode extends NodeBase {
  readonly kernel: "Compare";
  readonly input: string;
  readonly relation: "nonNegative" | "zero";
}

/** out[i] = left[i] · right[i]. */
export interface MultiplyNode extends NodeBase {
  readonly kernel: "Multiply";
  readonly left: string;
  readonly right: string;
}

/** out[i] = condition[i] = 1 ? whenTrue[i] : whenFalse[i]; conditions are 0 or 1. */
export interface SelectNode extends NodeBase {
  readonly kernel: "Select";
  readonly condition: string;
  readonly whenTrue: string;
  readonly whenFalse: string;
}

/** out[i] = values[in[i] − low]: any function of an integer; in[i] − low is an index of `values`, of 2 to 2^12 entries. */
export interface TableNode extends NodeBase {
  readonly kernel: "Table";
  readonly input: string;
  readonly low: number;
  readonly values: readonly number[];
}

/**
 * out[i] = floor((2 · multiplier · numerator[i] + d) / (2 · d)), d = denominator[i] ≥ 1: the quotient rounded half up.
 * The denominators are as many as the numerators or divide their number; each serves equally many in a row.
 */
export interface DivideNode extends NodeBase {
  readonly kernel: "Divide";
  readonly numerator: string;
  readonly denominator: string;
  /** At least 1. */
  readonly multiplier: number;
}

/** out[i] = floor(√(multiplier · in[i])), in[i] ≥ 0. */
export interface RootNode extends NodeBase {
  readonly kernel: "Root";
  readonly input: string;
  /** At least 1. */
  readonly multiplier: number;
}

/** out[i · size + j] = 1 where in[i] = j, else 0; 0 ≤ in[i] < size. */
export interface OneHotNode extends NodeBase {
  readonly kernel: "OneHot";
  readonly input: string;
  readonly size: number;
}

/**
 * Sums of decision trees over `batch` rows of features each: out[b, k] = base[k] + Σ over the trees of what the leaf that
 * row b reaches adds to score k.
 */
export interface TreeEnsembleNode extends NodeBase {
  readonly kernel: "TreeEnsemble";
  readonly input: string;
  readonly batch: number;
  readonly base: readonly number[];
  readonly trees: readonly TreeNode[];
}

/** A tree by its root: a leaf adds `add[k]` to score k; a branch goes to `yes` where in[feature] ≤ threshold. */
export type TreeNode =
  | { readonly add: readonly number[] }
  | { readonly feature: number; readonly threshold: number; readonly yes: TreeNode; readonly no: TreeNode };
