import type { Hex } from "../../codec/statement.ts";
import { LOOK_AGAIN } from "./certainty.ts";
import type { DeskContext } from "./deskContext.ts";
import type { JobProgress, JobRow } from "./jobsTable.ts";
import { WORK, type WorkKind } from "./jobWork.ts";
import { nextStep, type NextStep } from "./nextStep.ts";
import { Rounds } from "./rounds.ts";
import { Settlements } from "./settlements.ts";

/** Work that is under way for one job, with what tells it that the job is over. */
interface Underway {
  readonly kind: WorkKind;
  readonly over: AbortController;
}

/** Moves jobs along: each look at a job journals what was seen and starts at most one piece of work for it. */
export class JobDriver {
  readonly #context: DeskContext;
  readonly #settlements: Settlements;
  readonly #rounds: Rounds;
  readonly #underway = new Map<Hex, Underway>();

  constructor(context: DeskContext) {
    this.#context = context;
    this.#settlements = new Settlements(context, this);
    this.#rounds = new Rounds(
      (id) => this.#advance(id),
      (id, error) => context.log.warn({ job: id, error: (error as Error).message }, "trying again"),
    );
  }

  /** Has a job looked at soon. */
  wake(id: Hex): void {
    this.#rounds.wake(id);
  }

  /** Has a job looked at after a pause, since something failed for it. */
  failed(id: Hex, error: unknown): void {
    this.#rounds.failed(id, error);
  }

  /** The chain's time moved on: settlements that gather may be due. */
  onHead(): void {
    this.#settlements.onHead();
  }

  /** Jobs that are being proven. */
  get proving(): number {
    return [...this.#underway.values()].filter(({ kind }) => kind === "prove").length;
  }

  /** Stops looking, once `closing` has fired: transactions stay on their way, and tasks with the pool. */
  async close(): Promise<void> {
    await Promise.all([this.#rounds.close(), this.#settlements.close()]);
  }

  async #advance(id: Hex): Promise<void> {
    for (;;) {
      const row = this.#context.jobs.find(id);
      if (row === undefined || row.over) return;
      const step = await nextStep(this.#context, row);
      if (this.#context.closing.aborted) return;
      // It may have been proven, or opened, while the chain was read.
      if (this.#context.jobs.find(id)!.revision !== row.revision) continue;
      if (step.kind !== "record") return this.#act(row, step.kind);
      this.#context.jobs.update(id, step.changes);
      this.#rounds.forgive(id);
      this.#afterRecord(row, step.changes);
    }
  }

  #act(row: JobRow, kind: Exclude<NextStep["kind"], "record">): void {
    if (kind === "lookAgain") setTimeout(() => this.wake(row.id), LOOK_AGAIN).unref();
    if (kind === "wait" || kind === "lookAgain" || this.#rounds.isPaused(row.id)) return;
    if (kind === "settle") return this.#settlements.add(row);
    if (this.#underway.has(row.id)) return;
    const over = new AbortController();
    this.#underway.set(row.id, { kind, over });
    void this.#work(row, kind, over.signal);
  }

  async #work(row: JobRow, kind: WorkKind, over: AbortSignal): Promise<void> {
    try {
      await WORK[kind](this.#context, row, over);
      this.#underway.delete(row.id);
      this.wake(row.id);
    } catch (error) {
      this.#underway.delete(row.id);
      if (over.aborted) this.wake(row.id);
      else if (!this.#context.closing.aborted) this.failed(row.id, error);
    }
  }

  /** A task that an earlier process left is nobody's, and would be proven before all that came later. */
  #forgetProving(id: Hex): void {
    this.#context.pool.forget(id).catch((error: Error) => {
      this.#context.log.warn({ job: id, error: error.message }, "its proving cannot be forgotten");
    });
  }

  #afterRecord({ id, status }: JobRow, changes: Partial<JobProgress>): void {
    const { status: next, givenUp, reason = givenUp } = changes;
    const isOver = next === "closed" || givenUp !== undefined || changes.over === true;
    if (isOver) this.#underway.get(id)?.over.abort();
    if (isOver) this.#forgetProving(id);
    if (next !== undefined && next !== status) this.#context.log.info({ job: id, status: next, reason }, "moved on");
  }
}
