import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { setTimeout as sleep } from "node:timers/promises";
import type { PurchaseRequest } from "../../agent/buyer/buyer.ts";
import { listen } from "../../agent/http/listen.ts";
import { providerMetrics } from "../../agent/http/metrics.ts";
import { providerApp } from "../../agent/http/providerApp.ts";
import { Journal } from "../../agent/journal/journal.ts";
import { TRANSFER_METHODS, type TransferMethod } from "../../agent/order.ts";
import { type ChaosMarket, PRICE } from "../market/chaosMarket.ts";
import { judge, type Served } from "../market/judge.ts";
import { readLedger } from "../market/ledger.ts";
import { type ChaosProvider, PROVIDER_SCHEMA, startProvider } from "../provider/chaosProvider.ts";
import type { BuyerMessage, BuyerTask } from "./buyerProcess.ts";
import { runToEnd, type Program } from "./crashRun.ts";
import { FINAL_DEPTH, mineWhenAsked, type WriteRun } from "./providerWrites.ts";
import type { SabotagePlan } from "./sabotagedJournal.ts";

const METHODS = Object.keys(TRANSFER_METHODS) as TransferMethod[];
/** Seconds that an order lives: long enough for a buyer that is started again. */
const DEADLINE = 3_600;
const PER_DAY = 100n * PRICE;
const LOOK_AGAIN = 20;

/** Has a buyer of its own process buy in each way from an honest provider, while a write of its journal goes wrong. */
export async function sabotageBuyer(market: ChaosMarket, plan: SabotagePlan | undefined): Promise<WriteRun> {
  await market.blocks.reset();
  const before = await readLedger(market);
  const folder = await mkdtemp(join(tmpdir(), "tollgate-writes-"));
  const stopMining = mineWhenAsked(market);
  const shop = await openShop(market, folder);
  try {
    const { result, restarts } = await runToEnd(programOf(market, shop.url, folder), plan);
    const served = await servedBy(shop.provider, result);
    await stopMining();
    const violations = [...flawsOf(result), ...(await judge(market, before, served, []))];
    return { writes: result.writes, restarts, violations };
  } catch (error) {
    return { writes: 0, restarts: 0, violations: [(error as Error).message] };
  } finally {
    await stopMining();
    await shop.close();
    await rm(folder, { recursive: true });
  }
}

interface Shop {
  readonly url: string;
  readonly provider: ChaosProvider;
  readonly close: () => Promise<void>;
}

/** A provider in this process, over HTTP. */
async function openShop(
  { proxy, record, offer, trapdoor, parties, keyOf }: ChaosMarket,
  folder: string,
): Promise<Shop> {
  const journal = new Journal(join(folder, "provider.sqlite"), PROVIDER_SCHEMA);
  const settings = { record, offer, trapdoor, privateKey: keyOf(parties.provider), finalDepth: FINAL_DEPTH };
  const provider = await startProvider(settings, proxy.direct, journal);
  const metrics = providerMetrics();
  const app = providerApp(provider.desk, { record, version: "chaos", log: pino({ enabled: false }), metrics });
  const { url, close } = await listen(app, { host: "127.0.0.1", port: 0 });
  return {
    url,
    provider,
    close: async () => {
      await close();
      await provider.close();
      journal.close();
    },
  };
}

function programOf(
  { proxy, record, offer, parties, keyOf, rows }: ChaosMarket,
  url: string,
  folder: string,
): Program<BuyerMessage, BuyerMessage> {
  const journalPath = join(folder, "buyer.sqlite");
  const requests = METHODS.map((method, index): PurchaseRequest => ({
    url,
    model: offer.name,
    input: [rows[index]],
    maxPrice: PRICE,
    deadline: DEADLINE,
    method,
  }));
  const privateKey = keyOf(parties.clients[0]);
  const fixed = { record, token: offer.token, perDay: PER_DAY, privateKey, journalPath, requests };
  return {
    module: "src/chaos/writes/buyerProcess.ts",
    journalPath,
    task: (plan): BuyerTask => ({ ...fixed, plan, rpcUrl: proxy.direct }),
    onMessage: (message) => message,
  };
}

/** A buyer orders each inference once, and knows that its money moved. */
function flawsOf({ purchases }: BuyerMessage): string[] {
  const flaws = purchases.filter(({ status }) => status !== "paid" && status !== "answered");
  return [
    ...(purchases.length === METHODS.length ? [] : [`${purchases.length} orders, want ${METHODS.length}`]),
    ...flaws.map(({ jobId, status }) => `${jobId}: ${status} in the buyer's journal`),
  ];
}

/** What the provider has of the buyer's orders, once all are over. */
async function servedBy({ desk }: ChaosProvider, { purchases }: BuyerMessage): Promise<Served[]> {
  for (;;) {
    const served = purchases.map(({ jobId, job }) => ({ id: jobId, way: "bought", job, view: desk.job(jobId) }));
    if (served.every(({ view }) => view.status === "final" || view.status === "closed")) return served;
    await sleep(LOOK_AGAIN);
  }
}
