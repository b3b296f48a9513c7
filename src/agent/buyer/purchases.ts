import { AbiCoder, keccak256 } from "ethers";
import { z } from "zod";
import { checkSchema } from "../../checkSchema.ts";
import type { Hex, Job } from "../../codec/statement.ts";
import { InputError } from "../../errors.ts";
import type { Proof } from "../../groth16/proof.ts";
import type { Journal } from "../journal/journal.ts";
import type { Opening } from "../serveJob.ts";
import { decimalBelow, jobToJson, openingToJson, parseJob, parseOpening } from "../wireJson.ts";

/** A buyer's tables in its journal. The openings in it are private. */
export const PURCHASES_SCHEMA = `
  CREATE TABLE buyer (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    chain_id TEXT NOT NULL,
    client TEXT NOT NULL
  ) STRICT;
  CREATE TABLE purchases (
    job_id TEXT PRIMARY KEY,
    request TEXT NOT NULL,
    url TEXT NOT NULL,
    model TEXT NOT NULL,
    contract TEXT NOT NULL,
    job TEXT NOT NULL,
    opening TEXT NOT NULL,
    payment TEXT NOT NULL,
    signed_at INTEGER NOT NULL,
    signed_block INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('signed', 'answered', 'paid', 'released')),
    answer TEXT
  ) STRICT;
  CREATE INDEX purchases_request ON purchases (request);
  CREATE INDEX purchases_status ON purchases (status, signed_at);
`;

/**
 * How far a purchase has come. `signed`: the order may have left, and its money may be taken · `answered`: the chain
 * accepts the proof, and the money is still to be taken · `paid`: the contract paid for the words · `released`: nobody
 * can collect the order any more, and nothing was paid.
 */
export type PurchaseStatus = "signed" | "answered" | "paid" | "released";

/** What was bought: the words, and what shows them. */
export interface Answer {
  readonly words: readonly bigint[];
  /** Undefined where the provider kept it back and the words are those that the contract paid for. */
  readonly proof?: Proof;
  /** The transaction that paid; undefined before it is known. */
  readonly transaction?: Hex;
}

/** An order that was signed, with all that is needed to send it again and to understand its answer. */
export interface Purchase {
  readonly jobId: Hex;
  /** What is bought, whoever sells it: `requestOf`. */
  readonly request: Hex;
  readonly url: string;
  readonly model: string;
  readonly contract: Hex;
  readonly job: Job;
  readonly opening: Opening;
  /** The x402 payment payload with the signatures, as JSON. */
  readonly payment: string;
  /** Chain time and number of the block at which it was signed. */
  readonly signedAt: bigint;
  readonly signedBlock: number;
  readonly status: PurchaseStatus;
  readonly answer?: Answer;
}

/** Identifies an inference: the model and the integers that go in. */
export const requestOf = (modelId: bigint, inputs: Opening["inputs"]): Hex =>
  keccak256(AbiCoder.defaultAbiCoder().encode(["uint256", "int256[][]"], [modelId, inputs]));

const Words = z.array(decimalBelow(1n << 253n));
const AnswerJson = z.object({
  words: Words,
  proof: z
    .array(decimalBelow(1n << 256n))
    .length(8)
    .optional(),
  transaction: z.string().optional(),
});

/** The purchases in a buyer's journal. What a method has returned from is on the disk. */
export class Purchases {
  readonly #journal: Journal;

  /** Throws InputError where the journal is of another chain or client: its caps and orders would mean nothing here. */
  constructor(journal: Journal, chainId: bigint, client: Hex) {
    this.#journal = journal;
    const owner = journal.write((database) => {
      database.prepare("INSERT OR IGNORE INTO buyer VALUES (1, ?, ?)").run(String(chainId), client);
      return database.prepare("SELECT chain_id, client FROM buyer").get()!;
    });
    if (owner.chain_id !== String(chainId) || owner.client !== client) {
      throw new InputError(
        `the journal is of ${String(owner.client)} on chain ${String(owner.chain_id)}, want ${client} on chain ${chainId}`,
      );
    }
  }

