import type { Interface } from "ethers";
import pRetry from "p-retry";
import type { Logger } from "pino";
import type { Hex } from "../../codec/statement.ts";
import type { AgentChain } from "../agentChain.ts";
import type { Journal } from "../journal/journal.ts";
import { NodeCalls, NodeTrouble } from "../watch/nodeCalls.ts";
import { pollLoop } from "../watch/pollLoop.ts";
import type { FeePolicy } from "./fees.ts";
import { Outbox, type AddressedSigner } from "./outbox.ts";
import type { Intent, Mined, Sender } from "./sender.ts";
import { Submission } from "./submission.ts";
import { TransactionReview } from "./transactionReview.ts";
import { TransactionTable } from "./transactionTable.ts";

export { TRANSACTIONS_SCHEMA } from "./transactionTable.ts";

export interface SenderOptions {
  readonly chain: Pick<AgentChain, "chainId" | "provider">;
  readonly wallet: AddressedSigner;
  /** With TRANSACTIONS_SCHEMA. */
  readonly journal: Journal;
  /** Of the contracts that intents go to, for their errors. */
  readonly interfaces: readonly Interface[];
  readonly fees: FeePolicy;
  /** Blocks on top of a transaction's own after which it is not looked at any more; 64 by default. */
  readonly finalDepth?: number;
  /** Time between two looks at the chain; 1,000 by default. */
  readonly pollMilliseconds?: number;
  readonly logger?: Logger;
}

/** Longest wait between two tries to sign an intent, in polls. */
const MAX_RETRY_POLLS = 10;

/**
 * A sender whose transactions are in the journal. There must be no other for the key: it would take the same nonces. What
 * an intent does must do no harm when done twice, as the contracts see to: where a transaction that took a nonce is itself
 * undone by a reorganisation, both that were signed for the intent can be mined.
 */
export const createSender = (options: SenderOptions): Sender => new JournalSender(options);

class JournalSender implements Sender {
  readonly address: Hex;
  readonly #closing = new AbortController();
  readonly #pollMilliseconds: number;
  readonly #logger: Logger | undefined;
  readonly #table: TransactionTable;
  readonly #outbox: Outbox;
  readonly #review: TransactionReview;
  /** By purpose. */
  readonly #submissions = new Map<string, Submission>();
  /** By the id of an intent's first transaction. */
  readonly #outcomes = new Map<number, Outcome>();
  /** What signs or reviews goes one after another. */
  #busy: Promise<unknown> = Promise.resolve();
  #polling: Promise<void> | undefined;
  #nextLook: Promise<void> | undefined;

