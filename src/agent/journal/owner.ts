import { InputError } from "../../errors.ts";
import type { Journal } from "./journal.ts";

/** The table that says whose a journal is. */
export const OWNER_SCHEMA = "CREATE TABLE owner (name TEXT NOT NULL) STRICT;";

/**
 * Takes a journal for an agent, by a text that names its account, chain and contracts. Throws InputError where it is
 * another's: its orders and nonces would be looked for where they never were.
 */
export function claimJournal(journal: Journal, path: string, owner: string): void {
  const known = journal.read((database) => database.prepare("SELECT name FROM owner").get()?.name);
  if (known === owner) return;
  if (known !== undefined) throw new InputError(`${path}: is the journal of ${String(known)}, want that of ${owner}`);
  journal.write((database) => database.prepare("INSERT INTO owner (name) VALUES (?)").run(owner));
}
