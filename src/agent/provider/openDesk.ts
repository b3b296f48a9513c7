import { getAddress } from "ethers";
import pino from "pino";
import type { Hex, Job } from "../../codec/statement.ts";
import type { AgentChain } from "../agentChain.ts";
import type { Journal } from "../journal/journal.ts";
import { idOfOrder, type Order } from "../order.ts";
import type { ProvingPool } from "../proving/provingPool.ts";
import type { Sender } from "../sender/sender.ts";
import type { Opening } from "../serveJob.ts";
import type { ChainWatch, Head } from "../watch/chainWatch.ts";
import { JobDriver } from "./advanceJob.ts";
import { Certainty } from "./certainty.ts";
import { ChainClock } from "./chainClock.ts";
import { ChainEvents } from "./chainEvents.ts";
import { checkOrder } from "./checkOrder.ts";
import type { Desk, Health, JobView } from "./desk.ts";
import type { DeskContext, DeskLogger } from "./deskContext.ts";
import { checkPolicy, type DeskPolicy } from "./deskPolicy.ts";
import { JobFeed } from "./jobFeed.ts";
import { JobsTable } from "./jobsTable.ts";
import { readingChain } from "./nodeErrors.ts";
import type { Offer } from "./offer.ts";
import { takeInput } from "./takeInput.ts";
import { canonical, takeOrder } from "./takeOrder.ts";

/** What a desk is made of; the caller closes these after the desk, but for the watch. */
export interface DeskParts {
  readonly chain: AgentChain;
  readonly offers: readonly Offer[];
  /** Open, with `JOBS_SCHEMA` among its schema. */
  readonly journal: Journal;
  readonly sender: Sender;
  /** Not started yet: the desk starts and stops it. */
  readonly watch: ChainWatch;
  readonly pool: ProvingPool;
  readonly policy: DeskPolicy;
  readonly logger?: DeskLogger;
}

export interface OpenDesk extends Desk {
  /** Takes nothing more and stops. What is under way is found in the journal by the next desk. */
  close(): Promise<void>;
}

/** Opens a provider's desk over its journal and goes on with every job that is not over. Throws InputError on a policy. */
export async function openDesk(parts: DeskParts): Promise<OpenDesk> {
  checkPolicy(parts.policy);
  const desk = new ProviderDesk(parts);
  await desk.start();
  return desk;
}

class ProviderDesk implements OpenDesk {
  readonly provider: Hex;
  readonly chainId: bigint;
  readonly offers: readonly Offer[];
  readonly #context: DeskContext;
  readonly #feed: JobFeed;
  readonly #driver: JobDriver;
  readonly #events: ChainEvents;
  readonly #clock = new ChainClock();
  readonly #closing = new AbortController();
  readonly #watch: ChainWatch;
  #scan: NodeJS.Timeout | undefined;

  constructor({ chain, offers, journal, sender, watch, pool, policy, logger }: DeskParts) {
    this.provider = getAddress(sender.address);
    this.chainId = chain.chainId;
    this.offers = offers;
    this.#watch = watch;
    const now = () => this.#clock.head.timestamp;
    const jobs = new JobsTable(journal, chain.chainId, this.provider, now, (id) => this.#feed.changed(id));
    this.#feed = new JobFeed((id) => jobs.find(id));
    const byModel = new Map(offers.map((offer) => [offer.modelId, offer]));
    const log = logger ?? pino({ enabled: false });
    const what = {
      chain,
      provider: this.provider,
      offers: byModel,
      jobs,
      clock: this.#clock,
      certainty: new Certainty(),
    };
    this.#context = { ...what, sender, pool, policy, log, closing: this.#closing.signal };
    this.#driver = new JobDriver(this.#context);
    this.#events = new ChainEvents(this.#context, (id) => this.#driver.wake(id));
  }

  /** Returns once the first head was seen, or the watch could not wait for it. */
  async start(): Promise<void> {
    const firstHead = new Promise<void>((resolve) => {
      const started = this.#watch.start(async (head) => {
        this.#onHead(head);
        resolve();
      });
      started.then(resolve, (error: Error) => {
        this.#context.log.error({ error: error.message }, "the chain cannot be watched");
        resolve();
      });
    });
    await firstHead;
    this.#scan = setInterval(() => this.#lookAtAll(), this.#context.policy.scanSeconds * 1000);
  }

  async close(): Promise<void> {
    clearInterval(this.#scan);
    this.#closing.abort(new DOMException("the desk closes", "AbortError"));
    await this.#watch.stop();
    await this.#driver.close();
  }

  check(order: Order): Promise<void> {
    return readingChain(async () => {
      const asked = canonical(order);
      if (this.#context.jobs.find(this.#idOf(asked)) === undefined) await checkOrder(this.#context, asked);
    });
  }

  async accept(order: Order, opening: Opening): Promise<JobView> {
    const asked = canonical(order);
    const id = this.#idOf(asked);
    const known = this.#context.jobs.find(id);
    if (known?.status === "waiting") return this.deliverInput(id, undefined, opening);
    if (known === undefined) await readingChain(() => takeOrder(this.#context, asked, opening));
    this.#driver.wake(id);
    return this.job(id);
  }

  async deliverInput(jobId: Hex, job: Job | undefined, opening: Opening): Promise<JobView> {
    await readingChain(() => takeInput(this.#context, jobId, job, opening));
    this.#driver.wake(jobId);
    return this.job(jobId);
  }

  job(jobId: Hex): JobView {
    return this.#feed.view(jobId);
  }

  result(jobId: Hex, milliseconds: number, signal?: AbortSignal): Promise<JobView> {
    return this.#feed.result(jobId, milliseconds, signal);
  }

  follow(jobId: Hex, signal: AbortSignal): AsyncIterable<JobView> {
    return this.#feed.follow(jobId, signal);
  }

  async health(): Promise<Health> {
    const { chain, jobs } = this.#context;
    const counts = jobs.countByStatus();
    const state = { jobs: counts, proving: this.#driver.proving };
    const head = this.#clock.hasStarted ? this.#clock.head : undefined;
    const block = head && { number: head.number, timestamp: head.timestamp };
    try {
      const balance = await chain.provider.getBalance(this.provider);
      return { ok: block !== undefined && balance > 0n, ...state, ...(block && { block }), balance };
    } catch {
      return { ok: false, ...state, ...(block && { block }) };
    }
  }

  #idOf(order: Order): Hex {
    return idOfOrder(order, this.chainId);
  }

  #onHead(head: Head): void {
    const isFirst = !this.#clock.hasStarted;
    this.#clock.see(head);
    this.#events.onHead(head);
    this.#driver.onHead();
    if (isFirst) this.#lookAtAll();
  }

  #lookAtAll(): void {
    this.#context.jobs.watched().forEach(({ id }) => this.#driver.wake(id));
  }
}
