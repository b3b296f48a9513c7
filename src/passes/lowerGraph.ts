import { elementCount } from "../codec/codec.ts";
import type { Graph, GraphNode } from "../ir/graph.ts";
import type { RealGraph, RealInput } from "../ir/realGraph.ts";
import { callOf } from "../onnx/inferGraph.ts";
import { operatorOf } from "../onnx/operatorOf.ts";
import type { StepBuilder } from "../onnx/operators/operator.ts";
import { type Program, stepBuilder } from "../onnx/stepBuilder.ts";

/** Turns every node into steps; operators decide how. Throws InputError where a use of an operator is not supported. */
export function lowerGraph(graph: Graph): RealGraph {
  const inputs = graph.inputs.map(({ name, shape, bounds }): RealInput => ({
    name,
    value: `input ${name}`,
    shape,
    ...(bounds && { bounds }),
  }));
  const program: Program = {
    steps: [],
    values: new Map(inputs.map(({ name, value }) => [name, value])),
    sizes: new Map(inputs.map(({ value, shape }) => [value, elementCount(shape)])),
  };
  const usesOf = usesIn(graph);
  for (const node of graph.nodes) {
    const results = operatorOf(node).lower(callOf(node, graph.opsets, graph), stepBuilder(node, program, usesOf));
    results.forEach((value, index) => {
      const name = node.outputs[index];
      if (name) program.values.set(name, value);
    });
  }
  const outputs = graph.outputs.map(({ name, shape }) => ({ name, shape, from: outputValue(name, graph, program) }));
  return { inputs, steps: program.steps, outputs };
}

/** The program's value for an output; a constant one becomes a step of its own. */
function outputValue(name: string, { constants }: Graph, program: Program): string {
  const constant = constants.get(name);
  if (constant === undefined) return program.values.get(name)!;
  return stepBuilder({ name }, program, usedByGraph).constant(constant.data);
}

const usedByGraph: StepBuilder["usesOf"] = () => ({ nodes: [], isOutput: true });

function usesIn({ nodes, outputs }: Graph): StepBuilder["usesOf"] {
  const readers = new Map<string, GraphNode[]>();
  for (const node of nodes) {
    for (const name of new Set(node.inputs)) {
      const list = readers.get(name);
      if (list === undefined) readers.set(name, [node]);
      else list.push(node);
    }
  }
  const given = new Set(outputs.map(({ name }) => name));
  return (value) => ({ nodes: readers.get(value) ?? [], isOutput: given.has(value) });
}
