import { readFileSync, writeFileSync } from "node:fs";
import type { Random } from "../../fuzz/random.ts";

/** Sizes in bytes, and where things are, in SQLite's write-ahead log (sqlite.org/fileformat2.html#walformat). */
const HEADER = 32;
const FRAME_HEADER = 24;
const PAGE_SIZE_AT = 8;
const SALTS_AT = 16;
const FRAME_COMMIT_AT = 4;
const FRAME_SALTS_AT = 8;
const SALTS = 8;

/** Where the last committed transaction of a log lies: [start, end), in bytes. */
export interface LastTransaction {
  readonly start: number;
  readonly end: number;
}

/** Finds the last transaction by its commit frame; throws where there is none, which would mean a checkpoint. */
export function lastTransaction(log: Buffer): LastTransaction {
  const size = FRAME_HEADER + log.readUInt32BE(PAGE_SIZE_AT);
  const salts = log.subarray(SALTS_AT, SALTS_AT + SALTS);
  let [start, end] = [HEADER, HEADER];
  for (let at = HEADER; at + size <= log.length; at += size) {
    const frame = log.subarray(at, at + size);
    // Frames of before the log's last restart carry other salts.
    if (!frame.subarray(FRAME_SALTS_AT, FRAME_SALTS_AT + SALTS).equals(salts)) break;
    if (frame.readUInt32BE(FRAME_COMMIT_AT) === 0) continue;
    start = end;
    end = at + size;
  }
  if (end === HEADER) throw new Error("the log holds no transaction, want the one that was to be torn");
  return { start, end };
}

/** Leaves of a log's last transaction what a power cut in the middle of writing it might: a part, or garbled bytes. */
export function tearLastTransaction(path: string, random: Random): void {
  const log = readFileSync(path);
  const { start, end } = lastTransaction(log);
  if (random.oneIn(2)) {
    writeFileSync(path, log.subarray(0, start + random.below(end - start)));
    return;
  }
  const from = start + random.below(end - start);
  for (let at = from; at < end; ++at) log[at] = random.below(256);
  writeFileSync(path, log);
}
