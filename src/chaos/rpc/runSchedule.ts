import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { Journal } from "../../agent/journal/journal.ts";
import type { JobView } from "../../agent/provider/desk.ts";
import type { Hex } from "../../codec/statement.ts";
import { type Random, randomOf } from "../../fuzz/random.ts";
import { MAX_REORG } from "../chain/chaosChain.ts";
import { type FaultKind, FaultPlan } from "../chain/faultPlan.ts";
import type { ChaosMarket } from "../market/chaosMarket.ts";
import { judge, type Served } from "../market/judge.ts";
import { readLedger } from "../market/ledger.ts";
import { type PlannedOrder, planOrders } from "../market/plannedOrders.ts";
import {
  type ChaosProvider,
  PROVIDER_SCHEMA,
  type ProviderSettings,
  startProvider,
} from "../provider/chaosProvider.ts";
import { Clients } from "./clients.ts";
import { Payouts } from "./payouts.ts";
import { storm, type Weather } from "./storm.ts";

/** How a provider is started: the real one, or one that is broken on purpose. */
export type Start = (settings: ProviderSettings, rpcUrl: string, journal: Journal) => Promise<ChaosProvider>;

/** One seeded run: what went wrong around the provider, and what it got wrong. */
export interface ScheduleResult {
  readonly seed: number;
  readonly seconds: number;
  readonly orders: number;
  readonly payouts: number;
  readonly restarts: number;
  readonly faults: Readonly<Record<FaultKind, number>>;
  readonly weather: Weather;
  readonly violations: readonly string[];
}

/** Fewest and most events of a storm, and orders placed in it. */
const [MIN_TICKS, MORE_TICKS] = [60, 90];
const [MIN_ORDERS, MORE_ORDERS] = [6, 4];
/** Milliseconds after which what is not over when nothing fails any more is stuck. */
const CALM_LIMIT = 120_000;
const CALM_TICK = 20;
/** Blocks at once where a chain hurries. */
const HURRY = 4;

/** Lets a provider serve orders while its node fails and the chain reorganises, then in calm; and judges the outcome. */
export async function runSchedule(
  market: ChaosMarket,
  seed: number,
  start: Start = startProvider,
): Promise<ScheduleResult> {
  const started = performance.now();
  const run = await ScheduleRun.begin(market, seed, start);
  try {
    const weather = await run.storm();
    await run.calmDown();
    const violations = await run.judge();
    const { orders, payouts, restarts, plan } = run;
    return {
      seed,
      seconds: (performance.now() - started) / 1000,
      orders: orders.length,
      payouts: payouts.count,
      restarts,
      faults: plan.counts,
      weather,
      violations,
    };
  } finally {
    await run.end();
  }
}

class ScheduleRun {
  readonly plan: FaultPlan;
  readonly orders: readonly PlannedOrder[];
  readonly payouts = new Payouts();
  restarts = 0;
  readonly #market: ChaosMarket;
  readonly #random: Random;
  readonly #before: ReadonlyMap<string, bigint>;
  readonly #clients: Clients;
  readonly #folder: string;
  readonly #start: Start;
  readonly #url: string;
  #journal: Journal;
  #provider: ChaosProvider | undefined;
  #starting: Promise<void> | undefined;
  readonly #placing = new Set<Promise<void>>();

  private constructor(
    market: ChaosMarket,
    random: Random,
    plan: FaultPlan,
    before: ReadonlyMap<string, bigint>,
    orders: readonly PlannedOrder[],
    folder: string,
    start: Start,
  ) {
    this.plan = plan;
    this.orders = orders;
    this.#market = market;
    this.#random = random;
    this.#before = before;
    this.#clients = new Clients(market, orders, random.below(MIN_TICKS));
    this.#folder = folder;
    this.#start = start;
    this.#url = market.proxy.begin(plan);
    this.#journal = this.#openJournal();
  }

  static async begin(market: ChaosMarket, seed: number, start: Start): Promise<ScheduleRun> {
    await market.blocks.reset();
    const random = randomOf(seed);
    const orders = await planOrders(market, MIN_ORDERS + random.below(MORE_ORDERS), random);
    const folder = await mkdtemp(join(tmpdir(), "tollgate-chaos-"));
    return new ScheduleRun(market, random, new FaultPlan(seed), await readLedger(market), orders, folder, start);
  }

