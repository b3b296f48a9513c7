import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { NonceManager, type Log } from "ethers";
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
import type { ChainWatch, Head } from "../../src/agent/watch/chainWatch.ts";
import type { AgentMarket } from "./agentMarket.ts";

/** Sends with the provider's wallet at once, one transaction after another, and keeps no journal. */
export class WalletSender implements Sender {
  readonly address: Hex;
  /** Purposes of the transactions that were mined, in order. */
  readonly mined: string[] = [];
  /** Set by a test to have something happen just before a purpose is sent, or to hold it up. */
  beforeSending: (intent: Intent) => Promise<void> = async () => undefined;
  readonly #market: AgentMarket;
  #last: Promise<unknown> = Promise.resolve();

  constructor(market: AgentMarket) {
    this.#market = market;
    this.address = market.provider.address;
  }

  submit(intent: Intent, signal?: AbortSignal): Promise<Mined> {
    const left = new Promise<never>((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
    const sending = this.#last.then(async () => {
      await Promise.race([this.beforeSending(intent), left]);
      return this.#send(intent);
    });
    this.#last = sending.catch(() => undefined);
    return sending;
  }

  async #send({ purpose, to, data, value }: Intent): Promise<Mined> {
    const { provider } = this.#market;
    const sent = await new NonceManager(provider).sendTransaction({ to, data, value });
    const receipt = (await sent.wait())!;
    this.mined.push(purpose);
    const { hash, blockNumber, blockHash, gasUsed } = receipt;
    return { hash, blockNumber, blockHash, succeeded: receipt.status === 1, gasUsed };
  }

  async resume(): Promise<void> {}
  async close(): Promise<void> {}
}

/** Follows the chain by asking for its latest block again and again. */
export class PollingWatch implements ChainWatch {
  head: Head | undefined;
  readonly #chain: AgentChain;
  readonly #hashes = new Map<number, Hex>();
  readonly #stopping = new AbortController();
  #polling: Promise<void> | undefined;

  constructor(chain: AgentChain) {
    this.#chain = chain;
  }

  async start(onHead: (head: Head) => Promise<void>): Promise<void> {
    await this.#poll(onHead);
    this.#polling = (async () => {
      while (!this.#stopping.signal.aborted) {
        await sleep(15);
        // A node that fails is asked again.
        await this.#poll(onHead).catch(() => undefined);
      }
    })();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#polling;
  }

  async #poll(onHead: (head: Head) => Promise<void>): Promise<void> {
    const { provider } = this.#chain;
    const block = (await provider.getBlock("latest"))!;
    if (block.hash === this.head?.hash) return;
    const { number, hash, timestamp } = block;
    const last = this.head?.number ?? number - 1;
    const fork = await this.#forkBelow(Math.min(last, number));
    const logs = await this.#logs(fork + 1, number);
    for (let seen = fork + 1; seen <= number; seen++)
      this.#hashes.set(seen, (await provider.getBlock(seen))!.hash as Hex);
    const head: Head = { number, hash: hash!, timestamp: BigInt(timestamp), logs };
    await onHead(fork < last ? { ...head, rewoundTo: fork } : head);
    this.head = head;
  }

  async #forkBelow(number: number): Promise<number> {
    for (let at = number; ; at--) {
      const known = this.#hashes.get(at);
      if (known === undefined || (await this.#chain.provider.getBlock(at))!.hash === known) return at;
    }
  }

  #logs(fromBlock: number, toBlock: number): Promise<Log[]> {
    const address = [String(this.#chain.escrow.target), String(this.#chain.prepaid.target)];
    return this.#chain.provider.getLogs({ address, fromBlock, toBlock });
  }
}

/** Proves with the dealer's secrets in milliseconds; the proofs pass the real verifier. */
export class MintingPool implements ProvingPool {
  readonly proven: Hex[] = [];
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

  async secondsUntilProven(): Promise<number> {
    return this.seconds;
  }

  async close(): Promise<void> {}
}

/** A provider at work over a journal in a folder of its own. */
export interface DeskAtWork {
  readonly desk: OpenDesk;
  readonly sender: WalletSender;
  readonly pool: MintingPool;
  readonly journal: Journal;
  /** Ends as a kill would: nothing is finished, nothing is lost that was journalled. */
  readonly end: () => Promise<void>;
}

export interface DeskChoices {
  readonly policy?: Partial<DeskPolicy>;
  readonly offers?: readonly Offer[];
  readonly sender?: WalletSender;
  readonly pool?: MintingPool;
  readonly chain?: AgentChain;
}

/** Opens a desk over the journal in `folder`, fit for a chain that makes a block whenever it is asked to. */
export async function deskOver(folder: string, market: AgentMarket, choices: DeskChoices = {}): Promise<DeskAtWork> {
  const journal = new Journal(join(folder, "journal.sqlite"), [JOBS_SCHEMA]);
  const sender = choices.sender ?? new WalletSender(market);
  const pool = choices.pool ?? new MintingPool(market);
  const chain = choices.chain ?? market.chain;
  const desk = await openDesk({
    chain,
    offers: choices.offers ?? [market.offer],
    journal,
    sender,
    watch: new PollingWatch(chain),
    pool,
    policy: { ...DEFAULT_POLICY, finalDepth: 3, maxDelaySeconds: 0, blockSeconds: 2, ...choices.policy },
  });
  const end = async () => {
    await desk.close();
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
