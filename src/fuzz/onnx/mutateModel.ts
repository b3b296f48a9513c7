import type protobuf from "protobufjs/light.js";
import type { AttributeProto, ModelProto, NodeProto, TensorProto } from "../../onnx/schema.ts";
import { modelType } from "../../onnx/schema.ts";
import { DOMAINS } from "../../onnx/operatorOf.ts";
import type { Random } from "../random.ts";
import { type Message, type Place, modelOf, placesOf } from "./places.ts";

/**
 * Changes a model in terms of the format: names, sizes, attributes, elements, and which parts there are. The result still
 * decodes, so that what reads the parts is met with it. Bytes that do not decode stay as they are.
 */
export function mutateModel(bytes: Uint8Array, random: Random): Uint8Array {
  const model = modelOf(bytes);
  if (model === undefined) return bytes;
  random.pick(MUTATIONS)(model, random);
  return modelType.encode(model).finish();
}

type ModelMutation = (model: Message, random: Random) => void;

/** Any field of any message of the file, absent ones included. */
const changeField: ModelMutation = (model, random) => {
  const places = placesOf(model, modelType);
  const place = random.pick(places);
  if (place.field.repeated) changeList(place, places, random);
  else place.message[place.field.name] = fresh(place, places, random);
};

function changeList(place: Place, places: readonly Place[], random: Random): void {
  const { message, field } = place;
  const list = [...(message[field.name] as readonly unknown[])];
  const at = random.below(list.length + 1);
  const changes = [
    () => list.splice(at, 1),
    () => list.splice(random.below(list.length + 1), 0, ...list.slice(at, at + 1)),
    () => list.splice(at, 1, fresh(place, places, random)),
    () => list.splice(at, 0, fresh(place, places, random)),
    () => list.reverse(),
    () => (list.length = at),
  ];
  random.pick(changes)();
  message[field.name] = list.filter((item) => item !== null && item !== undefined);
}

/** A new value for a field, or for an element of it: of its own kind, whether it makes sense or not. */
function fresh({ message, field }: Place, places: readonly Place[], random: Random): unknown {
  if (field.resolvedType !== null) {
    const others = places
      .filter((other) => other.field.type === field.type)
      .map((other) => other.message[other.field.name]);
    const messages = others.flat().filter((item) => item !== null && item !== undefined);
    return messages.length === 0 || random.oneIn(4) ? null : structuredCopy(random.pick(messages), field.resolvedType);
  }
  if (field.type === "string") return freshName(field.name, places, random);
  if (field.type === "bytes") return freshBytes(message[field.name], random);
  return field.type === "float" || field.type === "double" ? random.pick(REALS) : freshInteger(field.name, random);
}

const structuredCopy = (message: unknown, type: protobuf.ReflectionObject): unknown => {
  const reflected = type as protobuf.Type;
  return reflected.decode(reflected.encode(message as Message).finish());
};

/** Names that JavaScript, terminals, formats or this compiler may trip over. */
const NAMES = [
  "",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "x\n\u001b[31m",
  "\u202e",
  "step 0",
  "x".repeat(1500),
  "ai.onnx.ml",
];

const OPERATOR_NAMES = [...DOMAINS.values()].flatMap((operators) => [...operators.keys()]);

function freshName(field: string, places: readonly Place[], random: Random): string {
  if (field === "opType" && !random.oneIn(8)) return random.pick(OPERATOR_NAMES);
  if (field === "domain" && !random.oneIn(4)) return random.pick(["", "ai.onnx.ml", "ai.onnx"]);
  const used = places
    .filter((place) => place.field.type === "string")
    .flatMap((place) => place.message[place.field.name]);
  return random.oneIn(3) ? random.pick(NAMES) : String(random.pick(used));
}

