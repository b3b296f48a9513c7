import type { DatabaseSync } from "node:sqlite";
import { Journal } from "../../agent/journal/journal.ts";

/** What happens at a write of the journal. */
export const SABOTAGES = ["killBefore", "killAfter", "full", "torn"] as const;

export type Sabotage = (typeof SABOTAGES)[number];

/** Which write meets what; writes count from 1 and include those that create the tables. */
export interface SabotagePlan {
  readonly write: number;
  readonly kind: Sabotage;
}

/** Writes in a row that find the disk full. */
const FULL_WRITES = 4;

/** Opens a journal whose planned write goes wrong; `onWrite` is called with the number of each write that succeeded. */
export function openSabotaged(
  path: string,
  schema: readonly string[],
  plan: SabotagePlan | undefined,
  onWrite: (write: number) => void,
): Journal {
  let writes = 0;
  class SabotagedJournal extends Journal {
    override write<Result>(change: (database: DatabaseSync) => Result): Result {
      const write = ++writes;
      const kind = kindAt(plan, write);
      const result = super.write((database) => {
        const changed = change(database);
        if (kind === "killBefore") die();
        if (kind === "full") fillUp(database);
        return changed;
      });
      // Of a torn write the process dies as of any other: what the disk keeps of it is cut off afterwards.
      if (kind === "killAfter" || kind === "torn") die();
      onWrite(write);
      return result;
    }
  }
  return new SabotagedJournal(path, schema);
}

function kindAt(plan: SabotagePlan | undefined, write: number): Sabotage | undefined {
  if (plan === undefined || write < plan.write) return undefined;
  const length = plan.kind === "full" ? FULL_WRITES : 1;
  return write < plan.write + length ? plan.kind : undefined;
}

/** Ends the process as nothing in it can notice. */
function die(): void {
  process.kill(process.pid, "SIGKILL");
  // The signal comes with the next system call at the latest.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
}

/** Lets SQLite run out of pages in the middle of a transaction: the database may not grow, and grows. */
function fillUp(database: DatabaseSync): void {
  const limit = Number(database.prepare("PRAGMA max_page_count").get()!.max_page_count);
  const pages = Number(database.prepare("PRAGMA page_count").get()!.page_count);
  database.exec(`PRAGMA max_page_count = ${pages}`);
  try {
    database.exec("CREATE TABLE filling (bytes BLOB); INSERT INTO filling VALUES (zeroblob(1000000))");
  } finally {
    database.exec(`PRAGMA max_page_count = ${limit}`);
  }
}