  /**
   * Adds a signed order, unless the orders of its token that count against the day would come to more than `perDay` with
   * it, or an order for the same inference is under way. Throws InputError then, and nothing is written.
   */
  add(purchase: Purchase, perDay: bigint, again: boolean): void {
    this.#journal.write((database) => {
      this.requireOnly(purchase, purchase.signedAt, again);
      this.requireDay(purchase.job.token, purchase.job.amount, purchase.signedAt, perDay);
      database
        .prepare("INSERT INTO purchases VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)")
        .run(
          purchase.jobId,
          purchase.request,
          purchase.url,
          purchase.model,
          purchase.contract,
          JSON.stringify(jobToJson(purchase.job)),
          JSON.stringify(openingToJson(purchase.opening)),
          purchase.payment,
          purchase.signedAt,
          purchase.signedBlock,
          purchase.status,
        );
    });
  }

  /** Orders of an inference that have no answer yet and can still be collected, the latest first. */
  underWay(request: Hex, now: bigint): Purchase[] {
    return this.ofRequest(request).filter(({ status, job }) => status === "signed" && job.deadline > now);
  }

  /**
   * Throws InputError where an order for this inference is under way: a provider that says no under one address and asks
   * again under the next could collect each order. `again` allows one beside those of other addresses.
   */
  requireOnly({ request, url }: Pick<Purchase, "request" | "url">, now: bigint, again: boolean): void {
    const other = this.underWay(request, now).find((order) => order.url === url || !again);
    if (other === undefined) return;
    const until = new Date(Number(other.job.deadline) * 1000).toISOString();
    throw new InputError(
      `order ${other.jobId} for this input, sent to ${other.url}, can be collected until ${until}; another could cost twice: wait, or say \`again\``,
    );
  }

  /** Throws InputError where an order that is not over is of another contract: nothing here could tell how it stands. */
  requireContracts(contracts: readonly Hex[]): void {
    const foreign = this.open().find(({ contract }) => !contracts.includes(contract));
    if (foreign !== undefined)
      throw new InputError(
        `order ${foreign.jobId} of the journal is of contract ${foreign.contract}, the deployment record has ${contracts.join(" and ")}: want the record that it was signed under, or another journal`,
      );
  }

  /** Throws InputError where another `amount` would exceed the day's cap. */
  requireDay(token: Hex, amount: bigint, now: bigint, perDay: bigint): void {
    const spent = this.spentBefore(token, now);
    if (spent + amount > perDay) {
      throw new InputError(
        `the price ${amount} exceeds the day's cap: ${spent} of ${perDay} are signed for in the last 24 hours`,
      );
    }
  }

  /** Amounts of what was paid for in the 24 hours before `now`, and of all that can still be collected, in base units. */
  spentBefore(token: Hex, now: bigint): bigint {
    return this.refundable(now)
      .filter(({ job }) => job.token === token)
      .reduce((sum, { job }) => sum + job.amount, 0n);
  }

  /** Orders whose money can still be taken, or comes back. */
  open(): Purchase[] {
    return this.#select("status IN ('signed', 'answered')");
  }

  /** Those, and what was paid for in the day before `now`: a reorganisation can undo a payment. */
  refundable(now: bigint): Purchase[] {
    return this.#select("status IN ('signed', 'answered') OR (status = 'paid' AND signed_at > ?)", now - DAY);
  }

  /** Orders of an inference, the latest first. */
  ofRequest(request: Hex): Purchase[] {
    return this.#select("request = ? ORDER BY rowid DESC", request);
  }

  /** Every order that was signed, the first one first. */
  all(): Purchase[] {
    return this.#select("TRUE ORDER BY rowid");
  }

  /** Every token that was ever ordered with. */
  tokens(): Hex[] {
    return [...new Set(this.#select("TRUE").map(({ job }) => job.token))];
  }

  setStatus(jobId: Hex, status: PurchaseStatus, answer?: Answer): void {
    const text = answer === undefined ? null : answerToText(answer);
    this.#journal.write((database) =>
      database
        .prepare("UPDATE purchases SET status = ?, answer = coalesce(?, answer) WHERE job_id = ?")
        .run(status, text, jobId),
    );
  }

  #select(where: string, ...values: (string | bigint)[]): Purchase[] {
    return this.#journal.read((database) =>
      database
        .prepare(`SELECT * FROM purchases WHERE ${where}`)
        .all(...values)
        .map(fromRow),
    );
  }
}

/** Seconds of the window over which the day's cap counts. */
const DAY = 86_400n;

const answerToText = ({ words, proof, transaction }: Answer): string =>
  JSON.stringify({ words: words.map(String), proof: proof?.map(String), transaction });

function fromRow(row: Record<string, unknown>): Purchase {
  const text = (name: string) => row[name] as string;
  return {
    jobId: text("job_id"),
    request: text("request"),
    url: text("url"),
    model: text("model"),
    contract: text("contract"),
    job: parseJob(JSON.parse(text("job"))),
    opening: parseOpening(JSON.parse(text("opening"))),
    payment: text("payment"),
    signedAt: BigInt(row.signed_at as number),
    signedBlock: Number(row.signed_block),
    status: text("status") as PurchaseStatus,
    answer:
      row.answer === null ? undefined : (checkSchema(AnswerJson, JSON.parse(text("answer"))) as unknown as Answer),
  };
}
