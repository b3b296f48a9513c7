import { InputError } from "../errors.ts";
import type { Attribute } from "../ir/graph.ts";
import { readTensor, toInteger } from "./readTensor.ts";
import type { AttributeProto } from "./schema.ts";

type Reader = (proto: AttributeProto, what: string) => Attribute | undefined;

/** Readers by the number of the attribute's type in the format (AttributeProto.AttributeType). */
const READERS = new Map<number, Reader>([
  [1, ({ f }, what) => finite(f, what)],
  [2, ({ i }, what) => toInteger(i, what)],
  [3, ({ s }) => text(s)],
  [4, ({ t }, what) => (t === null ? undefined : readTensor(t, what))],
  [6, ({ floats }, what) => floats.map((value) => finite(value, what))],
  [7, ({ ints }, what) => ints.map((value) => toInteger(value, what))],
  [8, ({ strings }) => strings.map(text)],
]);

/** An attribute's value. Throws InputError naming `what` where its type or value is not supported. */
export function readAttribute(proto: AttributeProto, what: string): Attribute {
  const type = proto.type;
  const value = READERS.get(type)?.(proto, what);
  if (value !== undefined) return value;
  throw new InputError(`${what}: attribute type ${type} is not supported; want numbers, strings or a tensor`);
}

/** An empty text is left out of the file, and is then no byte array at all. */
const text = (bytes: Uint8Array): string => new TextDecoder().decode(Uint8Array.from(bytes));

function finite(value: number, what: string): number {
  if (Number.isFinite(value)) return value;
  throw new InputError(`${what}: is ${value}, want a finite number`);
}
