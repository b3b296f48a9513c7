import type { Mined } from "./sender.ts";

/** One intent, and all who wait for it. */
export class Submission {
  readonly #outcome: Promise<Mined>;
  readonly #abandoned = new AbortController();
  readonly #onOver: () => void;
  #waiting = 0;

  /** `carry` is told where nobody waits any more; `onOver` is called then, or when it ends. */
  constructor(carry: (abandoned: AbortSignal) => Promise<Mined>, onOver: () => void) {
    this.#onOver = onOver;
    this.#outcome = carry(this.#abandoned.signal).finally(onOver);
    this.#outcome.catch(() => {});
  }

  async join(signal: AbortSignal | undefined): Promise<Mined> {
    this.#waiting++;
    try {
      return await unlessAborted(this.#outcome, signal);
    } finally {
      if (--this.#waiting === 0) {
        this.#onOver();
        this.#abandoned.abort();
      }
    }
  }
}

function unlessAborted<Result>(outcome: Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
  if (signal === undefined) return outcome;
  return new Promise((resolve, reject) => {
    const stop = () => reject(new DOMException("nobody waits for the transaction any more", "AbortError"));
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop, { once: true });
    outcome.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
