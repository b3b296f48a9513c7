import type { SQLInputValue, SQLOutputValue } from "node:sqlite";
import type { Hex } from "../../codec/statement.ts";
import type { Journal } from "../journal/journal.ts";

/**
 * A row of `transactions` is a nonce that was signed for an intent, one of `attempts` each of its signed forms. `sent`: may
 * be mined at any time · `mined`: found in a block that may still go · `lost`: another transaction took its nonce for
 * good; the intent has another row or was given up · `final`: nothing changes any more.
 */
export const TRANSACTIONS_SCHEMA = `
CREATE TABLE transactions (
  id INTEGER PRIMARY KEY,
  chain TEXT NOT NULL,
  account TEXT NOT NULL,
  nonce INTEGER NOT NULL,
  intent INTEGER NOT NULL,
  purpose TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('sent', 'mined', 'lost', 'final')),
  block_number INTEGER,
  block_hash TEXT,
  UNIQUE (chain, account, nonce)
) STRICT;
CREATE INDEX unsettled_transactions ON transactions (chain, account, nonce) WHERE state <> 'final';
CREATE TABLE attempts (
  hash TEXT PRIMARY KEY,
  transaction_id INTEGER NOT NULL REFERENCES transactions (id),
  raw TEXT NOT NULL,
  head INTEGER NOT NULL
) STRICT;
CREATE INDEX attempts_of_transaction ON attempts (transaction_id);
`;

export interface JournalledTransaction {
  readonly id: number;
  readonly nonce: number;
  /** Id of the first transaction that was signed for the same intent. */
  readonly intent: number;
  readonly purpose: string;
  readonly state: "sent" | "mined" | "lost";
  /** Of the block that it was mined in; number of the head where it was given up. */
  readonly blockNumber: number | undefined;
  readonly blockHash: Hex | undefined;
}

export interface Attempt {
  readonly hash: Hex;
  /** The signed transaction. */
  readonly raw: Hex;
  /** Number of the latest block when it was signed. */
  readonly head: number;
}

/** The transactions of one account on one chain. */
export class TransactionTable {
  readonly #journal: Journal;
  readonly #owner: readonly [string, string];

  constructor(journal: Journal, chainId: bigint, account: Hex) {
    this.#journal = journal;
    this.#owner = [String(chainId), account];
  }

  /** What is not final yet, by nonce. */
  unsettled(): JournalledTransaction[] {
    const sql = "SELECT * FROM transactions WHERE chain = ? AND account = ? AND state <> 'final' ORDER BY nonce";
    return this.#all(sql, ...this.#owner).map((row) => ({
      id: Number(row.id),
      nonce: Number(row.nonce),
      intent: Number(row.intent),
      purpose: String(row.purpose),
      state: row.state as JournalledTransaction["state"],
      blockNumber: row.block_number === null ? undefined : Number(row.block_number),
      blockHash: row.block_hash === null ? undefined : String(row.block_hash),
    }));
  }

  /** The attempts of a transaction, first to last. */
  attempts(id: number): Attempt[] {
    return this.#all("SELECT * FROM attempts WHERE transaction_id = ? ORDER BY rowid", id).map((row) => ({
      hash: String(row.hash),
      raw: String(row.raw),
      head: Number(row.head),
    }));
  }

  /** The lowest nonce from `count` on that was never signed. */
  freeNonce(count: number): number {
    const sql = "SELECT nonce FROM transactions WHERE chain = ? AND account = ? AND nonce >= ? ORDER BY nonce";
    const taken = this.#all(sql, ...this.#owner, count).map(({ nonce }) => Number(nonce));
    const gap = taken.findIndex((nonce, index) => nonce !== count + index);
    return count + (gap === -1 ? taken.length : gap);
  }

  /** The nonce after the highest that was ever signed; 0 where none was. */
  nextNonce(): number {
    const sql = "SELECT coalesce(max(nonce) + 1, 0) AS next FROM transactions WHERE chain = ? AND account = ?";
    return Number(this.#all(sql, ...this.#owner)[0].next);
  }

  /** Journals a transaction that was signed for a new intent, or for that of `instead`, which is lost with it. */
  add(
    purpose: string,
    nonce: number,
    attempt: Attempt,
    instead?: JournalledTransaction,
  ): { id: number; intent: number } {
    return this.#journal.write((database) => {
      const insert =
        "INSERT INTO transactions (chain, account, nonce, purpose, intent, state) VALUES (?, ?, ?, ?, ?, 'sent')";
      const added = database.prepare(insert).run(...this.#owner, nonce, purpose, instead?.intent ?? 0);
      const id = Number(added.lastInsertRowid);
      if (instead) database.prepare(LOSE).run(attempt.head, instead.id);
      else database.prepare("UPDATE transactions SET intent = id WHERE id = ?").run(id);
      database.prepare(ADD_ATTEMPT).run(attempt.hash, id, attempt.raw, attempt.head);
      return { id, intent: instead?.intent ?? id };
    });
  }

  addAttempt(id: number, { hash, raw, head }: Attempt): void {
    this.#write(ADD_ATTEMPT, hash, id, raw, head);
  }

  markMined(id: number, blockNumber: number, blockHash: Hex): void {
    this.#write(
      "UPDATE transactions SET state = 'mined', block_number = ?, block_hash = ? WHERE id = ?",
      blockNumber,
      blockHash,
      id,
    );
  }

  /** Of a transaction whose block is not on the chain any more. */
  markSent(id: number): void {
    this.#write("UPDATE transactions SET state = 'sent', block_number = NULL, block_hash = NULL WHERE id = ?", id);
  }

  markLost(id: number, head: number): void {
    this.#write(LOSE, head, id);
  }

  /** Keeps a transaction's nonce and hashes; what was signed is on the chain, or can never be. */
  markFinal(ids: readonly number[]): void {
    this.#journal.write((database) => {
      for (const id of ids) {
        database.prepare("UPDATE transactions SET state = 'final' WHERE id = ?").run(id);
        database.prepare("UPDATE attempts SET raw = '' WHERE transaction_id = ?").run(id);
      }
    });
  }

  #write(sql: string, ...values: SQLInputValue[]): void {
    this.#journal.write((database) => database.prepare(sql).run(...values));
  }

  #all(sql: string, ...values: SQLInputValue[]): Record<string, SQLOutputValue>[] {
    return this.#journal.read((database) => database.prepare(sql).all(...values));
  }
}

const ADD_ATTEMPT = "INSERT INTO attempts (hash, transaction_id, raw, head) VALUES (?, ?, ?, ?)";
const LOSE = "UPDATE transactions SET state = 'lost', block_number = ?, block_hash = NULL WHERE id = ?";
