import { type Random, randomOf } from "../../fuzz/random.ts";

/** What can go wrong with a call to a node. */
export const FAULTS = ["dropBefore", "dropAfter", "delay", "duplicate", "refuse", "lie"] as const;

export type FaultKind = (typeof FAULTS)[number];

/** What becomes of a call; `random` decides the rest, and is the same for every call of one spell. */
export interface Fate {
  readonly kind: FaultKind | "pass";
  readonly random: Random;
}

/** Longest spell, in calls of one method that meet the same fault one after the other. */
const MAX_SPELL = 6;
/** Shares of calls, in hundredths, that a seed picks from for each kind of fault. */
const SHARES = [0, 2, 5, 12];

/**
 * Decides by the seed, the method and how often it was called before which calls meet which fault. So the decisions do
 * not depend on how calls of several methods interleave.
 */
export class FaultPlan {
  /** No call meets a fault while this is false. */
  active = false;
  /** How many calls have met each fault. */
  readonly counts: Record<FaultKind, number>;
  readonly #seed: number;
  readonly #shares: Readonly<Record<FaultKind, number>>;
  readonly #spell: number;
  readonly #calls = new Map<string, number>();

  constructor(seed: number) {
    const random = randomOf(seed);
    const each = <Value>(value: () => Value) =>
      Object.fromEntries(FAULTS.map((kind) => [kind, value()])) as Record<FaultKind, Value>;
    this.#seed = seed;
    this.counts = each(() => 0);
    this.#shares = each(() => random.pick(SHARES));
    this.#spell = 1 + random.below(MAX_SPELL);
  }

  fateOf(method: string): Fate {
    const index = this.#calls.get(method) ?? 0;
    this.#calls.set(method, index + 1);
    const random = randomOf(this.#seed, hashOf(method), Math.floor(index / this.#spell));
    const kind = this.active ? this.#kindBelow(random.below(100)) : "pass";
    if (kind !== "pass") this.counts[kind] += 1;
    return { kind, random };
  }

  #kindBelow(drawn: number): FaultKind | "pass" {
    let limit = 0;
    for (const kind of FAULTS) {
      limit += this.#shares[kind];
      if (drawn < limit) return kind;
    }
    return "pass";
  }
}

/** FNV-1a. */
const hashOf = (text: string): number =>
  [...text].reduce((hash, character) => Math.imul(hash ^ character.charCodeAt(0), 0x01000193), 0x811c9dc5);
