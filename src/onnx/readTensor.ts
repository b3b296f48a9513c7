import { InputError } from "../errors.ts";
import type { Bounds, ElementType, Tensor, ValueType } from "../ir/graph.ts";
import { checkedSize } from "./limits.ts";
import type { Int64, TensorProto } from "./schema.ts";

type Payload = readonly Int64[];

/** One ONNX element type: its name there, what it becomes, and where its elements may lie. */
interface ElementCodec {
  readonly name: string;
  readonly type: ElementType;
  /** Bytes of an element in `raw_data`. */
  readonly bytes: number;
  readonly readRaw: (view: DataView, offset: number) => number | bigint;
  /** The typed field that holds elements when there is no `raw_data`. */
  readonly field: (proto: TensorProto) => Payload;
  /** What an element of that field means, where it is not the number itself. */
  readonly decode?: (element: number) => number;
}

const int32Data = (proto: TensorProto): Payload => proto.int32Data;
const int64Data = (proto: TensorProto): Payload => proto.int64Data;
const uint64Data = (proto: TensorProto): Payload => proto.uint64Data;

/** Number of half precision in the format: fine for constants, but nothing here computes or is fed in it. */
export const FLOAT16 = 10;

/** Number of strings in the format: fine for constants, of which only the numbers go on. */
const STRING = 8;

/** Element types by their number in the format (TensorProto.DataType). */
const ELEMENTS = new Map<number, ElementCodec>([
  [1, { name: "float", type: "float", bytes: 4, readRaw: (v, o) => v.getFloat32(o, true), field: (p) => p.floatData }],
  [2, { name: "uint8", type: "int64", bytes: 1, readRaw: (v, o) => v.getUint8(o), field: int32Data }],
  [3, { name: "int8", type: "int64", bytes: 1, readRaw: (v, o) => v.getInt8(o), field: int32Data }],
  [4, { name: "uint16", type: "int64", bytes: 2, readRaw: (v, o) => v.getUint16(o, true), field: int32Data }],
  [5, { name: "int16", type: "int64", bytes: 2, readRaw: (v, o) => v.getInt16(o, true), field: int32Data }],
  [6, { name: "int32", type: "int64", bytes: 4, readRaw: (v, o) => v.getInt32(o, true), field: int32Data }],
  [7, { name: "int64", type: "int64", bytes: 8, readRaw: (v, o) => v.getBigInt64(o, true), field: int64Data }],
  [9, { name: "bool", type: "bool", bytes: 1, readRaw: (v, o) => v.getUint8(o), field: int32Data, decode: toBit }],
  [FLOAT16, { name: "float16", type: "float", bytes: 2, readRaw: readHalf, field: int32Data, decode: decodeHalf }],
  [
    11,
    { name: "double", type: "float", bytes: 8, readRaw: (v, o) => v.getFloat64(o, true), field: (p) => p.doubleData },
  ],
  [12, { name: "uint32", type: "int64", bytes: 4, readRaw: (v, o) => v.getUint32(o, true), field: uint64Data }],
  [13, { name: "uint64", type: "int64", bytes: 8, readRaw: (v, o) => v.getBigUint64(o, true), field: uint64Data }],
]);

/**
 * The element type with a number of the format, integers with what they can hold (as far as doubles are exact). Throws
 * InputError naming `what` and the types that are supported.
 */
export function elementKindOf(number: number, what: string): Omit<ValueType, "shape"> {
  const codec = elementCodecOf(number, what);
  const bounds = boundsOf(codec);
  return { type: codec.type, ...(bounds && { bounds }) };
}

