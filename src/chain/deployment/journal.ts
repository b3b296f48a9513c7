import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { wipe, type ArtifactResolver } from "@nomicfoundation/ignition-core";
import { futureId } from "../../../deployments/ignition/Tollgate.ts";

/** What Ignition wrote down of one step. */
export interface JournalEntry {
  /** A transaction was signed or sent, and nothing says what became of it. */
  readonly lost: boolean;
  /** It reverted, could not be simulated, or waited too long. */
  readonly failed: boolean;
  readonly done: boolean;
  /** Hash of the last transaction that was seen to arrive. */
  readonly transaction: string | undefined;
}

interface Message {
  readonly type: string;
  readonly futureId?: string;
  readonly hash?: string;
  readonly transaction?: { readonly hash: string };
  readonly result?: { readonly type: string };
}

const NEW: JournalEntry = { lost: false, failed: false, done: false, transaction: undefined };
const PREFIX = futureId("");

/** Reads a journal by step. One that is damaged is removed and counts as none: the chain itself shows what was done. */
export async function readJournal(folder: string): Promise<ReadonlyMap<string, JournalEntry>> {
  const path = join(folder, "journal.jsonl");
  const entries = new Map<string, JournalEntry>();
  if (!existsSync(path)) return entries;
  const lines = (await readFile(path, "utf8")).split("\n").filter((line) => line !== "");
  try {
    for (const line of lines) follow(entries, JSON.parse(line) as Message);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    await forgetJournal(folder);
    return new Map();
  }
  return entries;
}

function follow(entries: Map<string, JournalEntry>, message: Message): void {
  if (message.futureId === undefined || !message.futureId.startsWith(PREFIX)) return;
  const step = message.futureId.slice(PREFIX.length);
  const entry = entries.get(step) ?? NEW;
  if (message.type === "WIPE_APPLY") entries.delete(step);
  else entries.set(step, { ...entry, ...changeBy(message) });
}

function changeBy({ type, hash, transaction, result }: Message): Partial<JournalEntry> {
  if (type === "TRANSACTION_PREPARE_SEND") return { lost: true };
  if (type === "TRANSACTION_SEND") return { lost: false, transaction: transaction?.hash };
  if (type === "TRANSACTION_CONFIRM") return { transaction: hash };
  if (type === "ONCHAIN_INTERACTION_TIMEOUT") return { failed: true };
  if (!type.endsWith("_EXECUTION_STATE_COMPLETE")) return {};
  return result?.type === "SUCCESS" ? { done: true } : { failed: true };
}

/** Has Ignition forget the steps that it cannot go on with by itself; call when none of their transactions is in flight. */
export async function mendJournal(folder: string, artifacts: ArtifactResolver): Promise<void> {
  for (const [step, { lost, failed }] of await readJournal(folder)) {
    if (lost || failed) await wipe(folder, artifacts, futureId(step));
  }
}

/** Removes a journal that tells of another chain. */
export const forgetJournal = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true });
