import type { KernelNode } from "../ir/integerGraph.ts";

/**
 * Bounds of every element of a value that no admissible input exceeds; both arrays have the value's length. They are
 * exact where the elements of the operands vary independently, as a model's inputs do.
 */
export interface Interval {
  readonly low: readonly bigint[];
  readonly high: readonly bigint[];
}

/** Constraints under --O1 before packing into a domain. */
export interface Cost {
  readonly nonlinear: number;
  readonly linear: number;
}

/** Circom text of one kernel: what it includes, what it declares at top level, and what stands in the main template. */
export interface Emission {
  /** Files of circuits/lib, without folder. */
  readonly includes: readonly string[];
  /** Functions and templates, placed before the main template. */
  readonly declarations: string;
  /**
   * Statements in the main template. Operands are signal arrays `<valueName>[length]` that exist; the statements
   * declare and constrain the array of the output.
   */
  readonly statements: string;
}

/** The integer meaning of a kind of step, its bounds, its price and its circuit: all that an auditor reads. */
export interface Kernel<Node extends KernelNode> {
  /** Operand names in the order that the functions below take them. */
  operands(node: Node): readonly string[];
  /** Exact result; operands are flat row-major integers. */
  reference(node: Node, operands: readonly (readonly bigint[])[]): bigint[];
  /** Bounds of the result, exact for operands that vary independently within theirs. */
  interval(node: Node, operands: readonly Interval[]): Interval;
  /** Predicted constraints, compared with the compiler by a test. */
  cost(node: Node, operands: readonly Interval[]): Cost;
  emit(node: Node, operands: readonly Interval[]): Emission;
}
