/** Rounds that run at a time: each is a few reads of the chain. */
const WIDTH = 8;
/** Milliseconds until a round that failed is tried again: doubled each time, up to the longest. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 60_000;

/**
 * Goes round jobs: one round of a job at a time, again if it was woken meanwhile, several jobs side by side. What fails is
 * tried again after a pause of its own, so that no job holds up another.
 */
export class Rounds {
  readonly #round: (id: string) => Promise<void>;
  readonly #onFailure: (id: string, error: unknown) => void;
  readonly #waiting = new Set<string>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #failures = new Map<string, number>();
  readonly #pauses = new Map<string, NodeJS.Timeout>();
  #isClosed = false;

  constructor(round: (id: string) => Promise<void>, onFailure: (id: string, error: unknown) => void) {
    this.#round = round;
    this.#onFailure = onFailure;
  }

  /** Has a round of the job run soon. */
  wake(id: string): void {
    if (this.#isClosed) return;
    this.#waiting.add(id);
    this.#start();
  }

  /** Has a round of the job run after a pause, longer with each failure since `forgive`; one in a pause changes nothing. */
  failed(id: string, error: unknown): void {
    if (this.#isClosed) return;
    this.#onFailure(id, error);
    // Every block has its round, pause or not: those that fail in one pause are one failure.
    if (this.#pauses.has(id)) return;
    const count = this.#failures.get(id) ?? 0;
    this.#failures.set(id, count + 1);
    const resume = () => {
      this.#pauses.delete(id);
      this.wake(id);
    };
    this.#pauses.set(id, setTimeout(resume, Math.min(FIRST_PAUSE * 2 ** count, LONGEST_PAUSE)));
  }

  /** Whether the job failed and its pause is not over. */
  isPaused(id: string): boolean {
    return this.#pauses.has(id);
  }

  /** Something worked: the next failure counts as the first. */
  forgive(id: string): void {
    this.#failures.delete(id);
  }

  /** Starts nothing more and waits for what runs. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#pauses.forEach((pause) => clearTimeout(pause));
    this.#waiting.clear();
    await Promise.all(this.#running.values());
  }

  #start(): void {
    for (const id of this.#waiting) {
      if (this.#running.size >= WIDTH) return;
      if (this.#running.has(id)) continue;
      this.#waiting.delete(id);
      this.#running.set(id, this.#run(id));
    }
  }

  async #run(id: string): Promise<void> {
    try {
      await this.#round(id);
    } catch (error) {
      this.failed(id, error);
    }
    this.#running.delete(id);
    this.#start();
  }
}
