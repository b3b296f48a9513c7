import type { Random } from "../random.ts";

/** A change of bytes that know nothing of ONNX; protobuf's framing at most. */
type ByteMutation = (bytes: Uint8Array, random: Random) => Uint8Array;

/** Damages a file where it is cheap to: bits, stretches of bytes, and the records that protobuf consists of. */
export const mutateBytes: ByteMutation = (bytes, random) =>
  bytes.length === 0 ? bytes : random.pick(MUTATIONS)(bytes, random);

const flipBits: ByteMutation = (bytes, random) => {
  const damaged = Uint8Array.from(bytes);
  for (let flip = random.below(4); flip >= 0; flip--) damaged[random.below(bytes.length)] ^= 1 << random.below(8);
  return damaged;
};

/** Bytes that are ends of ranges, tags, or the start of a varint that does not end. */
const SPECIAL = [0x00, 0x01, 0x08, 0x0a, 0x0b, 0x0c, 0x7f, 0x80, 0xfe, 0xff];

const setByte: ByteMutation = (bytes, random) => bytes.with(random.below(bytes.length), random.pick(SPECIAL));

const nudgeByte: ByteMutation = (bytes, random) => {
  const at = random.below(bytes.length);
  return bytes.with(at, bytes[at] + random.pick([-2, -1, 1, 2]));
};

const removeStretch: ByteMutation = (bytes, random) => {
  const [from, to] = stretchOf(bytes, random);
  return joined(bytes.subarray(0, from), bytes.subarray(to));
};

const copyStretch: ByteMutation = (bytes, random) => {
  const [from, to] = stretchOf(bytes, random);
  return inserted(bytes, random.below(bytes.length + 1), bytes.subarray(from, to));
};

/** Varints of ten bytes and more, which is as far as 64 bits go. */
const overflowVarint: ByteMutation = (bytes, random) => {
  const varint = new Uint8Array(9 + random.below(4)).fill(0xff);
  return inserted(bytes, random.below(bytes.length), varint.with(-1, random.pick([0x01, 0x7f, 0xff])));
};

/** Groups within groups, which nothing in the format uses. */
const nestGroups: ByteMutation = (bytes, random) => {
  const depth = random.pick([3, 90, 101, 5000]);
  const groups = joined(new Uint8Array(depth).fill(0x7b), new Uint8Array(depth).fill(0x7c));
  const records = recordsOf(bytes);
  return inserted(bytes, records.length === 0 ? 0 : random.pick(records).from, groups);
};

const cut: ByteMutation = (bytes, random) => bytes.subarray(0, random.below(bytes.length));

/** A record of a message, anywhere in the file. */
interface WireRecord {
  readonly from: number;
  readonly to: number;
  /** Where its length stands; undefined for numbers. */
  readonly lengthAt: number | undefined;
}

const damageLength: ByteMutation = (bytes, random) => {
  const places = recordsOf(bytes).flatMap(({ lengthAt }) => (lengthAt === undefined ? [] : [lengthAt]));
  if (places.length === 0) return setByte(bytes, random);
  const at = random.pick(places);
  return bytes.with(at, random.pick([0, bytes[at] - 1, bytes[at] + 1, 0x7f, bytes[at] | 0x80]));
};

const duplicateRecord: ByteMutation = (bytes, random) => {
  const records = recordsOf(bytes);
  if (records.length === 0) return copyStretch(bytes, random);
  const { from, to } = random.pick(records);
  return inserted(bytes, random.pick(records).from, bytes.subarray(from, to));
};

const exchangeRecords: ByteMutation = (bytes, random) => {
  const records = recordsOf(bytes);
  if (records.length < 2) return flipBits(bytes, random);
  const [first, second] = [random.pick(records), random.pick(records)].sort((left, right) => left.from - right.from);
  if (first.to > second.from) return flipBits(bytes, random);
  const part = (from: number, to?: number) => bytes.subarray(from, to);
  return joined(
    part(0, first.from),
    part(second.from, second.to),
    part(first.to, second.from),
    part(first.from, first.to),
    part(second.to),
  );
};

const MUTATIONS: readonly ByteMutation[] = [
  flipBits,
  setByte,
  nudgeByte,
  removeStretch,
  copyStretch,
  overflowVarint,
  nestGroups,
  cut,
  damageLength,
  duplicateRecord,
  exchangeRecords,
];

/** Records that are looked for, so that weights do not drown the rest. */
const MAX_RECORDS = 5000;

/** The records of a message, and of what looks like messages in them: a payload of text or numbers may, by chance. */
function recordsOf(bytes: Uint8Array, from = 0, to = bytes.length, found: WireRecord[] = []): WireRecord[] {
  let at = from;
  while (at < to && found.length < MAX_RECORDS) {
    const tag = varintAt(bytes, at, to);
    if (tag === undefined || tag.value >>> 3 === 0) return found;
    const body = bodyOf(bytes, tag.value & 7, tag.end, to);
    if (body === undefined) return found;
    found.push({ from: at, to: body.to, lengthAt: body.lengthAt });
    if (body.lengthAt !== undefined) recordsOf(bytes, body.from, body.to, found);
    at = body.to;
  }
  return found;
}

interface Body {
  readonly from: number;
  readonly to: number;
  readonly lengthAt: number | undefined;
}

function bodyOf(bytes: Uint8Array, wireType: number, at: number, end: number): Body | undefined {
  const fixed = (size: number) => (at + size <= end ? { from: at, to: at + size, lengthAt: undefined } : undefined);
  if (wireType === 1) return fixed(8);
  if (wireType === 5) return fixed(4);
  const number = wireType === 0 || wireType === 2 ? varintAt(bytes, at, end) : undefined;
  if (number === undefined) return undefined;
  if (wireType === 0) return { from: at, to: number.end, lengthAt: undefined };
  const to = number.end + number.value;
  return to <= end ? { from: number.end, to, lengthAt: at } : undefined;
}

/** A varint of up to four bytes: lengths and tags of files of a size that is mutated. */
function varintAt(bytes: Uint8Array, at: number, end: number): { value: number; end: number } | undefined {
  let value = 0;
  for (let index = 0; index < 4 && at + index < end; index++) {
    value += (bytes[at + index] & 127) * 2 ** (7 * index);
    if (bytes[at + index] < 128) return { value, end: at + index + 1 };
  }
  return undefined;
}

function stretchOf(bytes: Uint8Array, random: Random): [from: number, to: number] {
  const from = random.below(bytes.length);
  return [from, Math.min(bytes.length, from + 1 + random.below(random.pick([1, 8, 64])))];
}

const inserted = (bytes: Uint8Array, at: number, part: Uint8Array): Uint8Array =>
  joined(bytes.subarray(0, at), part, bytes.subarray(at));

const joined = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));
