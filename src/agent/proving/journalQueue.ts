import type { Hex } from "../../codec/statement.ts";
import type { Proof } from "../../groth16/proof.ts";
import type { Journal } from "../journal/journal.ts";
import { openingToJson, parseOpening } from "../wireJson.ts";
import type { Proven, ProvingQueue, ProvingTask } from "./provingPool.ts";

/** Tasks in the order in which they came. An opening is kept until its task is finished: its salt is private. */
export const PROVING_SCHEMA = `
CREATE TABLE provingTasks (
  id INTEGER PRIMARY KEY,
  subject TEXT NOT NULL UNIQUE,
  model TEXT NOT NULL,
  opening TEXT,
  words TEXT,
  proof TEXT,
  seconds REAL,
  failure TEXT,
  CHECK ((opening IS NULL) = (proof IS NOT NULL OR failure IS NOT NULL))
) STRICT;
CREATE INDEX unfinishedProvingTasks ON provingTasks (id) WHERE opening IS NOT NULL;
`;

interface TaskRow {
  readonly subject: Hex;
  readonly model: string;
  readonly opening: string;
}

interface ResultRow {
  readonly words: string;
  readonly proof: string;
  readonly seconds: number;
  readonly failure: string | null;
}

/**
 * The queue of one process. Who works on what is known in memory only, so that all that a killed process had taken is
 * free in the next one.
 */
export function createJournalQueue(journal: Journal): ProvingQueue {
  const taken = new Set<Hex>();
  // Dropped openings are overwritten in the file.
  journal.read((database) => database.exec("PRAGMA secure_delete = ON"));

  return {
    push: async ({ subject, model, opening }) => {
      const insert = "INSERT INTO provingTasks (subject, model, opening) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
      const text = JSON.stringify(openingToJson(opening));
      journal.write((database) => database.prepare(insert).run(subject, model, text));
    },
    take: async (models) => {
      const task = firstTask(journal, (row) => models.includes(row.model) && !taken.has(row.subject));
      if (task !== undefined) taken.add(task.subject);
      return task;
    },
    finish: async (subject, result) => {
      const values =
        result instanceof Error
          ? [null, null, null, result.message]
          : [JSON.stringify(result.words.map(String)), JSON.stringify(result.proof.map(String)), result.seconds, null];
      const update = `UPDATE provingTasks SET opening = NULL, words = ?, proof = ?, seconds = ?, failure = ?
        WHERE subject = ? AND opening IS NOT NULL`;
      journal.write((database) => database.prepare(update).run(...values, subject));
      taken.delete(subject);
    },
    resultOf: async (subject) => {
      const select = `SELECT words, proof, seconds, failure FROM provingTasks WHERE subject = ? AND opening IS NULL`;
      const row = journal.read((database) => database.prepare(select).get(subject)) as ResultRow | undefined;
      return row && resultFrom(row);
    },
    drop: async (subject) => {
      journal.write((database) => database.prepare("DELETE FROM provingTasks WHERE subject = ?").run(subject));
      taken.delete(subject);
    },
    length: async (model) => {
      const count = `SELECT count(*) AS tasks FROM provingTasks WHERE opening IS NOT NULL AND model = coalesce(?, model)`;
      return Number(journal.read((database) => database.prepare(count).get(model ?? null))!.tasks);
    },
  };
}

function firstTask(journal: Journal, isWanted: (row: TaskRow) => boolean): ProvingTask | undefined {
  const select = "SELECT subject, model, opening FROM provingTasks WHERE opening IS NOT NULL ORDER BY id";
  return journal.read((database) => {
    for (const entry of database.prepare(select).iterate()) {
      const row = entry as unknown as TaskRow;
      if (isWanted(row)) return { ...row, opening: parseOpening(JSON.parse(row.opening)) };
    }
    return undefined;
  });
}

function resultFrom({ words, proof, seconds, failure }: ResultRow): Proven | Error {
  if (failure !== null) return new Error(failure);
  return { words: integersIn(words), proof: integersIn(proof) as unknown as Proof, seconds };
}

const integersIn = (text: string): bigint[] => (JSON.parse(text) as string[]).map(BigInt);
