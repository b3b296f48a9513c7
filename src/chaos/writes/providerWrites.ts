import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { randomOf } from "../../fuzz/random.ts";
import type { Hex } from "../../codec/statement.ts";
import type { JobView } from "../../agent/provider/desk.ts";
import type { ChaosMarket } from "../market/chaosMarket.ts";
import { judge, type Served } from "../market/judge.ts";
import { readLedger } from "../market/ledger.ts";
import { type PlannedOrder, HONEST_WAYS, planOrders } from "../market/plannedOrders.ts";
import { sendOwn } from "../rpc/clients.ts";
import { runToEnd, type Program } from "./crashRun.ts";
import type { ProviderMessage, ProviderTask } from "./providerProcess.ts";
import type { SabotagePlan } from "./sabotagedJournal.ts";

/** What became of one run with a sabotaged journal. */
export interface WriteRun {
  /** Writes of the process that came to the end. */
  readonly writes: number;
  readonly restarts: number;
  readonly violations: readonly string[];
}

/** Depth from which payments are final: here nothing reorganises, and few blocks make few writes. */
export const FINAL_DEPTH = 2;
/** Milliseconds between two looks for transactions that wait for a block, and looks after which one comes anyway. */
const MINE_TICK = 10;
const IDLE_TICKS = 15;

/** Has a provider of its own process serve one order of each way, while a write of its journal goes wrong. */
export async function sabotageProvider(market: ChaosMarket, plan: SabotagePlan | undefined): Promise<WriteRun> {
  await market.blocks.reset();
  const orders = await planOrders(market, HONEST_WAYS.length, randomOf(1));
  const before = await readLedger(market);
  const folder = await mkdtemp(join(tmpdir(), "tollgate-writes-"));
  const stopMining = mineWhenAsked(market);
  try {
    await sendOwn(market, orders);
    const { result, restarts } = await runToEnd(programOf(market, orders, folder), plan);
    await stopMining();
    const served = orders.map((order) => servedOf(order, result.views));
    return { writes: result.writes, restarts, violations: await judge(market, before, served, []) };
  } catch (error) {
    return { writes: 0, restarts: 0, violations: [(error as Error).message] };
  } finally {
    await stopMining();
    await rm(folder, { recursive: true });
  }
}

type Ended = Extract<ProviderMessage, { views: unknown }>;

function programOf(
  { proxy, record, offer, trapdoor, parties, keyOf }: ChaosMarket,
  orders: readonly PlannedOrder[],
  folder: string,
): Program<ProviderMessage, Ended> {
  const confirmed = new Set<Hex>();
  const privateKey = keyOf(parties.provider);
  const journalPath = join(folder, "provider.sqlite");
  const fixed = { settings: { record, offer, trapdoor, privateKey, finalDepth: FINAL_DEPTH }, journalPath };
  return {
    module: "src/chaos/writes/providerProcess.ts",
    journalPath,
    // Each process has a path of its own to the node, so that nothing of the one before still arrives.
    task: (plan): ProviderTask => ({
      ...fixed,
      plan,
      rpcUrl: proxy.begin(),
      orders: orders.filter(({ id }) => !confirmed.has(id)),
      all: orders.map(({ id }) => id),
    }),
    onMessage: (message) => {
      if ("views" in message) return message;
      confirmed.add(message.confirmed);
      return undefined;
    },
  };
}

const servedOf = ({ id, way, order }: PlannedOrder, views: readonly JobView[]): Served => ({
  id,
  way,
  job: order.job,
  view: views.find(({ jobId }) => jobId === id),
});

/** Makes a block wherever a transaction waits for one, and one now and then. */
export function mineWhenAsked({ ask, blocks }: ChaosMarket): () => Promise<void> {
  let isOver = false;
  const mining = (async () => {
    for (let tick = 1; !isOver; ++tick) {
      const waiting = (await ask("eth_pendingTransactions")) as readonly unknown[];
      if (waiting.length > 0 || tick % IDLE_TICKS === 0) await blocks.mine();
      await sleep(MINE_TICK);
    }
  })();
  return async () => {
    isOver = true;
    await mining;
  };
}
