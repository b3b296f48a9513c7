import type { Hex } from "../../codec/statement.ts";

/** Where settlements of one contract gather: one sending at a time, what comes meanwhile goes with the next, by deadline. */
export class SettlementLane {
  readonly #send: (ids: readonly Hex[]) => Promise<void>;
  readonly #size: number;
  readonly #secondsToGather: (deadline: bigint, waited: number) => number;
  readonly #onSent: (ids: readonly Hex[]) => void;
  /** Deadline of each job that waits, and when it came by the process's own stopwatch. */
  readonly #waiting = new Map<Hex, { readonly deadline: bigint; readonly since: number }>();
  #sending: { readonly ids: ReadonlySet<Hex>; readonly done: Promise<void> } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /**
   * `send` must not reject, `onSent` is called when the next may be sent. `secondsToGather`: how long a job of a deadline
   * that waited so long may still wait for others.
   */
  constructor(
    send: (ids: readonly Hex[]) => Promise<void>,
    onSent: (ids: readonly Hex[]) => void,
    size: number,
    secondsToGather: (deadline: bigint, waited: number) => number,
  ) {
    this.#send = send;
    this.#onSent = onSent;
    this.#size = size;
    this.#secondsToGather = secondsToGather;
  }

  add(id: Hex, deadline: bigint): void {
    if (this.#isClosed || this.#waiting.has(id) || this.#sending?.ids.has(id)) return;
    this.#waiting.set(id, { deadline, since: performance.now() });
    this.hurry();
  }

  /** Sets the time of the next sending anew. */
  hurry(): void {
    clearTimeout(this.#timer);
    if (this.#isClosed || this.#sending !== undefined || this.#waiting.size === 0) return;
    const isFull = this.#waiting.size >= this.#size;
    const waits = [...this.#waiting.values()].map(({ deadline, since }) =>
      this.#secondsToGather(deadline, (performance.now() - since) / 1000),
    );
    this.#timer = setTimeout(() => this.#flush(), isFull ? 0 : 1000 * Math.max(0, Math.min(...waits)));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#sending?.done;
  }

  #flush(): void {
    const byDeadline = [...this.#waiting].toSorted(([, a], [, b]) => Number(a.deadline - b.deadline));
    const ids = byDeadline.map(([id]) => id).slice(0, this.#size);
    ids.forEach((id) => this.#waiting.delete(id));
    this.#sending = { ids: new Set(ids), done: this.#run(ids) };
  }

  async #run(ids: readonly Hex[]): Promise<void> {
    await this.#send(ids);
    this.#sending = undefined;
    this.#onSent(ids);
    this.hurry();
  }
}
