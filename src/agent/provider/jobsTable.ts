import type { DatabaseSync, SQLInputValue, SQLOutputValue } from "node:sqlite";
import type { Hex, Job } from "../../codec/statement.ts";
import type { Proof } from "../../groth16/proof.ts";
import type { Journal } from "../journal/journal.ts";
import type { Order } from "../order.ts";
import type { Opening } from "../serveJob.ts";
import { jobToJson, openingToJson, parseJob, parseOpening } from "../wireJson.ts";
import type { JobStatus } from "./desk.ts";

/** Jobs and orders that the provider took on. One nonce of a pair and contract is one row, so it is served once. */
export const JOBS_SCHEMA = `
  CREATE TABLE jobs (
    chain TEXT NOT NULL,
    contract TEXT NOT NULL,
    id TEXT NOT NULL,
    client TEXT NOT NULL,
    provider TEXT NOT NULL,
    nonce TEXT NOT NULL,
    terms TEXT NOT NULL,
    signature TEXT NOT NULL,
    funding_data TEXT NOT NULL,
    offer TEXT NOT NULL,
    origin TEXT NOT NULL CHECK (origin IN ('http', 'chain')),
    status TEXT NOT NULL,
    opening TEXT,
    words TEXT,
    proof TEXT,
    batch TEXT,
    opened TEXT,
    settled TEXT,
    given_up TEXT,
    reason TEXT,
    over INTEGER NOT NULL DEFAULT 0,
    revision INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL,
    created_block INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    PRIMARY KEY (chain, contract, id),
    UNIQUE (chain, contract, client, provider, nonce)
  ) STRICT;
  CREATE UNIQUE INDEX jobs_by_id ON jobs (chain, id);
  CREATE INDEX jobs_not_over ON jobs (status) WHERE over = 0;
  CREATE INDEX jobs_by_batch ON jobs (batch) WHERE batch IS NOT NULL;
`;

/** Where a transaction was mined. */
export interface Place {
  readonly transaction: Hex;
  readonly blockNumber: number;
  readonly blockHash: Hex;
}

/** What changes of a job in its life; `undefined` where there is none. */
export interface JobProgress {
  readonly status: JobStatus;
  /** Private; deleted once the job is over. */
  readonly opening: Opening | undefined;
  readonly words: readonly bigint[] | undefined;
  readonly proof: Proof | undefined;
  /** Purpose of the settlement that is under way, journalled before it is sent. */
  readonly batch: string | undefined;
  readonly opened: Place | undefined;
  readonly settled: Place | undefined;
  /** Why the provider wants it to end without a payment. */
  readonly givenUp: string | undefined;
  /** Why it ended without a payment. */
  readonly reason: string | undefined;
  /** Nothing that a chain does can change it any more. */
  readonly over: boolean;
}

/** A job as the journal has it. */
export interface JobRow extends Order, JobProgress {
  readonly id: Hex;
  /** Name of the offer. */
  readonly offer: string;
  readonly origin: "http" | "chain";
  /** Number of the newest block when it came. */
  readonly createdBlock: number;
  /** Rises with each change: what was decided on an older one is decided again. */
  readonly revision: number;
}

/** A job that nothing was done for yet and whose input is still to come. */
export const newRow = (
  id: Hex,
  order: Order,
  offer: string,
  origin: JobRow["origin"],
  createdBlock: number,
): JobRow => ({
  ...order,
  createdBlock,
  id,
  offer,
  origin,
  status: "waiting",
  opening: undefined,
  words: undefined,
  proof: undefined,
  batch: undefined,
  opened: undefined,
  settled: undefined,
  givenUp: undefined,
  reason: undefined,
  over: false,
  revision: 0,
});

const asJson = (value: unknown): SQLInputValue => (value === undefined ? null : JSON.stringify(value));
const asText = (value: unknown): SQLInputValue => (value === undefined ? null : String(value));
const integers = (values: readonly bigint[] | undefined): string[] | undefined => values?.map(String);

/** Column of each part of a job's progress, and how it is written. */
const COLUMNS: { [Part in keyof JobProgress]: [string, (value: JobProgress[Part]) => SQLInputValue] } = {
  status: ["status", asText],
  opening: ["opening", (opening) => asJson(opening && openingToJson(opening))],
  words: ["words", (words) => asJson(integers(words))],
  proof: ["proof", (proof) => asJson(integers(proof))],
  batch: ["batch", asText],
  opened: ["opened", asJson],
  settled: ["settled", asJson],
  givenUp: ["given_up", asText],
  reason: ["reason", asText],
  over: ["over", Number],
};

/** The provider's jobs on one chain, in the journal. */
export class JobsTable {
  readonly #journal: Journal;
  readonly #chain: string;
  readonly #provider: Hex;
  readonly #now: () => bigint;
  readonly #onChange: (id: Hex) => void;

  /** `now` is the chain's time; `onChange` is called after each write. */
  constructor(journal: Journal, chainId: bigint, provider: Hex, now: () => bigint, onChange: (id: Hex) => void) {
    this.#journal = journal;
    this.#chain = String(chainId);
    this.#provider = provider;
    this.#now = now;
    this.#onChange = onChange;
  }

  find(id: Hex): JobRow | undefined {
    return this.#rows("id = ?", id)[0];
  }

  /** The job that took a client's nonce in one of the contracts. */
  findNonce({ contract, job }: Pick<Order, "contract" | "job">): JobRow | undefined {
    return this.#rows("contract = ? AND client = ? AND nonce = ?", contract, job.client, String(job.nonce))[0];
  }

  /** Jobs that a reorganisation could still change, oldest first. */
  notOver(): JobRow[] {
    return this.#rows("over = 0");
  }

