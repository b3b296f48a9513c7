import { SCALAR_ORDER } from "../field.ts";
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

/** Every residue modulo the field's order stands for exactly one integer from −FIELD to FIELD. */
export const FIELD = (SCALAR_ORDER - 1n) / 2n;

/** Bounds of `length` wires of which the constraints say nothing. */
export const unbounded = (length: number): { low: bigint[]; high: bigint[] } => ({
  low: Array<bigint>(length).fill(-FIELD),
  high: Array<bigint>(length).fill(FIELD),
});

/**
 * What constraints say of a kernel's values whatever a prover puts on the wires, the rows that pack several sums into one
 * left out of account; ±FIELD where they say nothing. Packing rests on these bounds (ADR-0005), never on admissible
 * inputs. A wire stands for its one integer in ±FIELD, which lies inside the bounds.
 */
export interface Guarantees {
  /** Bounds of each operand. */
  readonly operands: readonly Interval[];
  /** Bounds that the kernels which read the result put on it. */
  readonly result: Interval;
  /** Which elements of the operands are one wire to the compiler: those with equal numbers. */
  readonly wires: readonly (readonly number[])[];
}

/** The integer meaning of a kind of step, its bounds, its price and its circuit: all that an auditor reads. */
export interface Kernel<Node extends KernelNode> {
  /** Operand names in the order that the functions below take them. */
  operands(node: Node): readonly string[];
  /** Throws InputError unless the attributes are integers in their ranges. */
  requireAttributes(node: Node): void;
  /** Exact result; operands are flat row-major integers. */
  reference(node: Node, operands: readonly (readonly bigint[])[]): bigint[];
  /** Bounds of the result, exact for operands that vary independently within theirs. */
  interval(node: Node, operands: readonly Interval[]): Interval;
  /**
   * Bounds that the kernel's own constraints put on its result for any operands inside `guaranteed`; `operands` are the
   * proven intervals that the circuit was made for. `result` is what the readers force, for kernels whose circuit
   * depends on it; it need not be repeated in the answer. Here and below, a wire is congruent to an integer inside the
   * bounds; bounds beyond ±FIELD count as none.
   */
  boundResult(node: Node, operands: readonly Interval[], guaranteed: readonly Interval[], result: Interval): Interval;
  /** Bounds that the kernel's own constraints put on each operand where its result lies inside `result`. */
  boundOperands(node: Node, operands: readonly Interval[], result: Interval): readonly Interval[];
  /**
   * For each element of the result the element of all operands together that it merely copies, so that the compiler makes
   * them one wire; −1 for none. Left out where nothing is copied.
   */
  copies?(node: Node, operands: readonly Interval[]): readonly number[];
  /** Predicted constraints, compared with the compiler by a test. */
  cost(node: Node, operands: readonly Interval[], guarantees: Guarantees): Cost;
  emit(node: Node, operands: readonly Interval[], guarantees: Guarantees): Emission;
}
