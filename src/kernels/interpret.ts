import { elementCount, highest, lowest } from "../codec/codec.ts";
import { InputError } from "../errors.ts";
import type { IntegerGraph, KernelNode } from "../ir/integerGraph.ts";
import { requireWellFormed } from "../ir/requireWellFormed.ts";
import type { Interval } from "./kernel.ts";
import { kernelOf } from "./kernelOf.ts";

/** No wire reaches this magnitude, so that sums and differences of wires in a circuit never wrap around the field. */
const WIRE_LIMIT = 1n << 252n;

/**
 * Runs the program on one array of integers an input tensor and returns one array an output tensor. Throws InputError
 * on elements that are missing, too many or out of the input's range.
 */
export function evaluate(graph: IntegerGraph, inputs: readonly (readonly bigint[])[]): bigint[][] {
  const values = evaluateValues(graph, inputs);
  return graph.outputs.map(({ name, from }) => [...lookUp(values, from, `output ${name}`)]);
}

/** Runs the program like `evaluate` and gives every value by its name. */
export function evaluateValues(
  graph: IntegerGraph,
  inputs: readonly (readonly bigint[])[],
): Map<string, readonly bigint[]> {
  if (inputs.length !== graph.inputs.length) {
    throw new InputError(`inputs: got ${inputs.length} tensors, want ${graph.inputs.length}`);
  }
  const values = new Map<string, readonly bigint[]>();
  graph.inputs.forEach((tensor, index) => define(values, tensor.name, checkInput(tensor, inputs[index])));
  for (const node of graph.kernels) {
    const kernel = kernelOf(node);
    define(values, node.output, kernel.reference(node, operandsOf(node, values)));
  }
  return values;
}

/**
 * Bounds of every value over all admissible inputs, by value name. Throws InputError naming the kernel if a value could
 * reach 2^252.
 */
export function intervalsOf(graph: IntegerGraph): Map<string, Interval> {
  requireWellFormed(graph);
  const intervals = new Map<string, Interval>();
  for (const tensor of graph.inputs) {
    const length = elementCount(tensor.shape);
    define(intervals, tensor.name, {
      low: Array<bigint>(length).fill(lowest(tensor)),
      high: Array<bigint>(length).fill(highest(tensor)),
    });
  }
  for (const node of graph.kernels) {
    kernelOf(node).requireAttributes(node);
    const interval = kernelOf(node).interval(node, operandsOf(node, intervals));
    checkLimit(node, interval);
    define(intervals, node.output, interval);
  }
  for (const { name, from } of graph.outputs) lookUp(intervals, from, `output ${name}`);
  return intervals;
}

/** What is known of the operands of a node, in the kernel's order. Throws InputError on a value that does not exist. */
export const operandsOf = <Known>(node: KernelNode, values: ReadonlyMap<string, Known>): Known[] =>
  kernelOf(node)
    .operands(node)
    .map((operand) => lookUp(values, operand, `kernel ${node.name} (${node.kernel})`));

function lookUp<Known>(values: ReadonlyMap<string, Known>, name: string, user: string): Known {
  const value = values.get(name);
  if (value === undefined) throw new InputError(`${user}: value ${name} does not exist before it is used`);
  return value;
}

function define<Known>(values: Map<string, Known>, name: string, value: Known): void {
  if (values.has(name)) throw new InputError(`value ${name} is defined twice, want unique names`);
  values.set(name, value);
}

function checkInput(tensor: IntegerGraph["inputs"][number], elements: readonly bigint[]): readonly bigint[] {
  const count = elementCount(tensor.shape);
  if (elements.length !== count) {
    throw new InputError(`input ${tensor.name}: got ${elements.length} elements, want ${count}`);
  }
  const [low, high] = [lowest(tensor), highest(tensor)];
  const wrong = elements.findIndex((element) => element < low || element > high);
  if (wrong === -1) return elements;
  throw new InputError(`input ${tensor.name}[${wrong}]: ${elements[wrong]} is out of range, want ${low} to ${high}`);
}

function checkLimit({ name, kernel }: KernelNode, { low, high }: Interval): void {
  const wrong = low.findIndex((least, index) => least <= -WIRE_LIMIT || high[index] >= WIRE_LIMIT);
  if (wrong === -1) return;
  throw new InputError(
    `kernel ${name} (${kernel}): element ${wrong} could reach 2^252 and wrap around the field, want smaller weights`,
  );
}
