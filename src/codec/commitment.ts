import { hexlify, randomBytes } from "ethers";
import { poseidon1, poseidon2, poseidon3, poseidon4, poseidon5, poseidon16 } from "poseidon-lite";
import { InputError } from "../errors.ts";
import { SCALAR_ORDER } from "../field.ts";
import { type CodecTensor, packWords } from "./codec.ts";

const POSEIDON_BY_WIDTH = [undefined, poseidon1, poseidon2, poseidon3, poseidon4, poseidon5];

/** Longest message that is hashed in one permutation (ADR-0001). */
export const SINGLE_LIMIT = 5;
/** Elements absorbed by a step of the chain; the sixteenth input is the previous hash. */
export const CHAIN_RATE = 15;

/** The two BabyJubJub keys of a sealed delivery, as (x, y) of the buyer and of the provider. */
export type SealKeys = readonly [buyerX: bigint, buyerY: bigint, providerX: bigint, providerY: bigint];

/** Poseidon of `[salt, keys?, ...words]` as ADR-0001 fixes it. All elements must be in [0, r). */
export function commit(salt: bigint, words: readonly bigint[], keys?: SealKeys): bigint {
  const message = [salt, ...(keys ?? []), ...words];
  const wrong = message.findIndex((element) => element < 0n || element >= SCALAR_ORDER);
  if (wrong !== -1) throw new InputError(`commitment element ${wrong}: ${message[wrong]} is not a field element`);
  if (words.length === 0) throw new InputError("commitment: got no words, want at least one");
  if (keys === undefined && message.length <= SINGLE_LIMIT) return POSEIDON_BY_WIDTH[message.length]!(message);
  return chain(message, keys !== undefined);
}

/** Commitment to a model's input, one array of integers a tensor. */
export const commitInput = (
  codec: readonly CodecTensor[],
  values: readonly (readonly bigint[])[],
  salt: bigint,
): bigint => commit(salt, packWords(codec, values));

/** A uniform salt of 248 bits. */
export const randomSalt = (): bigint => BigInt(hexlify(randomBytes(31)));

function chain(message: readonly bigint[], sealed: boolean): bigint {
  let state = BigInt(message.length) + (sealed ? 1n << 32n : 0n);
  for (let start = 0; start < message.length; start += CHAIN_RATE) {
    const block = message.slice(start, start + CHAIN_RATE);
    state = poseidon16([state, ...block, ...Array<bigint>(CHAIN_RATE - block.length).fill(0n)]);
  }
  return state;
}
