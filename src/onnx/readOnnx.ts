import { createHash } from "node:crypto";
import { InputError } from "../errors.ts";
import type { Attribute, Graph, GraphNode, Tensor } from "../ir/graph.ts";
import { inferGraph } from "./inferGraph.ts";
import { LIMITS } from "./limits.ts";
import { DOMAINS, findOperator, operatorOf } from "./operatorOf.ts";
import { OPSETS, nodeLabel } from "./operators/operator.ts";
import { readAttribute } from "./readAttribute.ts";
import { type ReadOptions, readInputs, requireNotHalf } from "./readInputs.ts";
import { readTensor, toInteger } from "./readTensor.ts";
import { requireReadable } from "./requireReadable.ts";
import { type GraphProto, type ModelProto, type NodeProto, decodeModel } from "./schema.ts";

/**
 * Reads an ONNX file into a graph with static shapes, its constant parts computed. Never touches the file system.
 * Throws InputError naming the part, node or operator on anything that is malformed or not supported.
 */
export function readOnnx(bytes: Uint8Array, options: ReadOptions = {}): Graph {
  const model = parse(bytes);
  const opsets = readOpsets(model);
  const proto = model.graph!;
  const constants = readInitializers(proto);
  const variables = proto.input.filter(({ name }) => !constants.has(name));
  const { inputs, notes } = readInputs(variables, options);
  for (const { name, type } of proto.output)
    requireNotHalf(type?.tensorType?.elemType, `output ${JSON.stringify(name)}`);
  return inferGraph({
    name: proto.name,
    opsets,
    inputs,
    outputs: proto.output.map(({ name }) => name),
    constants,
    nodes: proto.node.map((node, index) => readNode(node, index, opsets)),
    notes,
    sha256: createHash("sha256").update(bytes).digest("hex"),
  });
}

function parse(bytes: Uint8Array): ModelProto {
  if (bytes.length > LIMITS.bytes) {
    throw new InputError(`ONNX file: has ${bytes.length} bytes, want at most ${LIMITS.bytes}`);
  }
  const model = decode(bytes);
  if (model.graph === null || toInteger(model.irVersion, "ONNX file: IR version") < 1)
    throw notOnnx("it holds no graph or no IR version");
  if (model.$unknowns !== undefined) throw notOnnx("it holds top-level fields that the format does not have");
  if (model.functions.length > 0) throw new InputError("ONNX file: local functions are not supported; inline them");
  if (model.graph.sparseInitializer.length > 0)
    throw new InputError("ONNX file: sparse initializers are not supported");
  requireReadable(model);
  return model;
}

function decode(bytes: Uint8Array): ModelProto {
  try {
    return decodeModel(bytes);
  } catch (error) {
    throw notOnnx((error as Error).message);
  }
}

const notOnnx = (reason: string): InputError =>
  new InputError(`ONNX file: not an ONNX model, or one that was cut short or appended to (${reason})`);

function readOpsets({ opsetImport, graph }: ModelProto): Map<string, number> {
  const opsets = new Map<string, number>();
  for (const { domain, version } of opsetImport) {
    const name = canonicalDomain(domain);
    const opset = toInteger(version, "ONNX file: opset version");
    const known = opsets.get(name);
    if (known !== undefined && known !== opset)
      throw new InputError(`ONNX file: opset of domain ${JSON.stringify(name)} is given as ${known} and ${opset}`);
    opsets.set(name, opset);
  }
  const opset = opsets.get("");
  const isUsed = graph!.node.some(({ domain }) => canonicalDomain(domain) === "");
  if (opset === undefined && !isUsed) return opsets;
  if (opset !== undefined && opset >= OPSETS.from && opset <= OPSETS.to) return opsets;
  const found = opset === undefined ? "names no opset of the default domain" : `is of opset ${opset}`;
  throw new InputError(`ONNX file: ${found}, want ${OPSETS.from} to ${OPSETS.to}`);
}

/** The default domain has two spellings. */
const canonicalDomain = (domain: string): string => (domain === "ai.onnx" ? "" : domain);

function readInitializers({ initializer }: GraphProto): Map<string, Tensor> {
  const constants = new Map<string, Tensor>();
  for (const proto of initializer) {
    const name = proto.name;
    const what = `initializer ${JSON.stringify(name)}`;
    if (name === "" || constants.has(name)) throw new InputError(`${what}: want a name of its own`);
    constants.set(name, readTensor(proto, what));
  }
  return constants;
}

function readNode(proto: NodeProto, index: number, opsets: ReadonlyMap<string, number>): GraphNode {
  const operator = proto.opType;
  const node = {
    name: proto.name || `${operator}_${index}`,
    operator,
    domain: canonicalDomain(proto.domain),
    inputs: proto.input,
    outputs: proto.output,
  };
  requireSupported(node, opsets);
  return { ...node, attributes: readAttributes(proto, node) };
}

function requireSupported(node: Omit<GraphNode, "attributes">, opsets: ReadonlyMap<string, number>): void {
  const operator = findOperator(node);
  if (operator === undefined) {
    const full = node.domain === "" ? node.operator : `${node.domain}.${node.operator}`;
    const supported = [...(DOMAINS.get(node.domain) ?? DOMAINS.get("")!).keys()].join(", ");
    throw new InputError(
      `node ${JSON.stringify(node.name)}: operator ${JSON.stringify(full)} is not supported; supported: ${supported}`,
    );
  }
  const { from, to } = operator.opsets;
  const opset = opsets.get(node.domain);
  if (opset !== undefined && opset >= from && opset <= to) return;
  throw new InputError(
    `node ${JSON.stringify(node.name)} (${node.operator}): opset ${opset ?? "is not given"}, want ${from} to ${to}`,
  );
}

function readAttributes(proto: NodeProto, node: Omit<GraphNode, "attributes">): Map<string, Attribute> {
  const attributes = new Map<string, Attribute>();
  const { attributes: known, leftOutByNaN = [] } = operatorOf(node);
  for (const attribute of proto.attribute) {
    const name = attribute.name;
    const what = `${nodeLabel(node)} attribute ${JSON.stringify(name)}`;
    if (attributes.has(name)) throw new InputError(`${what}: is given twice`);
    if (!known.includes(name)) {
      throw new InputError(`${what}: is not supported; supported: ${known.join(", ") || "none"}`);
    }
    const isLeftOut = leftOutByNaN.includes(name) && Number.isNaN(attribute.f);
    if (!isLeftOut) attributes.set(name, readAttribute(attribute, what));
  }
  return attributes;
}
