import { elementCount } from "../codec/codec.ts";
import { InputError, oneLine } from "../errors.ts";
import type { Graph, GraphNode, Tensor, ValueInfo, ValueType } from "../ir/graph.ts";
import { foldNode } from "./foldNode.ts";
import { LIMITS, checkedSize } from "./limits.ts";
import { operatorOf } from "./operatorOf.ts";
import { type Call, type Operand, nodeError, nodeLabel, typeWith } from "./operators/operator.ts";
import { sortNodes } from "./sortNodes.ts";

/** A graph as the file has it: nodes in any order, shapes known for inputs and constants only. */
export interface UntypedGraph extends Omit<Graph, "outputs" | "values"> {
  readonly outputs: readonly string[];
}

/** What is known while walking through the nodes in order. */
interface Scope {
  readonly constants: Map<string, Tensor>;
  readonly values: Map<string, ValueType>;
  readonly nodes: GraphNode[];
  /** Names of the values that nodes read or the graph gives out. */
  readonly read: ReadonlySet<string>;
  /** What may still be spent, of the limits of these names. */
  readonly left: Record<"elements" | "computedTotal" | "products" | "reads", number>;
}

/** Sorts the nodes, computes constant ones and finds the type and shape of every value. Throws InputError. */
export function inferGraph(graph: UntypedGraph): Graph {
  const { inputs, opsets } = graph;
  const scope: Scope = {
    constants: new Map(graph.constants),
    values: new Map(inputs.map(({ name, ...type }) => [name, type])),
    nodes: [],
    read: new Set([...graph.outputs, ...graph.nodes.flatMap((node) => node.inputs)]),
    left: { ...LIMITS },
  };
  for (const { name, shape } of inputs)
    spend(scope, "computedTotal", elementCount(shape), `input ${JSON.stringify(name)}`);
  for (const node of sortNodes(graph)) visit(callOf(node, opsets, scope), scope);
  const { constants, values, nodes } = scope;
  const outputs = graph.outputs.map((name) => outputOf(name, scope));
  const constantOutputs = outputs.filter(({ name }) => constants.has(name));
  const notes = [...graph.notes, ...constantOutputs.map(constantNote), ...outputs.flatMap(stringsNote)];
  return { ...graph, outputs, constants, values, nodes, notes };
}

/** A node with its operands; throws InputError where their number is wrong. */
export function callOf(
  node: GraphNode,
  opsets: Graph["opsets"],
  { constants, values }: Pick<Graph, "constants" | "values">,
): Call {
  const operands = node.inputs.map((name): Operand | undefined => {
    const constant = constants.get(name);
    const type = constant ?? values.get(name);
    if (name === "" || type === undefined) return undefined;
    return { name, constant, ...typeWith(type, type.shape) };
  });
  const call = { node, opset: opsets.get(node.domain)!, operands };
  const [least, most] = operatorOf(node).arity;
  const tooFew = operands.length < least || operands.slice(0, least).includes(undefined);
  if (!tooFew && operands.length <= most) return call;
  throw nodeError(
    call,
    `has ${operands.filter(Boolean).length} operands, want ${least === most ? least : `${least} to ${most}`}`,
  );
}

function visit(call: Call, scope: Scope): void {
  const { node, operands } = call;
  const { infer, readsShapesOnly, products } = operatorOf(node);
  const label = nodeLabel(node);
  if (!readsShapesOnly) {
    for (const operand of operands)
      spend(scope, "reads", operand === undefined ? 0 : elementCount(operand.shape), label);
  }
  const types = infer(call);
  requireSupportedOutputs(call, types.length, scope);
  spend(scope, "products", products?.(call) ?? 0, label);
  const isConstant =
    readsShapesOnly || operands.every((operand) => operand === undefined || operand.constant !== undefined);
  if (isConstant) return fold(call, types, scope);
  types.forEach((type, index) => {
    const size = checkedSize(type.shape, label, LIMITS.computed);
    if (size === 0) throw nodeError(call, "its result has no elements");
    spend(scope, "computedTotal", size, label);
    const name = node.outputs[index];
    if (name) scope.values.set(name, typeWith(type, type.shape));
  });
  scope.nodes.push(node);
}

/** Outputs beyond the first `supported` may be named as long as nothing uses them. */
function requireSupportedOutputs(call: Call, supported: number, { read }: Scope): void {
  const used = call.node.outputs.findIndex((name, index) => index >= supported && name !== "" && read.has(name));
  if (used === -1) return;
  throw nodeError(
    call,
    `its output ${used} (${JSON.stringify(call.node.outputs[used])}) is used, which is not supported`,
  );
}

function fold(call: Call, types: readonly ValueType[], scope: Scope): void {
  const { node } = call;
  const label = nodeLabel(node);
  for (const { shape } of types) spend(scope, "elements", checkedSize(shape, label), label);
  foldNode(call, operatorOf(node)).forEach((data, index) => {
    const name = node.outputs[index];
    if (name) scope.constants.set(name, checked(call, types[index], data));
  });
}

/** What each limit counts, for messages. */
const COUNTED = {
  elements: "elements of constants that nodes compute",
  computedTotal: "elements of values that depend on the input",
  products: "multiplications",
  reads: "elements that nodes read",
} as const;

/** What makes a model smaller in what a limit counts. */
const REMEDIES = {
  elements: "export the model with its constants computed",
  computedTotal: "use a smaller batch, smaller inputs or fewer channels",
  products: "use fewer channels, larger strides or smaller inputs",
  reads: "use a smaller batch, smaller inputs or fewer layers",
} as const;

/** Takes from what is left of a limit. Throws InputError naming `what` where that is too little. */
function spend({ left }: Scope, limit: keyof Scope["left"], amount: number, what: string): void {
  left[limit] -= amount;
  if (left[limit] >= 0) return;
  throw new InputError(
    `${what}: with ${amount} of its own brings the model to more than ${LIMITS[limit]} ${COUNTED[limit]}; ${REMEDIES[limit]}`,
  );
}

/** A constant result; −0 becomes 0. */
function checked(call: Call, type: ValueType, data: readonly number[]): Tensor {
  const wrong = data.find(
    (element) => !Number.isFinite(element) || (type.type !== "float" && !Number.isSafeInteger(element)),
  );
  if (wrong !== undefined) throw nodeError(call, `its constant result holds ${wrong}`);
  return { ...typeWith(type, type.shape), data: data.map((element) => element + 0) };
}

function outputOf(name: string, { constants, values }: Scope): ValueInfo {
  const known = constants.get(name) ?? values.get(name);
  if (known === undefined) throw new InputError(`output ${JSON.stringify(name)}: no node computes it`);
  if (elementCount(known.shape) === 0) throw new InputError(`output ${JSON.stringify(name)}: has no elements`);
  const { type, shape, strings } = known;
  return { name, type, shape, ...(strings && { strings }) };
}

const constantNote = ({ name }: ValueInfo): string =>
  `output ${JSON.stringify(name)} does not depend on the input: it is the same whatever the input`;

const stringsNote = ({ name, strings }: ValueInfo): string[] =>
  strings === undefined
    ? []
    : [oneLine(`output ${JSON.stringify(name)} gives numbers for strings: 0, 1, … are ${JSON.stringify(strings)}`)];
