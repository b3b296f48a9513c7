/** A stream of numbers that its seed decides. */
export interface Random {
  /** An integer from 0 to `count` − 1. */
  below(count: number): number;
  /** An item of a list that is not empty. */
  pick<Item>(items: readonly Item[]): Item;
  /** True once in `count` times. */
  oneIn(count: number): boolean;
}

/** The stream of the given seeds: SplitMix32, the finaliser being that of MurmurHash3 (public domain, A. Appleby). */
export function randomOf(...seeds: readonly number[]): Random {
  let state = seeds.reduce((mixed, seed) => mix(mixed + seed + 0x9e3779b9), 0);
  const below = (count: number): number => {
    state = (state + 0x9e3779b9) | 0;
    return Math.floor((mix(state) / 2 ** 32) * count);
  };
  return { below, pick: (items) => items[below(items.length)], oneIn: (count) => below(count) === 0 };
}

function mix(value: number): number {
  let mixed = value | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
