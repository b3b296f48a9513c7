import type { Logger } from "pino";
import type { Hex } from "../../codec/statement.ts";
import type { Block, NodeCalls } from "../watch/nodeCalls.ts";
import type { FeePolicy } from "./fees.ts";
import type { Outbox } from "./outbox.ts";
import type { Mined } from "./sender.ts";
import { InsufficientFunds, SimulationReverted } from "./simulate.ts";
import type { Attempt, JournalledTransaction, TransactionTable } from "./transactionTable.ts";

/** Blocks for which a nonce must seem to be missing before it is filled: nodes lag. */
const FILL_AFTER_BLOCKS = 2;
/** Nonces that are filled at one look at most. */
const MAX_FILLED = 16;

/** Told what became of an intent, by the id of its first transaction. */
export interface Outcomes {
  readonly mined: (intent: number, mined: Mined) => void;
  readonly refused: (intent: number, error: Error) => void;
}

export interface ReviewOptions {
  readonly address: Hex;
  readonly node: NodeCalls;
  readonly table: TransactionTable;
  readonly outbox: Outbox;
  readonly policy: FeePolicy;
  /** Blocks on top of a transaction's own from which on it is final. */
  readonly finalDepth: number;
  readonly outcomes: Outcomes;
  readonly logger: Logger | undefined;
  readonly signal: AbortSignal;
}

/** Compares the journalled transactions with the chain and does what they need next. Must not overlap with signing. */
export class TransactionReview {
  readonly #options: ReviewOptions;
  /** Per transaction, since which head it was found lost at every look, and whether its nonce was taken or is behind a gap. */
  readonly #lostSince = new Map<number, { readonly isTaken: boolean; readonly since: number }>();
  /** The next nonce to be mined, and the number of the first head that was seen with it. */
  #turn: { readonly nonce: number; readonly since: number } | undefined;
  #seen: Hex | undefined;

  constructor(options: ReviewOptions) {
    this.#options = options;
  }

  /** One look at the chain. Throws NodeTrouble; what was found by then is journalled, the rest is found the next time. */
  async run(): Promise<void> {
    const { address, node, table } = this.#options;
    if (table.unsettled().length === 0) return;
    const head = await node.latest();
    await this.#undoReorganised();
    const unsettled = table.unsettled();
    if (head.hash === this.#seen && !unsettled.some(({ state }) => state === "sent")) return;
    const count = await node.count(address);
    if (this.#turn?.nonce !== count) this.#turn = { nonce: count, since: head.number };
    await this.#findPassed(count);
    await this.#sendWaiting(head, count);
    await this.#replaceLost(head, count);
    await this.#settle(head, count);
    this.#seen = head.hash;
  }

  /** From the top: a block that is still on the chain keeps all below it there. */
  async #undoReorganised(): Promise<void> {
    const { node, table, logger } = this.#options;
    const mined = table.unsettled().filter(({ state }) => state === "mined");
    mined.sort((a, b) => b.blockNumber! - a.blockNumber!);
    for (const { id, nonce, purpose, blockNumber, blockHash } of mined) {
      if ((await node.blockAt(blockNumber!))?.hash === blockHash) return;
      table.markSent(id);
      logger?.warn({ purpose, nonce, blockNumber }, "transaction undone by a reorganisation");
    }
  }

  /** Looks for all whose nonce has passed; throws where it could not for one, since it may have been mined. */
  async #findPassed(count: number): Promise<void> {
    const passed = this.#options.table.unsettled().filter(({ state, nonce }) => state !== "mined" && nonce < count);
    const searches = await Promise.allSettled(passed.map((transaction) => this.#find(transaction)));
    for (const search of searches) if (search.status === "rejected") throw search.reason;
  }

  /** Looks for the attempt that was mined. */
  async #find({ id, nonce, intent, purpose }: JournalledTransaction): Promise<void> {
    const { node, table, outcomes, logger } = this.#options;
    for (const { hash } of table.attempts(id).toReversed()) {
      const receipt = await node.receipt(hash);
      if (receipt === undefined) continue;
      const { blockNumber, blockHash, succeeded, gasUsed } = receipt;
      table.markMined(id, blockNumber, blockHash);
      this.#forget(id);
      logger?.info({ purpose, nonce, hash, blockNumber, succeeded }, "transaction mined");
      outcomes.mined(intent, { hash, blockNumber, blockHash, succeeded, gasUsed });
      return;
    }
  }

  /** Sends again what is on its way, once a head, in the order of nonces; raises the fees of the first. */
  async #sendWaiting(head: Block, count: number): Promise<void> {
    for (const transaction of this.#options.table.unsettled()) {
      const { id, nonce, state } = transaction;
      // A lost transaction whose nonce is next after all stands in the way of all others.
      if (nonce < count || state === "mined" || (state === "lost" && nonce > count)) continue;
      await this.#options.outbox.broadcast(id, await this.#attemptFor(transaction, head, count), head);
    }
  }