  /** What a look at each new block needs of them. */
  watched(): { id: Hex; status: JobStatus; settled: Place | undefined }[] {
    const sql = "SELECT id, status, settled FROM jobs WHERE chain = ? AND provider = ? AND over = 0 ORDER BY rowid";
    return this.#journal
      .read((database) => database.prepare(sql).all(this.#chain, this.#provider))
      .map(({ id, status, settled }) => ({
        id: String(id),
        status: status as JobStatus,
        settled: parsed<Place>(settled),
      }));
  }

  /** The same of one client in one contract. */
  notOverOf(contract: Hex, client: Hex): JobRow[] {
    return this.#rows("over = 0 AND contract = ? AND client = ?", contract, client);
  }

  inBatch(batch: string): JobRow[] {
    return this.#rows("batch = ?", batch);
  }

  /** Jobs by status that are not over, of one client or of all. */
  countByStatus(client?: Hex): Partial<Record<JobStatus, number>> {
    const [where, values] = client === undefined ? ["", []] : [" AND client = ?", [client]];
    const sql = `SELECT status, count(*) AS count FROM jobs
      WHERE chain = ? AND provider = ? AND over = 0${where} GROUP BY status`;
    const counts = this.#journal.read((database) => database.prepare(sql).all(this.#chain, this.#provider, ...values));
    return Object.fromEntries(counts.map(({ status, count }) => [status, Number(count)]));
  }

  /** Jobs by offer that are still to be proven and wait for their deposit. */
  countAccepted(): Map<string, number> {
    const sql = `SELECT offer, count(*) AS count FROM jobs
      WHERE chain = ? AND provider = ? AND over = 0 AND status = 'accepted' GROUP BY offer`;
    const counts = this.#journal.read((database) => database.prepare(sql).all(this.#chain, this.#provider));
    return new Map(counts.map(({ offer, count }) => [String(offer), Number(count)]));
  }

  /** Journals a new job where `guard`, which sees the jobs as they are in the same transaction, lets it. */
  insert(row: JobRow, guard: () => boolean = () => true): void {
    this.#journal.write((database) => guard() && this.#insert(database, row));
    this.#onChange(row.id);
  }

  update(id: Hex, changes: Partial<JobProgress>, guard: () => boolean = () => true): void {
    this.updateAll([id], changes, guard);
  }

  /** Makes the same changes to several jobs in one transaction. */
  updateAll(ids: readonly Hex[], changes: Partial<JobProgress>, guard: () => boolean = () => true): void {
    const { names, values } = assignments(changes);
    const sql = `UPDATE jobs SET ${names.map((name) => `${name} = ?`).join(", ")}, changed = ?, revision = revision + 1 WHERE chain = ? AND id = ?`;
    this.#journal.write((database) => {
      if (!guard()) return;
      const update = database.prepare(sql);
      for (const id of ids) update.run(...values, Number(this.#now()), this.#chain, id);
    });
    ids.forEach((id) => this.#onChange(id));
  }

  #insert(database: DatabaseSync, row: JobRow): void {
    const { client, provider, nonce } = row.job;
    const { names, values } = assignments(row);
    const now = Number(this.#now());
    const terms = JSON.stringify(jobToJson(row.job));
    const fixed = [this.#chain, row.contract, row.id, client, provider, String(nonce), terms];
    const order = [row.signature, row.fundingData, row.offer, row.origin, now, row.createdBlock, now];
    const all = [...fixed, ...order, ...values];
    database
      .prepare(
        `INSERT INTO jobs (chain, contract, id, client, provider, nonce, terms, signature, funding_data, offer, origin,
          created, created_block, changed, ${names.join(", ")}) VALUES (${all.map(() => "?").join(", ")})`,
      )
      .run(...all);
  }

  #rows(where: string, ...values: SQLInputValue[]): JobRow[] {
    const sql = `SELECT * FROM jobs WHERE chain = ? AND provider = ? AND ${where} ORDER BY rowid`;
    return this.#journal.read((database) =>
      database
        .prepare(sql)
        .all(this.#chain, this.#provider, ...values)
        .map(toRow),
    );
  }
}

function assignments(changes: Partial<JobProgress>): { names: string[]; values: SQLInputValue[] } {
  const parts = (Object.keys(COLUMNS) as (keyof JobProgress)[]).filter((part) => part in changes);
  return {
    names: parts.map((part) => COLUMNS[part][0]),
    values: parts.map((part) => (COLUMNS[part][1] as (value: unknown) => SQLInputValue)(changes[part])),
  };
}

const parsed = <Type>(value: SQLOutputValue): Type | undefined =>
  value === null ? undefined : (JSON.parse(String(value)) as Type);
const textOf = (value: SQLOutputValue): string | undefined => (value === null ? undefined : String(value));
const bigintsOf = (value: SQLOutputValue): bigint[] | undefined => parsed<string[]>(value)?.map(BigInt);

const toRow = (columns: Record<string, SQLOutputValue>): JobRow => ({
  id: String(columns.id),
  contract: String(columns.contract),
  job: parseJob(parsed(columns.terms)) as Job,
  signature: String(columns.signature),
  fundingData: String(columns.funding_data),
  offer: String(columns.offer),
  origin: columns.origin as JobRow["origin"],
  status: columns.status as JobStatus,
  opening: columns.opening === null ? undefined : parseOpening(parsed(columns.opening)),
  words: bigintsOf(columns.words),
  proof: bigintsOf(columns.proof) as Proof | undefined,
  batch: textOf(columns.batch),
  opened: parsed<Place>(columns.opened),
  settled: parsed<Place>(columns.settled),
  givenUp: textOf(columns.given_up),
  reason: textOf(columns.reason),
  over: columns.over === 1,
  createdBlock: Number(columns.created_block),
  revision: Number(columns.revision),
});