/** Texts of attributes: modes of operators, and equations that are not quite right. */
const TEXTS =
  "SAME_UPPER SAME_LOWER VALID NOTSET constant reflect edge wrap linear nearest cubic asymmetric align_corners half_pixel tf_crop_and_resize add mul max min none forward reverse bidirectional tanh Relu Sigmoid LeakyRelu DCR CRD LEFT RIGHT BRANCH_LEQ BRANCH_EQ BRANCH_MEMBER LEAF SUM AVERAGE SOFTMAX_ZERO PROBIT LOGISTIC RBF POLY L1 ij,jk->ik ii->i ...i->i i,i,i-> ->  i->ii ij->ji,k abcdefgh".split(
    " ",
  );

function freshBytes(old: unknown, random: Random): Uint8Array {
  const bytes = old instanceof Uint8Array ? old : new Uint8Array(0);
  const changes = [
    () => new TextEncoder().encode(random.pick(TEXTS)),
    () => bytes.subarray(0, random.below(bytes.length + 1)),
    () => Uint8Array.from([...bytes, 0, 0, random.below(256), 64]),
    () => new Uint8Array(Float32Array.from({ length: Math.ceil(bytes.length / 4) }, () => random.pick(REALS)).buffer),
    () => bytes.map((byte) => (random.oneIn(8) ? random.below(256) : byte)),
  ];
  return random.pick(changes)();
}

const REALS = [0, -0, 1, -1, 0.5, -2.5, 3, 1e-9, 1e-45, 1e9, 1e38, -1e38, Infinity, -Infinity, NaN];

const SMALL = [-4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 16];

/** Ends of the integer types, and sizes that are too large in some way; text where doubles are not exact. */
const VAST = [
  100,
  127,
  255,
  256,
  1000,
  4096,
  65536,
  1 << 20,
  2 ** 24,
  2 ** 31 - 1,
  -(2 ** 31),
  2 ** 31,
  2 ** 32,
  2 ** 53,
];

const BEYOND = ["9223372036854775807", "-9223372036854775808", "9007199254740993"];

const LONGS = new Set(["i", "ints", "dims", "dimValue", "int64Data", "version", "irVersion", "modelVersion"]);

function freshInteger(field: string, random: Random): number | string {
  if (!random.oneIn(3)) return random.pick(SMALL);
  return LONGS.has(field) && random.oneIn(3) ? random.pick(BEYOND) : random.pick(VAST);
}

const graphOf = (model: Message) => (model as unknown as ModelProto).graph;

/** A node of the graph; undefined where there is none. */
const nodeOf = (model: Message, random: Random): Writable<NodeProto> | undefined => {
  const nodes = graphOf(model)?.node ?? [];
  return nodes.length === 0 ? undefined : random.pick(nodes);
};

type Writable<Proto> = { -readonly [Key in keyof Proto]: Proto[Key] };

/** An attribute that the node's operator knows, of any type and value. */
const setAttribute: ModelMutation = (model, random) => {
  const node = nodeOf(model, random);
  const known = node && DOMAINS.get(node.domain)?.get(node.opType)?.attributes;
  if (node === undefined || known === undefined || known.length === 0) return changeField(model, random);
  const name = random.pick(known);
  const proto = attributeLike(
    node.attribute.find((attribute) => attribute.name === name),
    random,
  );
  node.attribute = [
    ...node.attribute.filter((attribute) => attribute.name !== name),
    { ...proto, name } as AttributeProto,
  ];
};

/** An attribute of the type of another, mostly. */
function attributeLike(old: AttributeProto | undefined, random: Random): Partial<AttributeProto> {
  const type = old === undefined || random.oneIn(5) ? random.pick([1, 2, 3, 4, 5, 6, 7, 8]) : old.type;
  const count = random.pick([0, 1, 2, 3, 4, old?.ints.length ?? 2, 300]);
  const many = <Item>(item: () => Item): Item[] => Array.from({ length: count }, item);
  return {
    type,
    f: random.pick(REALS),
    i: freshInteger("i", random) as number,
    s: freshBytes(undefined, random),
    t: freshTensor(random) as unknown as TensorProto,
    floats: many(() => random.pick(REALS)),
    ints: many(() => freshInteger("ints", random) as number),
    strings: many(() => freshBytes(undefined, random)),
  };
}

