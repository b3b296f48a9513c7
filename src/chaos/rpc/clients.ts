import { Refusal, type Desk } from "../../agent/provider/desk.ts";
import type { Hex } from "../../codec/statement.ts";
import type { ChaosMarket } from "../market/chaosMarket.ts";
import type { PlannedOrder } from "../market/plannedOrders.ts";
import { replyOf } from "../chain/nodeRpc.ts";

/**
 * The clients of one run. Each places its order until the provider has confirmed it, and never again after that: what
 * the provider forgets then is lost.
 */
export class Clients {
  readonly #market: ChaosMarket;
  readonly #orders: readonly PlannedOrder[];
  readonly #confirmed = new Set<Hex>();
  readonly #refusals = new Map<Hex, string>();

  constructor(market: ChaosMarket, orders: readonly PlannedOrder[]) {
    this.#market = market;
    this.#orders = orders;
  }

  get areServed(): boolean {
    return this.#confirmed.size === this.#orders.length;
  }

  /** Why an order was not taken the last time it was placed. */
  refusalOf(id: Hex): string | undefined {
    return this.#confirmed.has(id) ? undefined : this.#refusals.get(id);
  }

  /** Places an order, unless it was confirmed. A job that its client opens on chain is placed by delivering its input. */
  async place(desk: Desk, { id, way, order, opening }: PlannedOrder): Promise<void> {
    if (this.#confirmed.has(id)) return;
    try {
      await (way === "openedOnChain" ? desk.deliverInput(id, order.job, opening) : desk.accept(order, opening));
      this.#confirmed.add(id);
    } catch (error) {
      if (error instanceof Refusal && error.code === "input-known") this.#confirmed.add(id);
      this.#refusals.set(id, error instanceof Refusal ? `${error.code}: ${error.message}` : String(error));
    }
  }

  /** Sends the clients' own transactions, again where a branch has lost them. */
  async openJobs(): Promise<void> {
    const { ask, blocks } = this.#market;
    for (const { openTransaction } of this.#orders) {
      if (openTransaction === undefined) continue;
      await blocks.exclusively(() => replyOf(ask, "eth_sendRawTransaction", [openTransaction]));
      blocks.noteRaw(openTransaction);
    }
  }
}
