import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { InputError } from "../../errors.ts";

/** Seconds a write waits for another process that holds the journal; then the journal counts as in use. */
const BUSY_SECONDS = 1;

/**
 * An agent's write-ahead journal: SQLite in a file that one process holds. What `write` has returned from is on the
 * disk, so side effects come after it and are repeated where it is not known whether they happened.
 */
export class Journal {
  readonly #database: DatabaseSync;

  /** Opens or creates a journal with a schema: one script a version, run in order, never changed once released. */
  constructor(path: string, schema: readonly string[]) {
    this.#database = openDatabase(path);
    migrate(this, path, schema);
  }

  /** Runs `change` in one transaction and returns when it is on the disk; where it throws, nothing is written. */
  write<Result>(change: (database: DatabaseSync) => Result): Result {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const result = change(this.#database);
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      // A full disk ends the transaction by itself.
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  read<Result>(query: (database: DatabaseSync) => Result): Result {
    return query(this.#database);
  }

  close(): void {
    this.#database.close();
  }
}

/** Exclusive locking: a second process with the same journal would be a second sender with the same key. */
function openDatabase(path: string): DatabaseSync {
  try {
    // Journals hold inputs, salts and signatures: nobody but their owner reads them.
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    closeSync(openSync(path, "a", 0o600));
    const database = new DatabaseSync(path, { timeout: BUSY_SECONDS * 1000 });
    database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    database.exec("PRAGMA foreign_keys = ON; BEGIN IMMEDIATE; COMMIT");
    return database;
  } catch (error) {
    throw new InputError(`${path}: ${(error as Error).message}; want a journal that no other process uses`, {
      cause: error,
    });
  }
}

function migrate(journal: Journal, path: string, schema: readonly string[]): void {
  const version = journal.read((database) => Number(database.prepare("PRAGMA user_version").get()!.user_version));
  if (version > schema.length)
    throw new InputError(`${path}: a journal of version ${version}, this program knows ${schema.length}`);
  schema.slice(version).forEach((script, index) =>
    journal.write((database) => {
      database.exec(script);
      database.exec(`PRAGMA user_version = ${version + index + 1}`);
    }),
  );
}
