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
  /** Tick from which on clients revoke what they revoke. */
  readonly #revokesAt: number;

  constructor(market: ChaosMarket, orders: readonly PlannedOrder[], revokesAt: number) {
    this.#revokesAt = revokesAt;
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

  /** Places an order, unless it was confirmed. */
  async place(desk: Desk, order: PlannedOrder): Promise<void> {
    if (this.#confirmed.has(order.id)) return;
    const refusal = await placeOrder(desk, order);
    const isRevoked = order.way === "revoked" && refusal?.startsWith("nonce-used");
    if (refusal === undefined || isRevoked) this.#confirmed.add(order.id);
    else this.#refusals.set(order.id, refusal);
  }

  /** Sends the clients' own transactions, again where a branch has lost them. */
  sendOwn(tick: number): Promise<void> {
    return sendOwn(
      this.#market,
      this.#orders.filter(({ way }) => way !== "revoked" || tick >= this.#revokesAt),
    );
  }
}

/** Places an order; says why it was not taken. A job that its client opens on chain is placed by delivering its input. */
export async function placeOrder(desk: Desk, { id, way, order, opening }: PlannedOrder): Promise<string | undefined> {
  try {
    await (way === "openedOnChain" ? desk.deliverInput(id, order.job, opening) : desk.accept(order, opening));
    return undefined;
  } catch (error) {
    return error instanceof Refusal ? `${error.code}: ${error.message}` : String(error);
  }
}

/** Hands the clients' own transactions to the node; it refuses those that it knows. */
export async function sendOwn({ ask, blocks }: ChaosMarket, orders: readonly PlannedOrder[]): Promise<void> {
  for (const { ownTransaction } of orders) {
    if (ownTransaction === undefined) continue;
    await blocks.exclusively(() => replyOf(ask, "eth_sendRawTransaction", [ownTransaction]));
    blocks.noteRaw(ownTransaction);
  }
}
