import type { Graph, GraphNode } from "../ir/graph.ts";
import type { RealGraph, RealStep } from "../ir/realGraph.ts";
import { callOf, operatorOf } from "../onnx/inferGraph.ts";
import { type StepBuilder, nodeError } from "../onnx/operators/operator.ts";

/** What lowering has made so far: steps, and the program's value for each ONNX value. */
interface Progress {
  readonly steps: RealStep[];
  readonly values: Map<string, string>;
}

/** Turns every node into steps; operators decide how. Throws InputError where a use of an operator is not supported. */
export function lowerGraph(graph: Graph): RealGraph {
  const progress: Progress = { steps: [], values: new Map(graph.inputs.map(({ name }) => [name, `input ${name}`])) };
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

function builderFor(node: GraphNode, { steps, values }: Progress, usesOf: StepBuilder["usesOf"]): StepBuilder {
  const append = (step: DistributiveOmit<RealStep, "name" | "output">): string => {
    const output = `step ${steps.length}`;
    steps.push({ ...step, name: node.name, output });
    return output;
  };
  return {
    usesOf,
    valueOf: ({ name }) => values.get(name)!,
    linear: (input, batch, weights, bias) => append({ kind: "Linear", input, batch, weights, bias }),
    scale: (input, factors, offsets) => append({ kind: "Scale", input, factors, offsets }),
    relu: (input) => append({ kind: "Relu", input }),
    add: (left, right, factors) => append({ kind: "Add", left, right, factors }),
    argMax: (input, batch) => append({ kind: "ArgMax", input, batch }),
    permute(input, indices, size) {
      const isIdentity = indices.length === size && indices.every((from, to) => from === to);
      return isIdentity ? input : append({ kind: "Permute", input, indices });
    },
  };
}

type DistributiveOmit<Union, Key extends PropertyKey> = Union extends unknown ? Omit<Union, Key> : never;

function usesIn({ nodes, outputs }: Graph): StepBuilder["usesOf"] {
  const readers = new Map<string, GraphNode[]>();
  for (const node of nodes) {
    for (const name of new Set(node.inputs)) readers.set(name, [...(readers.get(name) ?? []), node]);
  }
  const given = new Set(outputs.map(({ name }) => name));
  return (value) => ({ nodes: readers.get(value) ?? [], isOutput: given.has(value) });
}