  async #attemptFor(transaction: JournalledTransaction, head: Block, count: number): Promise<Attempt> {
    const { table, outbox, policy } = this.#options;
    const last = table.attempts(transaction.id).at(-1)!;
    const since = Math.max(last.head, this.#turn!.since);
    if (transaction.nonce !== count || head.number - since < policy.bumpBlocks) return last;
    return (await outbox.raise(transaction, head)) ?? last;
  }

  /** Fills nonces that nobody signed and that others wait behind; signs intents anew whose nonce is gone for good. */
  async #replaceLost(head: Block, count: number): Promise<void> {
    const { table, finalDepth } = this.#options;
    for (const transaction of table.unsettled()) {
      const { id, nonce, state } = transaction;
      if (state !== "sent") continue;
      const isTaken = nonce < count;
      if (!isTaken && table.freeNonce(count) >= nonce) {
        this.#lostSince.delete(id);
        continue;
      }
      let lost = this.#lostSince.get(id);
      if (lost?.isTaken !== isTaken) this.#lostSince.set(id, (lost = { isTaken, since: head.number }));
      const blocks = head.number - lost.since;
      // What was signed may be mined for as long as the nonce may come back: a second nonce would do its work twice.
      if (isTaken && blocks >= finalDepth) await this.#replace(transaction, head);
      if (!isTaken && blocks >= FILL_AFTER_BLOCKS) await this.#fillBelow(nonce, count);
    }
  }

  /** Uses up nonces with transactions that do nothing, so that the one behind them has its turn. */
  async #fillBelow(nonce: number, count: number): Promise<void> {
    const { address, table, outbox, logger, signal } = this.#options;
    for (let filled = 0; filled < MAX_FILLED && table.freeNonce(count) < nonce; ++filled) {
      const missing = table.freeNonce(count);
      logger?.warn({ nonce: missing }, "nonce was never signed");
      const nothing = { purpose: `fill:${missing}`, to: address, data: "0x" };
      try {
        await outbox.post(nothing, await outbox.prepare(nothing), signal);
      } catch (error) {
        if (isRefusal(error)) return;
        throw error;
      }
    }
  }

  async #replace(transaction: JournalledTransaction, head: Block): Promise<void> {
    const { table, outbox, outcomes, logger, signal } = this.#options;
    const { id, intent, purpose, nonce } = transaction;
    logger?.warn({ purpose, nonce }, "transaction lost");
    const other = table.unsettled().some((row) => row.intent === intent && row.id !== id && row.state !== "lost");
    if (other) table.markLost(id, head.number);
    else
      try {
        const again = outbox.intentOf(transaction);
        await outbox.post(again, await outbox.prepare(again, id), signal, transaction);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        table.markLost(id, head.number);
        outcomes.refused(intent, error);
      }
    this.#forget(id);
  }

  /** Only with the block that makes them deep: the latest block's number alone is a claim. */
  async #settle(head: Block, count: number): Promise<void> {
    const { node, table, finalDepth } = this.#options;
    const deep = table
      .unsettled()
      .filter(({ state, nonce }) => state === "mined" || (state === "lost" && nonce < count))
      .filter(({ blockNumber }) => head.number - blockNumber! >= finalDepth);
    if (deep.length === 0) return;
    const top = Math.max(...deep.map(({ blockNumber }) => blockNumber!)) + finalDepth;
    if (await node.blockAt(top)) table.markFinal(deep.map(({ id }) => id));
  }

  #forget(id: number): void {
    this.#options.outbox.forget(id);
    this.#lostSince.delete(id);
  }
}

const isRefusal = (error: unknown): error is Error =>
  error instanceof SimulationReverted || error instanceof InsufficientFunds;
