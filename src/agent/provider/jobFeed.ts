import { EventEmitter, on } from "node:events";
import type { Hex } from "../../codec/statement.ts";
import { Refusal, type JobView } from "./desk.ts";
import type { JobRow, JobsTable } from "./jobsTable.ts";
import { isPrepaid } from "./standing.ts";

/** Tells the views of jobs, now and as they change. */
export class JobFeed {
  readonly #changes = new EventEmitter().setMaxListeners(0);
  readonly #find: JobsTable["find"];

  constructor(find: JobsTable["find"]) {
    this.#find = find;
  }

  /** Journalled changes of a job. */
  changed(id: Hex): void {
    this.#changes.emit(id);
  }

  /** Listeners that wait for a job: none where nobody follows it. */
  listeners(id: Hex): number {
    return this.#changes.listenerCount(id);
  }

  view(id: Hex): JobView {
    const row = this.#find(id);
    if (row !== undefined) return viewOf(row);
    throw new Refusal("unknown-job", `job ${id} is not known here`);
  }

  async result(id: Hex, milliseconds: number, signal?: AbortSignal): Promise<JobView> {
    const late = AbortSignal.timeout(milliseconds);
    const end = signal === undefined ? late : AbortSignal.any([late, signal]);
    for await (const view of this.follow(id, end))
      if (view.result !== undefined || view.status === "closed") return view;
    return this.view(id);
  }

  /** Listens before it reads, so that no change falls in between, and leaves no listener behind. */
  async *follow(id: Hex, signal: AbortSignal): AsyncGenerator<JobView, void, void> {
    if (signal.aborted) return yield this.view(id);
    const changes = on(this.#changes, id, { signal });
    try {
      let view = this.view(id);
      yield view;
      while (!isOver(view)) {
        await changes.next();
        const next = this.view(id);
        if (next.status !== view.status || next.opened !== view.opened) yield next;
        view = next;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      await changes.return!();
    }
  }
}

const isOver = ({ status }: JobView): boolean => status === "settled" || status === "final" || status === "closed";

/** What the provider tells of a job: the words only once they are public or their money is secured. */
export function viewOf(row: JobRow): JobView {
  const { id: jobId, contract, job, offer: model, status, words, proof, opened, settled, reason } = row;
  const isShown = status === "settled" || status === "final" || (status === "proven" && isPrepaid(row));
  return {
    jobId,
    contract,
    job,
    model,
    status,
    ...(isShown && words && proof && { result: { words, proof } }),
    ...(opened && { opened: opened.transaction }),
    ...(settled && { settled: { transaction: settled.transaction, blockNumber: settled.blockNumber } }),
    ...(reason !== undefined && { reason }),
  };
}
