import { expect } from "chai";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Hex } from "../../src/codec/statement.ts";
import type { AgentChain } from "../../src/agent/agentChain.ts";
import { Journal } from "../../src/agent/journal/journal.ts";
import { type Desk, type JobStatus, type JobView, Refusal } from "../../src/agent/provider/desk.ts";
import { DEFAULT_POLICY, type DeskPolicy } from "../../src/agent/provider/deskPolicy.ts";
import { JOBS_SCHEMA } from "../../src/agent/provider/jobsTable.ts";
import type { Offer } from "../../src/agent/provider/offer.ts";
import { type OpenDesk, openDesk } from "../../src/agent/provider/openDesk.ts";
import type { Proven, ProvingPool, ProvingTask } from "../../src/agent/proving/provingPool.ts";
import type { Intent, Mined, Sender } from "../../src/agent/sender/sender.ts";
import type { FeePolicy } from "../../src/agent/sender/fees.ts";
import { createSender, TRANSACTIONS_SCHEMA } from "../../src/agent/sender/journalSender.ts";
import { createWatch, CURSOR_SCHEMA } from "../../src/agent/watch/journalWatch.ts";
import type { AgentMarket } from "./agentMarket.ts";

/** The provider's sender, which does as a test says before it sends. */
export class HeldSender implements Sender {
  readonly address: Hex;
  /** Set by a test to have something happen before a purpose is sent, or to hold it up. */
  beforeSending: (intent: Intent) => Promise<void> = async () => undefined;
  #sender: Sender | undefined;

  constructor({ provider }: AgentMarket) {
    this.address = provider.address;
  }

  over(market: AgentMarket, journal: Journal): this {
    const { chain, provider: wallet } = market;
    const interfaces = [chain.escrow.interface, chain.prepaid.interface];
    this.#sender = createSender({ chain, wallet, journal, interfaces, fees: FEES, pollMilliseconds: 20 });
    return this;
  }

  async submit(intent: Intent, signal?: AbortSignal): Promise<Mined> {
    const left = new Promise<never>((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
    await Promise.race([this.beforeSending(intent), left]);
    return this.#sender!.submit(intent, signal);
  }

  resume(): Promise<void> {
    return this.#sender!.resume();
  }

  close(): Promise<void> {
    return this.#sender!.close();
  }
}

/** Proves with the dealer's secrets in milliseconds; the proofs pass the real verifier. */
export class MintingPool implements ProvingPool {
  readonly proven: Hex[] = [];
  readonly forgotten: Hex[] = [];
  seconds = 1;
  /** Set by a test to hold proofs up, or to have them fail. */
  beforeProving: (task: ProvingTask) => Promise<void> = async () => undefined;
  readonly #market: AgentMarket;

  constructor(market: AgentMarket) {
    this.#market = market;
  }

  async prove(task: ProvingTask, signal?: AbortSignal): Promise<Proven> {
    const taken = new Promise<never>((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
    await Promise.race([this.beforeProving(task), taken]);
    const inference = this.#market.infer(task.opening);
    this.proven.push(task.subject);
    return { words: inference.words, proof: await this.#market.mint(inference, task.subject), seconds: 0 };
  }

  async forget(subject: Hex): Promise<void> {
    this.forgotten.push(subject);
  }

  async secondsUntilProven(_model?: string, _ahead?: ReadonlyMap<string, number>): Promise<number> {
    return this.seconds;
  }

  async close(): Promise<void> {}
}

/** A provider at work over a journal in a folder of its own. */
export interface DeskAtWork {
  readonly desk: OpenDesk;
  readonly sender: HeldSender;
  readonly pool: MintingPool;
  readonly journal: Journal;
  /** Ends as a kill would: nothing is finished, nothing is lost that was journalled. */
  readonly end: () => Promise<void>;
}

export interface DeskChoices {
  readonly policy?: Partial<DeskPolicy>;
  readonly offers?: readonly Offer[];
  readonly sender?: HeldSender;
  readonly pool?: MintingPool;
  readonly chain?: AgentChain;
}

const QUICK = { confirmations: [{ blocks: 1 }], finalDepth: 3, maxDelaySeconds: 0, blockSeconds: 2 };
const FEES: FeePolicy = { maxFeePerGas: 10n ** 12n, maxPriorityFeePerGas: 10n ** 10n, bumpBlocks: 3, maxBumps: 5 };

/** Opens a desk over the journal in `folder`, fit for a chain that makes a block whenever it is asked to. */
export async function deskOver(folder: string, market: AgentMarket, choices: DeskChoices = {}): Promise<DeskAtWork> {
  const journal = new Journal(join(folder, "journal.sqlite"), [TRANSACTIONS_SCHEMA, CURSOR_SCHEMA, JOBS_SCHEMA]);
  const sender = (choices.sender ?? new HeldSender(market)).over(market, journal);
  await sender.resume();
  const pool = choices.pool ?? new MintingPool(market);
  const chain = choices.chain ?? market.chain;
  const addresses = [String(chain.escrow.target), String(chain.prepaid.target)];
  const desk = await openDesk({
    chain,
    offers: choices.offers ?? [market.offer],
    journal,
    sender,
    watch: createWatch({
      chain,
      journal,
      addresses,
      from: await market.chain.provider.getBlockNumber(),
      pollMilliseconds: 20,
    }),
    pool,
    policy: { ...DEFAULT_POLICY, ...QUICK, ...choices.policy },
  });
  const end = async () => {
    await desk.close();
    await sender.close();
    journal.close();
  };
  return { desk, sender, pool, journal, end };
}

/** Runs `work` with a desk over a new journal. */
export async function withDesk(
  market: AgentMarket,
  choices: DeskChoices,
  work: (atWork: DeskAtWork) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    const atWork = await deskOver(folder, market, choices);
    try {
      await work(atWork);
    } finally {
      await atWork.end();
    }
  });
}

export async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "desk-"));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The first view of a job in one of `statuses`. */
export async function whenIn(desk: Desk, jobId: Hex, ...statuses: JobStatus[]): Promise<JobView> {
  for (let tries = 0; tries < 1000; tries++) {
    const view = desk.job(jobId);
    if (statuses.includes(view.status)) return view;
    await sleep(10);
  }
  const { status, reason } = desk.job(jobId);
  throw new Error(`job ${jobId} is ${status} (${reason}), want ${statuses.join(" or ")}`);
}

/** Expects that the provider signed transactions for these purposes, in this order, and for no others. */
export function expectSent(journal: Journal, ...purposes: string[]): void {
  const rows = journal.read((database) => database.prepare("SELECT purpose FROM transactions ORDER BY nonce").all());
  expect(rows.map(({ purpose }) => purpose)).to.deep.equal(purposes);
}

/** Waits until the desk has seen the chain's newest block. */
export async function whenSeen({ chain }: AgentMarket, desk: Desk): Promise<void> {
  const number = await chain.provider.getBlockNumber();
  while ((await desk.health()).block!.number < number) await sleep(10);
}

/** The code of the refusal that `work` ends with. */
export async function refusalOf(work: Promise<unknown>): Promise<string> {
  const outcome = await work.then(
    () => "nothing was refused",
    (error: unknown) => error,
  );
  if (outcome instanceof Refusal) return outcome.code;
  throw outcome instanceof Error ? outcome : new Error(String(outcome));
}
