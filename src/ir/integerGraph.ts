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
 * A model input: the real value x is the integer round(x / scale). Nothing is clamped: numbers that round to an integer
 * outside the rounded `range` are refused before a commitment is made, so up to half a step beyond a bound still passes.
 * The circuit knows `bits` only: it refuses integers that do not fit them.
 */
export interface IntegerInput extends CodecTensor {
  /** Real bounds the scale was chosen for, and where they came from. */
  readonly range: { readonly low: number; readonly high: number; readonly source: "model.json" | "option" | "rows" };
}

/** A model output: the value `from` of the program; width and sign come from its proven interval. */
export interface IntegerOutput extends CodecTensor {
  readonly from: string;
  /** `label` is the index of a class, `values` anything else. */
  readonly role: "label" | "values";
}

/** One step of the program; integers beyond 2^53 never occur in attributes. */
export type KernelNode = LinearNode | RequantiseNode | ArgMaxNode | PermuteNode | AddNode;

interface NodeBase {
  readonly name: string;
  readonly output: string;
}

/** out[b, j] = bias[j] + Σᵢ weights[j][i] · in[b, i], over `batch` rows. */
export interface LinearNode extends NodeBase {
  readonly kernel: "Linear";
  readonly input: string;
  readonly batch: number;
  /** `outFeatures` rows of `inFeatures` integers. */
  readonly weights: readonly (readonly number[])[];
  readonly bias: readonly number[];
}

/**
 * out = clamp(floor((in + 2^(shift−1)) / 2^shift), low, high), the rounding term absent at shift 0: division rounds
 * half up, toward −∞ after the free bias. `low` is 0 (fused ReLU) or −2^(bits−1) ; `high` is 2^bits − 1 or
 * 2^(bits−1) − 1 accordingly.
 */
export interface RequantiseNode extends NodeBase {
  readonly kernel: "Requantise";
  readonly input: string;
  readonly shift: number;
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

/** out[i] = in[indices[i]]: transposes and slices, free of constraints. */
export interface PermuteNode extends NodeBase {
  readonly kernel: "Permute";
  readonly input: string;
  readonly indices: readonly number[];
}

/** out[i] = multipliers[0] · left[i] + multipliers[1] · right[i]. */
export interface AddNode extends NodeBase {
  readonly kernel: "Add";
  readonly left: string;
  readonly right: string;
  readonly multipliers: readonly [number, number];
}