/** A tensor whose elements fill its shape, or nearly. */
function freshTensor(random: Random): Message {
  const dims = Array.from({ length: random.below(5) }, () => random.pick([0, 1, 1, 2, 2, 3, 3, 4, 5]));
  const count = dims.reduce((product, size) => product * size, random.oneIn(20) ? 2 : 1);
  const isReal = random.oneIn(2);
  const elements = <Item>(item: () => Item): Item[] => Array.from({ length: count }, item);
  return isReal
    ? {
        dims,
        dataType: random.oneIn(12) ? 11 : 1,
        rawData: rawReals(elements(() => random.pick([0, 1, -1, 0.5, -2.5, 3, 1e9]))),
      }
    : { dims, dataType: 7, int64Data: elements(() => (random.oneIn(12) ? random.pick(VAST) : random.pick(SMALL))) };
}

const rawReals = (values: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);

/** A constant of another shape and with other elements. */
const replaceInitializer: ModelMutation = (model, random) => {
  const tensors = graphOf(model)?.initializer ?? [];
  if (tensors.length === 0) return changeField(model, random);
  const tensor = random.pick(tensors) as unknown as Message;
  const { name } = tensor;
  for (const key of Object.keys(tensor)) delete tensor[key];
  Object.assign(tensor, { name, ...freshTensor(random) });
};

/** An input of another shape, or of another type. */
const reshapeInput: ModelMutation = (model, random) => {
  const inputs = graphOf(model)?.input ?? [];
  const type = inputs.length === 0 ? null : (random.pick(inputs).type?.tensorType ?? null);
  if (type === null) return changeField(model, random);
  const size = () => ({ dimValue: random.oneIn(10) ? random.pick(VAST) : random.pick([0, 1, 1, 2, 2, 3, 4, 5, 6]) });
  if (random.oneIn(3)) Object.assign(type, { elemType: random.pick([1, 2, 3, 6, 7, 9, 11]) });
  else Object.assign(type, { shape: { dim: Array.from({ length: random.below(6) }, size) } });
};

/** A node of another operator or opset, its operands as they are, one more or one less. */
const changeOperator: ModelMutation = (model, random) => {
  const node = nodeOf(model, random);
  if (node === undefined) return changeField(model, random);
  node.opType = random.pick(OPERATOR_NAMES);
  node.domain = DOMAINS.get("")!.has(node.opType) ? "" : "ai.onnx.ml";
  if (random.oneIn(2)) node.attribute = [];
  if (random.oneIn(4)) node.input = [...node.input, random.pick(["", ...node.input])];
  if (random.oneIn(4)) node.input = node.input.slice(0, -1);
  const opset = { domain: node.domain, version: node.domain === "" ? 7 + random.below(19) : 1 + random.below(5) };
  const rest = (model as unknown as ModelProto).opsetImport.filter(({ domain }) => domain !== node.domain);
  if (random.oneIn(2)) model["opsetImport"] = [...rest, opset];
};

/** A node after another that reads its result, and gives it out in its place. */
const appendNode: ModelMutation = (model, random) => {
  const graph = graphOf(model) as Writable<NonNullable<ModelProto["graph"]>> | null;
  const node = nodeOf(model, random);
  if (graph === null || node === undefined || graph.output.length === 0) return changeField(model, random);
  const opType = random.pick(OPERATOR_NAMES);
  const operands = [node.output[0] ?? "", ...graph.initializer.map(({ name }) => name), ...node.input];
  const input = [operands[0], ...Array.from({ length: random.below(3) }, () => random.pick(operands))];
  const added = {
    opType,
    domain: DOMAINS.get("")!.has(opType) ? "" : "ai.onnx.ml",
    input,
    output: ["appended"],
    attribute: [],
  };
  graph.node = [...graph.node, added as unknown as NodeProto];
  graph.output = [{ ...random.pick(graph.output), name: "appended" }];
};

const MUTATIONS: readonly ModelMutation[] = [
  changeField,
  changeField,
  changeField,
  setAttribute,
  setAttribute,
  replaceInitializer,
  reshapeInput,
  changeOperator,
  appendNode,
];
