/** Process of a provider whose journal is sabotaged: serves the orders that it is given, and says when all are over. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Hex } from "../../codec/statement.ts";
import type { JobView } from "../../agent/provider/desk.ts";
import type { PlannedOrder } from "../market/plannedOrders.ts";
import { PROVIDER_SCHEMA, type ProviderSettings, startProvider } from "../provider/chaosProvider.ts";
import { placeOrder } from "../rpc/clients.ts";
import { openSabotaged, type SabotagePlan } from "./sabotagedJournal.ts";

/** What the process is told once. */
export interface ProviderTask {
  readonly settings: ProviderSettings;
  readonly rpcUrl: string;
  readonly journalPath: string;
  readonly plan: SabotagePlan | undefined;
  /** Orders that their clients still place. */
  readonly orders: readonly PlannedOrder[];
  /** Ids of all that must come to an end. */
  readonly all: readonly Hex[];
}

/** What it says: that an order is confirmed to its client; and at the end how all ended, after so many writes. */
export type ProviderMessage =
  | { readonly confirmed: Hex }
  | { readonly views: readonly JobView[]; readonly missing: readonly Hex[]; readonly writes: number };

const RETRY = 25;

process.once("message", (task: ProviderTask) => void serve(task));
process.on("disconnect", () => process.exit());

async function serve({ settings, rpcUrl, journalPath, plan, orders, all }: ProviderTask): Promise<void> {
  let writes = 0;
  const journal = openSabotaged(journalPath, PROVIDER_SCHEMA, plan, (write) => (writes = write));
  const { desk } = await startProvider(settings, rpcUrl, journal);
  await Promise.all(
    orders.map(async (order) => {
      while ((await placeOrder(desk, order)) !== undefined) await sleep(RETRY);
      process.send!({ confirmed: order.id });
    }),
  );
  for (;;) {
    const views = all.map((id) => viewOf(desk, id));
    const known = views.filter((view) => view !== undefined);
    if (known.every(({ status }) => status === "final" || status === "closed")) {
      const missing = all.filter((_, index) => views[index] === undefined);
      return void process.send!({ views: known, missing, writes });
    }
    await sleep(RETRY);
  }
}

function viewOf(desk: { job: (id: Hex) => JobView }, id: Hex): JobView | undefined {
  try {
    return desk.job(id);
  } catch {
    return undefined;
  }
}
