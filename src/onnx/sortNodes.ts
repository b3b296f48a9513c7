import { InputError } from "../errors.ts";
import type { GraphNode } from "../ir/graph.ts";
import type { UntypedGraph } from "./inferGraph.ts";
import { nodeLabel } from "./operators/operator.ts";

/**
 * The nodes in an order in which operands come first, which depends on the file's order alone. Throws InputError where a
 * name is missing or defined twice, an operand does not exist, or nodes wait for each other.
 */
export function sortNodes(graph: UntypedGraph): GraphNode[] {
  const producers = producersOf(graph);
  const known = new Set([...graph.constants.keys(), ...graph.inputs.map(({ name }) => name)]);
  const consumers = new Map<GraphNode, GraphNode[]>();
  const waiting = new Map<GraphNode, number>();
  for (const node of graph.nodes) {
    const sources = sourcesOf(node, producers, known);
    waiting.set(node, sources.size);
    for (const source of sources) {
      const readers = consumers.get(source);
      if (readers === undefined) consumers.set(source, [node]);
      else readers.push(node);
    }
  }
  const sorted = graph.nodes.filter((node) => waiting.get(node) === 0);
  for (const node of sorted) {
    for (const consumer of consumers.get(node) ?? []) {
      waiting.set(consumer, waiting.get(consumer)! - 1);
      if (waiting.get(consumer) === 0) sorted.push(consumer);
    }
  }
  const stuck = graph.nodes.find((node) => waiting.get(node)! > 0);
  if (stuck !== undefined) throw new InputError(`${nodeLabel(stuck)}: is part of or depends on a cycle`);
  return sorted;
}

function producersOf({ inputs, outputs, constants, nodes }: UntypedGraph): Map<string, GraphNode> {
  requireUnique(
    "input",
    inputs.map(({ name }) => name),
  );
  requireUnique("output", outputs);
  const taken = new Set([...constants.keys(), ...inputs.map(({ name }) => name)]);
  const producers = new Map<string, GraphNode>();
  for (const node of nodes) {
    if (!node.outputs.some(Boolean)) throw new InputError(`${nodeLabel(node)}: has no output`);
    for (const name of node.outputs) {
      if (name === "") continue;
      if (taken.has(name)) throw new InputError(`${nodeLabel(node)}: value ${JSON.stringify(name)} is defined twice`);
      taken.add(name);
      producers.set(name, node);
    }
  }
  return producers;
}

function requireUnique(kind: string, names: readonly string[]): void {
  if (names.length === 0) throw new InputError(`ONNX file: the graph has no ${kind}s`);
  const first = new Map(names.map((name, index) => [name, index] as const).reverse());
  const wrong = names.find((name, index) => name === "" || first.get(name) !== index);
  if (wrong !== undefined) throw new InputError(`${kind} ${JSON.stringify(wrong)}: want a name of its own`);
}

function sourcesOf(
  node: GraphNode,
  producers: ReadonlyMap<string, GraphNode>,
  known: ReadonlySet<string>,
): Set<GraphNode> {
  const computed = node.inputs.filter((name) => name !== "" && !known.has(name));
  const missing = computed.find((name) => !producers.has(name));
  if (missing !== undefined) {
    throw new InputError(`${nodeLabel(node)}: operand ${JSON.stringify(missing)} does not exist`);
  }
  return new Set(computed.map((name) => producers.get(name)!));
}
