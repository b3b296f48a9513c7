import type { Hex } from "../../codec/statement.ts";
import type { Journal } from "../journal/journal.ts";

/** The last blocks that were dealt with: their hashes tell how deep a reorganisation goes. */
export const CURSOR_SCHEMA = `
CREATE TABLE cursor_blocks (
  chain TEXT NOT NULL,
  number INTEGER NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (chain, number)
) STRICT, WITHOUT ROWID;
`;

/** Blocks that the cursor goes back: the deepest reorganisation that is followed exactly. */
export const KEPT_BLOCKS = 128;

/** A block's place in a chain. */
export interface BlockMark {
  readonly number: number;
  readonly hash: Hex;
}

/** How far a watch of one chain has come. */
export class BlockCursor {
  readonly #journal: Journal;
  readonly #chain: string;

  constructor(journal: Journal, chainId: bigint) {
    this.#journal = journal;
    this.#chain = String(chainId);
  }

  /** From the newest down; none before the first block was dealt with. */
  kept(): BlockMark[] {
    const sql = "SELECT number, hash FROM cursor_blocks WHERE chain = ? ORDER BY number DESC";
    const rows = this.#journal.read((database) => database.prepare(sql).all(this.#chain));
    return rows.map(({ number, hash }) => ({ number: Number(number), hash: String(hash) }));
  }

  /** Takes `blocks`, in order, in the place of all that came after number `base`. */
  move(base: number, blocks: readonly BlockMark[]): void {
    const oldest = blocks.at(-1)!.number - KEPT_BLOCKS;
    this.#journal.write((database) => {
      database
        .prepare("DELETE FROM cursor_blocks WHERE chain = ? AND (number > ? OR number <= ?)")
        .run(this.#chain, base, oldest);
      const insert = database.prepare("INSERT INTO cursor_blocks (chain, number, hash) VALUES (?, ?, ?)");
      for (const { number, hash } of blocks) if (number > oldest) insert.run(this.#chain, number, hash);
    });
  }
}