function boundsOf({ name, type, bytes }: ElementCodec): Bounds | undefined {
  if (type === "float") return undefined;
  if (type === "bool") return [0, 1];
  const bits = 8 * bytes;
  const [low, high] = name.startsWith("u") ? [0, 2 ** bits - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
  return [Math.max(low, Number.MIN_SAFE_INTEGER), Math.min(high, Number.MAX_SAFE_INTEGER)];
}

/**
 * An integer of the format. The ends of the 64-bit range, which files use for "to the end", become those of what a double
 * holds exactly. Throws InputError naming `what` on any other integer that a double cannot hold.
 */
export function toInteger(value: Int64, what: string): number {
  const number = typeof value === "number" ? value : value.toNumber();
  if (Number.isSafeInteger(number)) return number + 0;
  if (Math.abs(number) === 2 ** 63) return Math.sign(number) * Number.MAX_SAFE_INTEGER;
  throw new InputError(`${what}: integer ${number} is beyond ±(2^53 − 1)`);
}

/** A constant of the file. Throws InputError naming `what` on anything but finite elements (or a mask) that fill the shape. */
export function readTensor(proto: TensorProto, what: string): Tensor {
  if (proto.dataLocation === 1 || proto.externalData.length > 0) {
    throw new InputError(
      `${what}: its data lies in another file; want all weights inside, in PyTorch torch.onnx.export(…, external_data=False)`,
    );
  }
  if (proto.dataType === STRING) return readStrings(proto, what);
  const codec = elementCodecOf(proto.dataType, what);
  const shape = proto.dims.map((size) => toInteger(size, what));
  const count = checkedSize(shape, what);
  const data =
    proto.rawData.length > 0 ? readRawData(proto.rawData, codec, count, what) : readField(proto, codec, what);
  if (data.length !== count) {
    throw new InputError(`${what}: got ${data.length} elements, want ${count} (shape ${shape.join("×")})`);
  }
  const elements = isMask(data) ? data.map((value) => (value === -Infinity ? LEAST_FLOAT : value)) : data;
  const wrong = elements.findIndex((value) => !Number.isFinite(value));
  if (wrong !== -1) throw new InputError(`${what}: element ${wrong} is ${elements[wrong]}, want a finite number`);
  const bounds = boundsOf(codec);
  return { type: codec.type, shape, data: elements, ...(bounds && { bounds }) };
}

/** Strings are numbered in the order of their first appearance. */
function readStrings({ dims, stringData }: TensorProto, what: string): Tensor {
  const shape = dims.map((size) => toInteger(size, what));
  const count = checkedSize(shape, what);
  if (stringData.length !== count)
    throw new InputError(`${what}: got ${stringData.length} strings, want ${count} (shape ${shape.join("×")})`);
  const numbers = new Map<string, number>();
  const data = stringData.map((bytes) => {
    const text = new TextDecoder().decode(bytes);
    const number = numbers.get(text) ?? numbers.size;
    numbers.set(text, number);
    return number;
  });
  return { type: "int64", shape, data, bounds: [0, Math.max(0, numbers.size - 1)], strings: [...numbers.keys()] };
}

/** The least finite 32-bit float. */
const LEAST_FLOAT = -(2 - 2 ** -23) * 2 ** 127;

/** −∞ alone or among zeros masks scores before a softmax; the least float does the same. */
const isMask = (data: readonly number[]): boolean => data.every((value) => value === 0 || value === -Infinity);

function elementCodecOf(number: number, what: string): ElementCodec {
  const codec = ELEMENTS.get(number);
  if (codec !== undefined) return codec;
  const names = [...ELEMENTS.values()].map(({ name }) => name).join(", ");
  throw new InputError(`${what}: element type ${number} is not supported; supported: ${names}`);
}

function readRawData(raw: Uint8Array, codec: ElementCodec, count: number, what: string): number[] {
  if (raw.length !== count * codec.bytes) {
    throw new InputError(`${what}: got ${raw.length} bytes, want ${count * codec.bytes} (${count} × ${codec.name})`);
  }
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  return Array.from({ length: count }, (_, index) => {
    const element = codec.readRaw(view, index * codec.bytes);
    const value = typeof element === "bigint" ? toInteger(Number(element), what) : element;
    return codec.type === "bool" ? toBit(value) : value + 0;
  });
}

function readField(proto: TensorProto, { type, field, decode }: ElementCodec, what: string): number[] {
  return field(proto).map((element) => {
    const value = type === "float" && typeof element === "number" ? element : toInteger(element, what);
    return (decode === undefined ? value : decode(value)) + 0;
  });
}

function toBit(value: number): number {
  return value === 0 ? 0 : 1;
}

function readHalf(view: DataView, offset: number): number {
  return decodeHalf(view.getUint16(offset, true));
}

/** IEEE 754 binary16 from its 16 bits. */
function decodeHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
