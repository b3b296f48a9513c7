import { InputError } from "../errors.ts";

/** Bits of a word that hold elements: every word stays below 2^253 and so below the field's order (ADR-0001). */
export const WORD_BITS = 253;

/** Widest element, and widest range check of a circuit: circuits/lib/RangeCheck.circom needs room below the field's order. */
export const MAX_ELEMENT_BITS = 252;

/** One tensor of a model's input or output. Integers stand for `integer · scale`. */
export interface CodecTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** Width of an element, 1 to 252. */
  readonly bits: number;
  /** Signed elements are stored as `v + 2^(bits−1)`. */
  readonly signed: boolean;
  /** Real value of the integer 1. */
  readonly scale: number;
}

/** Where an element lies: the word's index and the bit its lowest bit takes there. */
export interface WordPosition {
  readonly word: number;
  readonly shift: number;
}

/** Elements of a tensor of the given shape. */
export const elementCount = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** The least admissible integer of a tensor's elements. */
export const lowest = ({ bits, signed }: Pick<CodecTensor, "bits" | "signed">): bigint =>
  signed ? -(1n << BigInt(bits - 1)) : 0n;

/** The greatest admissible integer of a tensor's elements. */
export const highest = ({ bits, signed }: Pick<CodecTensor, "bits" | "signed">): bigint =>
  (1n << BigInt(signed ? bits - 1 : bits)) - 1n;

/** Widths of all elements, tensors in order and elements in row-major order. */
export const elementWidths = (codec: readonly CodecTensor[]): number[] =>
  codec.flatMap(({ shape, bits }) => Array<number>(elementCount(shape)).fill(bits));

/** Places elements of the given widths into words without straddling. Throws InputError on none or on a wrong width. */
export function layOut(widths: readonly number[]): { positions: WordPosition[]; wordCount: number } {
  if (widths.length === 0) throw new InputError("codec: got no elements, want at least one");
  const wrong = widths.find((bits) => !Number.isInteger(bits) || bits < 1 || bits > MAX_ELEMENT_BITS);
  if (wrong !== undefined) throw new InputError(`codec: got a width of ${wrong} bits, want 1 to ${MAX_ELEMENT_BITS}`);
  const positions: WordPosition[] = [];
  let word = 0;
  let used = 0;
  for (const bits of widths) {
    if (used + bits > WORD_BITS) {
      word += 1;
      used = 0;
    }
    positions.push({ word, shift: used });
    used += bits;
  }
  return { positions, wordCount: word + 1 };
}

/** Packs one array of integers a tensor into words. Throws InputError on a wrong length or an element out of range. */
export function packWords(codec: readonly CodecTensor[], values: readonly (readonly bigint[])[]): bigint[] {
  if (values.length !== codec.length) throw new InputError(`got ${values.length} tensors, want ${codec.length}`);
  const encoded = codec.flatMap((tensor, index) => encodeTensor(tensor, values[index]));
  const { positions, wordCount } = layOut(elementWidths(codec));
  const words = Array<bigint>(wordCount).fill(0n);
  positions.forEach(({ word, shift }, index) => (words[word] += encoded[index] << BigInt(shift)));
  return words;
}

/** The inverse of `packWords`. Throws InputError on words that `packWords` could not have made. */
export function unpackWords(codec: readonly CodecTensor[], words: readonly bigint[]): bigint[][] {
  const { positions, wordCount } = layOut(elementWidths(codec));
  if (words.length !== wordCount) throw new InputError(`words: got ${words.length}, want ${wordCount}`);
  let next = 0;
  const values = codec.map((tensor) =>
    Array.from({ length: elementCount(tensor.shape) }, () => {
      const { word, shift } = positions[next++];
      return ((words[word] >> BigInt(shift)) & ((1n << BigInt(tensor.bits)) - 1n)) + lowest(tensor);
    }),
  );
  const canonical = packWords(codec, values);
  const wrong = words.findIndex((word, index) => word !== canonical[index]);
  if (wrong !== -1) throw new InputError(`word ${wrong}: bits are set that hold no element`);
  return values;
}

function encodeTensor(tensor: CodecTensor, values: readonly bigint[]): bigint[] {
  const count = elementCount(tensor.shape);
  if (values.length !== count) {
    throw new InputError(
      `${tensor.name}: got ${values.length} elements, want ${count} (shape ${tensor.shape.join("×")})`,
    );
  }
  const [low, high] = [lowest(tensor), highest(tensor)];
  return values.map((value, index) => {
    if (value >= low && value <= high) return value - low;
    throw new InputError(`${tensor.name}[${index}]: ${value} is out of range, want ${low} to ${high}`);
  });
}
