import type { Head } from "../watch/chainWatch.ts";
import { Refusal } from "./desk.ts";

/** The chain's time. The machine's clock may be wrong by hours and is never asked, only how much time went by. */
export class ChainClock {
  #head: Head | undefined;
  #seenAt = 0;

  see(head: Head): void {
    this.#head = head;
    this.#seenAt = performance.now();
  }

  get hasStarted(): boolean {
    return this.#head !== undefined;
  }

  /** The last block seen. Throws Refusal `chain-unavailable` before there is one. */
  get head(): Head {
    if (this.#head !== undefined) return this.#head;
    throw new Refusal("chain-unavailable", "no block of the chain was seen yet, try again");
  }

  /** About the time that the next block will bear, unix seconds: never before the last block's. */
  get now(): bigint {
    return this.head.timestamp + BigInt(Math.floor((performance.now() - this.#seenAt) / 1000));
  }

  /** Whether a block bears this time or a later one: what the contracts excluded from then on is excluded. */
  hasPassed(time: bigint): boolean {
    return this.head.timestamp >= time;
  }
}