  /** The provider starts in calm: most storms should find it at work. */
  async storm(): Promise<Weather> {
    const random = this.#random;
    this.#ensureStarted();
    await this.#starting;
    this.plan.active = true;
    const { orders } = this;
    const ticks = MIN_TICKS + random.below(MORE_TICKS);
    const placedAt = orders.map(() => random.below(ticks));
    const restartsAt = random.pick([undefined, random.below(ticks)]);
    const paysOutIn = 10 + random.below(20);
    return storm(this.#market.blocks, random, ticks, async (tick) => {
      if (tick === restartsAt) await this.#restart();
      this.#ensureStarted();
      if (tick % 4 === 0) await this.#clients.sendOwn(tick);
      this.#place(orders.filter((_, index) => placedAt[index] <= tick && (tick - placedAt[index]) % 10 === 0));
      if (random.oneIn(paysOutIn) && this.#provider !== undefined)
        this.payouts.submit(this.#provider.sender, this.#market.offer.token);
    });
  }

  /** Nothing fails any more; blocks come until every order is over, as deep as a reorganisation may reach. */
  async calmDown(): Promise<void> {
    this.plan.active = false;
    if (this.#random.oneIn(2)) await this.#restart();
    const limit = performance.now() + CALM_LIMIT;
    let deepened = 0;
    for (let tick = 0; performance.now() < limit; ++tick) {
      this.#ensureStarted();
      if (tick % 10 === 0) {
        await this.#clients.sendOwn(Infinity);
        this.#place(this.orders);
      }
      if (this.#isOver()) break;
      // What is paid is made final soon; otherwise there are no more blocks than the provider can follow.
      const hurries = deepened < MAX_REORG && this.#areAll("settled", "final", "closed", "unknown");
      if (hurries) deepened += HURRY;
      if (hurries || tick % 5 === 0) await this.#market.blocks.mine(hurries ? HURRY : 1);
      await sleep(CALM_TICK);
    }
    await Promise.all(this.#placing);
  }

  async judge(): Promise<string[]> {
    const served = this.orders.map((order) => this.#servedOf(order));
    const { flaws, entries } = await this.payouts.judge(this.#market);
    return [...flaws, ...(await judge(this.#market, this.#before, served, entries))];
  }

  async end(): Promise<void> {
    await this.#starting?.catch(() => undefined);
    await this.#provider?.close();
    this.#journal.close();
    await rm(this.#folder, { recursive: true });
  }

  #openJournal(): Journal {
    return new Journal(join(this.#folder, "provider.sqlite"), PROVIDER_SCHEMA);
  }

  async #restart(): Promise<void> {
    if (this.#provider === undefined) return;
    await this.#provider.close();
    await Promise.all(this.#placing);
    this.#provider = undefined;
    this.#journal.close();
    this.#journal = this.#openJournal();
    this.restarts += 1;
  }

  /** A provider whose node fails while it starts is started again. */
  #ensureStarted(): void {
    if (this.#provider !== undefined || this.#starting !== undefined) return;
    const { record, offer, trapdoor, parties, keyOf } = this.#market;
    const settings = { record, offer, trapdoor, privateKey: keyOf(parties.provider), finalDepth: MAX_REORG + 1 };
    const starting = this.#start(settings, this.#url, this.#journal);
    this.#starting = starting
      .then((provider) => void (this.#provider = provider))
      .catch(() => undefined)
      .finally(() => void (this.#starting = undefined));
  }

  #place(orders: readonly PlannedOrder[]): void {
    const desk = this.#provider?.desk;
    if (desk === undefined) return;
    for (const order of orders) {
      const placing = this.#clients.place(desk, order).finally(() => this.#placing.delete(placing));
      this.#placing.add(placing);
    }
  }

  #isOver(): boolean {
    // What the provider has confirmed and does not know any more will not come back.
    if (this.#provider === undefined || !this.#clients.areServed || this.payouts.underWay > 0) return false;
    return this.#areAll("final", "closed", "unknown");
  }

  #areAll(...statuses: readonly string[]): boolean {
    return this.orders.every(({ id }) => statuses.includes(this.#viewOf(id)?.status ?? "unknown"));
  }

  #viewOf(id: Hex): JobView | undefined {
    try {
      return this.#provider?.desk.job(id);
    } catch {
      return undefined;
    }
  }

  #servedOf({ id, way, order }: PlannedOrder): Served {
    return { id, way, job: order.job, view: this.#viewOf(id), refusal: this.#clients.refusalOf(id) };
  }
}