  constructor(options: SenderOptions) {
    const { chain, wallet, journal, interfaces, fees, finalDepth = 64, pollMilliseconds = 1000, logger } = options;
    const { signal } = this.#closing;
    const { address } = wallet;
    const node = new NodeCalls(chain.provider, signal);
    this.address = address;
    this.#pollMilliseconds = pollMilliseconds;
    this.#logger = logger;
    this.#table = new TransactionTable(journal, chain.chainId, address);
    this.#outbox = new Outbox(wallet, chain.chainId, node, this.#table, fees, interfaces, logger);
    this.#review = new TransactionReview({
      address,
      node,
      table: this.#table,
      outbox: this.#outbox,
      policy: fees,
      finalDepth,
      logger,
      signal,
      outcomes: {
        mined: (intent, mined) => this.#takeOutcome(intent)?.resolve(mined),
        refused: (intent, error) => this.#takeOutcome(intent)?.reject(error),
      },
    });
  }

  async submit(intent: Intent, signal?: AbortSignal): Promise<Mined> {
    this.#closing.signal.throwIfAborted();
    this.#startPolling();
    const { purpose } = intent;
    let submission = this.#submissions.get(purpose);
    if (submission === undefined) {
      const left = () => {
        if (this.#submissions.get(purpose) === submission) this.#submissions.delete(purpose);
      };
      submission = new Submission((abandoned) => this.#carry(intent, abandoned), left);
      this.#submissions.set(purpose, submission);
    }
    return submission.join(signal);
  }

  async resume(): Promise<void> {
    this.#startPolling();
    await this.#lookNow();
  }

  async close(): Promise<void> {
    this.#closing.abort(new DOMException("the sender is closed", "AbortError"));
    await Promise.all([this.#polling, this.#busy.catch(() => {})]);
    for (const intent of this.#outcomes.keys()) this.#takeOutcome(intent)!.reject(this.#closing.signal.reason);
  }

  /** Brings an intent into the journal, whatever the node does, unless it is abandoned before; then until it is mined. */
  async #carry(intent: Intent, abandoned: AbortSignal): Promise<Mined> {
    const signal = AbortSignal.any([this.#closing.signal, abandoned]);
    const sent = await pRetry(() => this.#joinOrSend(intent, signal), {
      retries: Number.POSITIVE_INFINITY,
      minTimeout: this.#pollMilliseconds,
      maxTimeout: MAX_RETRY_POLLS * this.#pollMilliseconds,
      signal,
      shouldRetry: ({ error }) => error instanceof NodeTrouble,
      onFailedAttempt: ({ error }) => this.#warn(error),
    });
    return sent.outcome;
  }

  async #joinOrSend(intent: Intent, signal: AbortSignal): Promise<{ outcome: Promise<Mined> }> {
    const { purpose } = intent;
    const undone = await this.#findUndone(purpose);
    if (undone !== undefined) return undone;
    const joined = this.#onItsWay(purpose);
    if (joined !== undefined) return this.#outcomeOf(joined);
    const prepared = await this.#outbox.prepare(intent);
    const sent = await this.#oneByOne(async () => {
      signal.throwIfAborted();
      const id = this.#onItsWay(purpose) ?? (await this.#outbox.post(intent, prepared, signal));
      return this.#outcomeOf(id);
    });
    void this.#lookNow();
    return sent;
  }

  /** What was mined for the purpose may be undone by now: then it is on its way again, or mined elsewhere. */
  async #findUndone(purpose: string): Promise<{ outcome: Promise<Mined> } | undefined> {
    const mined = this.#table.unsettled().filter((row) => row.purpose === purpose && row.state === "mined");
    if (mined.length === 0) return undefined;
    const outcomes = mined.map(({ intent }) => this.#outcomeOf(intent));
    await this.#oneByOne(() => this.#review.run());
    const now = new Map(this.#table.unsettled().map((row) => [row.id, row]));
    const moved = mined.findIndex(({ id, blockHash }) => now.has(id) && now.get(id)!.blockHash !== blockHash);
    mined.forEach(({ intent }, index) => {
      if (index !== moved) this.#outcomes.delete(intent);
    });
    return outcomes[moved];
  }

  #onItsWay = (purpose: string): number | undefined =>
    this.#table.unsettled().find((row) => row.purpose === purpose && row.state === "sent")?.intent;

  /** Wrapped, since what an async function returns is waited for. */
  #outcomeOf(intent: number): { outcome: Promise<Mined> } {
    const outcome = this.#outcomes.get(intent) ?? new Outcome();
    this.#outcomes.set(intent, outcome);
    return { outcome: outcome.promise };
  }

  #takeOutcome(intent: number): Outcome | undefined {
    const outcome = this.#outcomes.get(intent);
    this.#outcomes.delete(intent);
    return outcome;
  }

  #startPolling(): void {
    const look = () => this.#oneByOne(() => this.#review.run());
    this.#polling ??= pollLoop(look, this.#pollMilliseconds, (error) => this.#warn(error), this.#closing.signal);
  }

  /** Joins the look that is queued, unless it has begun. A failure is nobody's: the next look comes anyway. */
  #lookNow(): Promise<void> {
    const look = () => {
      this.#nextLook = undefined;
      return this.#review.run();
    };
    this.#nextLook ??= this.#oneByOne(look).catch((error: Error) => this.#warn(error));
    return this.#nextLook;
  }

  #oneByOne<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#busy.then(() => {
      this.#closing.signal.throwIfAborted();
      return work();
    });
    this.#busy = result.catch(() => {});
    return result;
  }

  #warn(error: Error): void {
    if (!this.#closing.signal.aborted) this.#logger?.warn({ trouble: `${error.name}: ${error.message}` }, "sender");
  }
}

/** What an intent comes to, for all who wait for it. */
class Outcome {
  resolve!: (mined: Mined) => void;
  reject!: (error: Error) => void;
  readonly promise = new Promise<Mined>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });

  constructor() {
    // Nobody may be waiting when it is rejected.
    this.promise.catch(() => {});
  }
}
