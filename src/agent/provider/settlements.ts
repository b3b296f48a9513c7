import { concat, keccak256 } from "ethers";
import type { Hex } from "../../codec/statement.ts";
import type { Mined } from "../sender/sender.ts";
import type { DeskContext } from "./deskContext.ts";
import type { JobRow } from "./jobsTable.ts";
import { isLastBlock, KEY_STOPPED } from "./nextStep.ts";
import { groupBy } from "./groupBy.ts";
import { escrowCall, inCallOrder, prepaidCall } from "./settlementCalls.ts";
import { SettlementLane } from "./settlementLane.ts";
import { coveredOrders } from "./prepaidCover.ts";
import { isPrepaid, standingOf } from "./standing.ts";

/** Whom settlements tell that a job should be looked at again. */
export interface Looker {
  wake(id: Hex): void;
  failed(id: Hex, error: unknown): void;
}

/** Sends proven jobs and orders to be paid, several in one transaction where they wait together. */
export class Settlements {
  readonly #context: DeskContext;
  readonly #looker: Looker;
  readonly #escrow: SettlementLane;
  readonly #prepaid: SettlementLane;

  constructor(context: DeskContext, looker: Looker) {
    this.#context = context;
    this.#looker = looker;
    const size = context.policy.batchSize;
    const send = (ids: readonly Hex[]) => this.#send(ids);
    const onSent = (ids: readonly Hex[]) => this.#lookAgain(ids);
    // The escrow's money is due at once, so jobs gather only while a settlement is on its way.
    this.#escrow = new SettlementLane(send, onSent, size, () => 0);
    this.#prepaid = new SettlementLane(send, onSent, size, (deadline, waited) =>
      this.#secondsToGather(deadline, waited),
    );
  }

  /** Takes a job whose proof is journalled; what waits or is on its way already is not taken twice. */
  add(row: JobRow): void {
    (isPrepaid(row) ? this.#prepaid : this.#escrow).add(row.id, row.job.deadline);
  }

  /** The chain's time moved on. */
  onHead(): void {
    this.#prepaid.hurry();
  }

  async close(): Promise<void> {
    await Promise.all([this.#escrow.close(), this.#prepaid.close()]);
  }

  #secondsToGather(deadline: bigint, waited: number): number {
    const { clock, policy } = this.#context;
    const left = Number(deadline - clock.now) - policy.marginSeconds - policy.blockSeconds;
    return Math.min(policy.maxDelaySeconds - waited, left);
  }

  /** A job that was to be settled again while it was on its way is taken now. */
  #lookAgain(ids: readonly Hex[]): void {
    ids.filter((id) => this.#context.jobs.find(id)?.status === "proven").forEach((id) => this.#looker.wake(id));
  }

  /** Settles jobs of one contract; a batch that was on its way before a restart is made up again as it was. */
  async #send(ids: readonly Hex[]): Promise<void> {
    try {
      const { jobs } = this.#context;
      // What was settled while it waited here is not sent again: an order would be left out at its sender's cost.
      const rows = ids.flatMap((id) => jobs.find(id) ?? []).filter(({ status }) => status === "proven");
      const earlier = new Set(rows.flatMap(({ batch }) => batch ?? []));
      const groups = [...earlier].map((batch) => jobs.inBatch(batch).filter(({ over }) => !over));
      const fresh = rows.filter(({ batch }) => batch === undefined);
      for (const group of [...groups, ...this.#bySetup(fresh)]) await this.#settle(group);
    } catch (error) {
      ids.forEach((id) => this.#looker.failed(id, error));
    }
  }

  /** Keys verify together where they share α and β. */
  #bySetup(rows: readonly JobRow[]): JobRow[][] {
    const setupOf = ({ job, id }: JobRow): string => {
      const vkey = this.#context.offers.get(job.modelId)?.model.vkey;
      return vkey === undefined ? id : [...vkey.alpha, ...vkey.beta].join();
    };
    return [...groupBy(rows, setupOf).values()];
  }

  async #settle(group: readonly JobRow[]): Promise<void> {
    try {
      const rows = await this.#settleable(group);
      if (rows.length > 0) await this.#submit(rows);
    } catch (error) {
      if (this.#context.closing.aborted) return;
      const ids = group.map(({ id }) => id);
      this.#context.jobs.updateAll(ids, { batch: undefined });
      if (ids.length === 1) return this.#looker.failed(ids[0], error);
      this.#context.log.warn({ jobs: ids, error: (error as Error).message }, "cannot be settled together, one by one");
      await Promise.all(ids.map((id) => this.#settleAlone(id)));
    }
  }

  /** One bad item must not hold up the others, nor make them wait for each other's blocks. */
  async #settleAlone(id: Hex): Promise<void> {
    try {
      const row = this.#context.jobs.find(id)!;
      if ((await standingOf(this.#context.chain, row, "latest")) === "Settled") this.#looker.wake(id);
      else if (row.status === "proven") await this.#settle([row]);
    } catch (error) {
      this.#looker.failed(id, error);
    }
  }

  /** Leaves out what the contract would: sent all the same, it would cost gas and be back here. */
  async #settleable(group: readonly JobRow[]): Promise<readonly JobRow[]> {
    // What was signed may be mined yet, so it is asked for as it is.
    if (group[0].batch !== undefined) return group;
    // What waited until now for another settlement may be too late: its words would be shown and not be paid for.
    const timely = group.filter((row) => !isLastBlock(this.#context, row));
    const live = await this.#underLiveKeys(timely);
    if (live.length === 0 || !isPrepaid(live[0])) return live;
    const covered = await coveredOrders(this.#context.chain, live);
    const missing = live.filter((row) => !covered.includes(row));
    missing.forEach(({ id }) => this.#looker.failed(id, new Error("its deposit does not cover it now")));
    return covered;
  }

  async #underLiveKeys(group: readonly JobRow[]): Promise<JobRow[]> {
    const { chain } = this.#context;
    const live: JobRow[] = [];
    for (const [modelId, rows] of groupBy(group, ({ job }) => job.modelId)) {
      const { keyId } = await chain.registry.termsOf(modelId);
      if (!(await chain.registry.isStopped(keyId))) live.push(...rows);
      else for (const { id } of rows) this.#onStopped(id);
    }
    return live;
  }

  /** Gives a job up whose key is stopped, once the node has said so often enough. */
  #onStopped(id: Hex): void {
    const { certainty, jobs } = this.#context;
    if (!certainty.confirms(id, KEY_STOPPED)) return this.#looker.failed(id, new Error(`asking again: ${KEY_STOPPED}`));
    jobs.update(id, { givenUp: KEY_STOPPED });
    this.#looker.wake(id);
  }

  async #submit(unordered: readonly JobRow[]): Promise<void> {
    const { chain, jobs, sender } = this.#context;
    const rows = inCallOrder(unordered);
    const ids = rows.map(({ id }) => id);
    const purpose = rows[0].batch ?? `settle:${ids.length === 1 ? ids[0] : keccak256(concat(ids))}`;
    jobs.updateAll(ids, { batch: purpose });
    const call = isPrepaid(rows[0]) ? prepaidCall(chain, rows) : escrowCall(chain, rows);
    const mined = await sender.submit({ purpose, ...call }, this.#context.closing);
    for (const row of rows) await this.#see(row, mined);
  }

  /** Notes where a job was settled, or that it was not although its transaction was mined. */
  async #see(row: JobRow, mined: Mined): Promise<void> {
    const { hash: transaction, blockNumber, blockHash } = mined;
    const isSettled = (await standingOf(this.#context.chain, row, "latest")) === "Settled";
    if (isSettled) {
      const settled = { transaction, blockNumber, blockHash };
      return this.#context.jobs.update(row.id, { status: "settled", settled, batch: undefined });
    }
    this.#context.jobs.update(row.id, { batch: undefined });
    this.#looker.failed(row.id, new Error(`transaction ${transaction} did not settle it`));
  }
}
