import { hash } from "node:crypto";
import { BASE_ORDER, SCALAR_ORDER } from "../../field.ts";
import type { Random } from "../random.ts";

/** A stream of numbers of 256 bits that its seeds decide. */
export interface Draw extends Random {
  /** Of 256 bits. */
  word(): bigint;
  /** In [1, r). */
  scalar(): bigint;
  /** In [0, q). */
  coordinate(): bigint;
}

/** The stream of the given seeds: SHA-256 of them and a counter. Streams of different seeds have nothing in common. */
export function drawOf(...seeds: readonly (number | string)[]): Draw {
  const prefix = JSON.stringify(seeds);
  let count = 0;
  const word = () => BigInt(`0x${hash("sha256", `${prefix} ${count++}`)}`);
  const below = (limit: number) => Number(word() % BigInt(limit));
  return {
    word,
    scalar: () => (word() % (SCALAR_ORDER - 1n)) + 1n,
    coordinate: () => word() % BASE_ORDER,
    below,
    pick: (items) => items[below(items.length)],
    oneIn: (limit) => below(limit) === 0,
  };
}
