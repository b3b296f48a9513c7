import { InputError } from "../errors.ts";
import type { KernelNode } from "../ir/integerGraph.ts";
import type { Interval } from "../kernels/kernel.ts";
import { kernelOf } from "../kernels/kernelOf.ts";
import { bitWidth } from "./integerWidth.ts";

/** A value of the integer program: element i stands for integer · scale / 2^exponents[i]. */
export interface IntegerValue {
  readonly name: string;
  readonly scale: number;
  /** One an element where they differ; all 0 where absent. */
  readonly exponents?: readonly number[] | undefined;
  readonly interval: Interval;
  /** The real numbers of a constant: whoever reads it may round them as it needs. */
  readonly constant?: readonly number[] | undefined;
}

type Unnamed<Node> = Node extends KernelNode ? Omit<Node, "name" | "output"> : never;

/** An integer program while it is made. */
export interface Program {
  readonly kernels: KernelNode[];
  /**
   * Appends a kernel called after an ONNX node and gives its value. Throws InputError where the scale is no number, or
   * the operands cannot be what the kernel wants.
   */
  append(
    name: string,
    node: Unnamed<KernelNode>,
    scale: number,
    exponents?: readonly number[] | undefined,
  ): IntegerValue;
}

/** An empty program over inputs; `identifier` makes names that are new to it. */
export function createProgram(inputs: readonly IntegerValue[], identifier: (text: string) => string): Program {
  const intervals = new Map(inputs.map(({ name, interval }) => [name, interval]));
  const kernels: KernelNode[] = [];
  return {
    kernels,
    append(name, unnamed, scale, exponents) {
      if (!(scale > 0 && scale < Infinity)) {
        throw new InputError(`node ${JSON.stringify(name)}: its values are too large or too small`);
      }
      const output = identifier(name);
      const node: KernelNode = { ...unnamed, name: output, output };
      const kernel = kernelOf(node);
      const operands = kernel.operands(node).map((operand) => intervals.get(operand)!);
      const interval = kernel.interval(node, operands);
      kernels.push(node);
      intervals.set(output, interval);
      return {
        name: output,
        scale,
        interval,
        exponents: exponents?.some((exponent) => exponent !== 0) ? exponents : undefined,
      };
    },
  };
}

/** Number of elements of a value. */
export const sizeOf = ({ interval }: IntegerValue): number => interval.low.length;

/** The narrowest width that holds a value, and whether it needs a sign. */
export const widthOf = ({ interval }: IntegerValue): { bits: number; signed: boolean } => bitWidth(interval);

/** Least and greatest integer of a value. */
export function hullOf({ interval: { low, high } }: IntegerValue): { low: bigint; high: bigint } {
  return {
    low: low.reduce((least, bound) => (bound < least ? bound : least)),
    high: high.reduce((most, bound) => (bound > most ? bound : most)),
  };
}

/** Greatest magnitude of a value's integers. */
export function extentOf(value: IntegerValue): number {
  const { low, high } = hullOf(value);
  return Math.max(Number(high), -Number(low));
}

/** What the integer 1 of an element stands for. */
export const scaleAt = ({ scale, exponents }: IntegerValue, index: number): number =>
  scale / 2 ** (exponents?.[index] ?? 0);

/** The nearest integer, halves upward. Throws InputError naming the node where a double no longer holds it exactly. */
export function toInteger(value: number, node: string): number {
  const integer = Math.round(value) + 0;
  if (Number.isSafeInteger(integer)) return integer;
  throw new InputError(
    `node ${JSON.stringify(node)}: a weight or bias is ${value} times the step of its sum; want less than 2^53`,
  );
}
