import type { Hex } from "../../codec/statement.ts";

/** Looks that must find the same, and milliseconds between two of them at least. */
const LOOKS = 3;
const APART = 500;

interface Finding {
  readonly text: string;
  readonly looks: number;
  /** When the last look was, by the process's own stopwatch. */
  readonly at: number;
}

/**
 * A node may be wrong for a while. What ends a job and cannot be taken back is done only where several looks in a row,
 * some time apart, have found the same reason for it.
 */
export class Certainty {
  readonly #findings = new Map<Hex, Finding>();

  /** Notes what a look at a job found; true once it was found often enough. */
  confirms(id: Hex, text: string): boolean {
    const now = performance.now();
    const before = this.#findings.get(id);
    const isSame = before?.text === text;
    if (isSame && now - before.at < APART) return false;
    const looks = isSame ? before.looks + 1 : 1;
    if (looks < LOOKS) this.#findings.set(id, { text, looks, at: now });
    else this.#findings.delete(id);
    return looks >= LOOKS;
  }

  /** A look found the job in order. */
  forget(id: Hex): void {
    this.#findings.delete(id);
  }
}

/** Milliseconds after which another look counts. */
export const LOOK_AGAIN = APART;
