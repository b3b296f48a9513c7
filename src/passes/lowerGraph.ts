import { elementCount } from "../codec/codec.ts";
import type { Graph, GraphNode } from "../ir/graph.ts";
import type { RealGraph, RealStep } from "../ir/realGraph.ts";
import { callOf } from "../onnx/inferGraph.ts";
import { operatorOf } from "../onnx/operatorOf.ts";
import { type StepBuilder, nodeError } from "../onnx/operators/operator.ts";

/** What lowering has made so far: steps, and the program's value for each ONNX value. */
interface Progress {
  readonly steps: RealStep[];
  readonly values: Map<string, string>;
  /** Number of elements of each value of the program. */
  readonly sizes: Map<string, number>;
}

/** Turns every node into steps; operators decide how. Throws InputError where a use of an operator is not supported. */
export function lowerGraph(graph: Graph): RealGraph {
  const progress: Progress = {
    steps: [],
    values: new Map(graph.inputs.map(({ name }) => [name, `input ${name}`])),
    sizes: new Map(graph.inputs.map(({ name, shape }) => [`input ${name}`, elementCount(shape)])),
  };
  const usesOf = usesIn(graph);
  for (const node of graph.nodes) {
    const call = callOf(node, graph.opsets, graph);
    const { lower } = operatorOf(node);
    if (lower === undefined) throw nodeError(call, "is supported only where its operands are constant");
    lower(call, builderFor(node, progress, usesOf)).forEach((value, index) =>
      progress.values.set(node.outputs[index], value),
    );
  }
  return {
    inputs: graph.inputs.map(({ name, shape, bounds }) => ({
      name,
      value: `input ${name}`,
      shape,
      ...(bounds && { bounds }),
    })),
    steps: progress.steps,
    outputs: graph.outputs.map(({ name, shape }) => ({ name, shape, from: progress.values.get(name)! })),
  };
}

function builderFor(node: GraphNode, { steps, values, sizes }: Progress, usesOf: StepBuilder["usesOf"]): StepBuilder {
  const append = (size: number, step: DistributiveOmit<RealStep, "name" | "output">): string => {
    const output = `step ${steps.length}`;
    steps.push({ ...step, name: node.name, output });
    sizes.set(output, size);
    return output;
  };
  const sizeOf = (value: string): number => sizes.get(value)!;
  const constant = (data: readonly number[]): string => append(data.length, { kind: "Constant", data });
  const linear: StepBuilder["linear"] = (inputs, sums) =>
    append((sums.windows.length * sums.weights.length) / sums.groups, { kind: "Linear", inputs, ...sums });
  const arrange: StepBuilder["arrange"] = (inputs, indices) => {
    const isWhole = inputs.length === 1 && indices.length === sizeOf(inputs[0]);
    const isIdentity = isWhole && indices.every((from, to) => from === to);
    return isIdentity ? inputs[0] : append(indices.length, { kind: "Arrange", inputs, indices });
  };
  return {
    usesOf,
    sizeOf,
    constant,
    linear,
    arrange,
    valueOf: ({ name, constant: tensor }) => (tensor === undefined ? values.get(name)! : constant(tensor.data)),
    dense(input, batch, weights, bias) {
      const length = sizeOf(input) / batch;
      const windows = Array.from({ length: batch }, (_, row) => rangeFrom(row * length, length));
      const sums = linear([input], { groups: 1, windows, weights, bias });
      const transposed = rangeFrom(0, batch * bias.length).map(
        (index) => (index % bias.length) * batch + Math.floor(index / bias.length),
      );
      return arrange([sums], transposed);
    },
    scale: (input, factors, offsets) => append(sizeOf(input), { kind: "Scale", input, factors, offsets }),
    add(left, right, factors) {
      const length = sizeOf(left);
      const windows = rangeFrom(0, length).map((index) => [index, length + index]);
      return linear([left, right], { groups: 1, windows, weights: [factors], bias: [0] });
    },
    relu: (input) => append(sizeOf(input), { kind: "Relu", input }),
    apply: (input, fn) => append(sizeOf(input), { kind: "Apply", input, function: fn }),
    extreme: (which, inputs, windows) => append(windows.length, { kind: "Extreme", which, inputs, windows }),
    multiply: (left, right) => append(sizeOf(left), { kind: "Multiply", left, right }),
    divide: (numerator, denominator) => append(sizeOf(numerator), { kind: "Divide", numerator, denominator }),
    compare: (input, relation) => append(sizeOf(input), { kind: "Compare", input, relation }),
    select: (condition, whenTrue, whenFalse) =>
      append(sizeOf(condition), { kind: "Select", condition, whenTrue, whenFalse }),
    argMax: (input, batch) => append(batch, { kind: "ArgMax", input, batch }),
    oneHot: (input, size) => append(sizeOf(input) * size, { kind: "OneHot", input, size }),
    trees: (input, batch, base, trees) => append(batch * base.length, { kind: "Trees", input, batch, base, trees }),
  };
}

const rangeFrom = (start: number, length: number): number[] => Array.from({ length }, (_, index) => start + index);

type DistributiveOmit<Union, Key extends PropertyKey> = Union extends unknown ? Omit<Union, Key> : never;

function usesIn({ nodes, outputs }: Graph): StepBuilder["usesOf"] {
  const readers = new Map<string, GraphNode[]>();
  for (const node of nodes) {
    for (const name of new Set(node.inputs)) readers.set(name, [...(readers.get(name) ?? []), node]);
  }
  const given = new Set(outputs.map(({ name }) => name));
  return (value) => ({ nodes: readers.get(value) ?? [], isOutput: given.has(value) });
}
