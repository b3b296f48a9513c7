import { CONTROL, InputError } from "../errors.ts";
import { LIMITS } from "./limits.ts";
import { toInteger } from "./readTensor.ts";
import type { AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto } from "./schema.ts";

/**
 * Throws InputError where a decoded model has more parts than the reader takes, or names that cannot be shown: whatever is
 * read afterwards is bounded in number, and every name of it is one short line.
 */
export function requireReadable({ graph, opsetImport }: Pick<ModelProto, "graph" | "opsetImport">): void {
  const { node, input, output, initializer, name } = graph!;
  const count = (found: number, limit: number, what: string) => {
    if (found <= limit) return;
    throw new InputError(`ONNX file: has ${found} ${what}, want at most ${limit}`);
  };
  count(node.length, LIMITS.nodes, "nodes");
  const constants = new Set(initializer.map((proto) => proto.name));
  count(input.filter((value) => !constants.has(value.name)).length, LIMITS.tensors, "inputs");
  count(output.length, LIMITS.tensors, "outputs");
  count(sumOf(node, referencesOf), LIMITS.references, "operands and results of nodes");
  count(sumOf(initializer, sizeOf), LIMITS.elements, "elements of initializers");
  requireName(name, "name of the graph");
  for (const { domain } of opsetImport) requireName(domain, "domain");
  for (const proto of initializer) requireName(proto.name, "name of an initializer");
  requireValueNames(graph!);
  node.forEach(requireNodeNames);
}

const referencesOf = ({ input, output }: NodeProto): number => input.length + output.length;

/**
 * Elements that the dimensions promise, as far as one tensor may go: whether they are there, and whether they are too many
 * for one, is for the tensor's own reader to say.
 */
function sizeOf({ dims, name }: TensorProto): number {
  const sizes = dims.slice(0, LIMITS.rank).map((size) => toInteger(size, `initializer ${JSON.stringify(name)}`));
  const size = sizes.reduce((product, length) => product * length, 1);
  return Math.min(Math.max(0, size), LIMITS.elements);
}

const sumOf = <Part>(parts: readonly Part[], measure: (part: Part) => number): number =>
  parts.reduce((sum, part) => sum + measure(part), 0);

function requireValueNames({ input, output }: Pick<GraphProto, "input" | "output">): void {
  for (const { name, type } of [...input, ...output]) {
    requireName(name, "name of an input or output");
    for (const { dimParam } of type?.tensorType?.shape?.dim ?? []) requireName(dimParam, "name of a dimension");
  }
}

/** Numbers of attribute types that hold graphs, single or several (AttributeProto.AttributeType). */
const GRAPH_TYPES: readonly number[] = [5, 10];

function requireNodeNames({ name, opType, domain, input, output, attribute }: NodeProto, index: number): void {
  const what = `node ${index}`;
  for (const text of [name, opType, domain]) requireName(text, what);
  for (const text of input) requireName(text, `${what} operand`);
  for (const text of output) requireName(text, `${what} result`);
  for (const proto of attribute) {
    requireName(proto.name, `${what} attribute`);
    if (GRAPH_TYPES.includes(proto.type)) throw holdsGraph(name || `${opType}_${index}`, opType, proto);
  }
}

const holdsGraph = (node: string, operator: string, { name }: AttributeProto): InputError =>
  new InputError(
    `node ${JSON.stringify(node)} (${operator}): attribute ${JSON.stringify(name)} holds a graph; branches and loops are not ` +
      "supported; export the model without If, Loop and Scan",
  );

function requireName(name: string, what: string): void {
  if (name.length > LIMITS.name) {
    throw new InputError(
      `${what} (${JSON.stringify(name.slice(0, 40))}…): has ${name.length} characters, want at most ${LIMITS.name}`,
    );
  }
  if (name.search(CONTROL) === -1) return;
  throw new InputError(`${what} (${JSON.stringify(name)}): holds a control character; rename it`);
}
