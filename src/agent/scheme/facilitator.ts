import type {
  Network,
  PaymentPayload,
  PaymentRequirements,
  SchemeNetworkFacilitator,
  SettleResponse,
  VerifyResponse,
} from "@x402/core/types";
import { z } from "zod";
import { checkSchema } from "../../checkSchema.ts";
import type { Hex } from "../../codec/statement.ts";
import { InputError } from "../../errors.ts";
import { BASE_ORDER, SCALAR_ORDER } from "../../field.ts";
import type { Proof } from "../../groth16/proof.ts";
import { idOfOrder, type Order } from "../order.ts";
import { Refusal } from "../provider/desk.ts";
import { decimalBelow } from "../wireJson.ts";
import { networkOf, orderOf, SCHEME } from "./terms.ts";

/** The transaction that did it; "" where somebody else's did, or none is needed. */
export interface Done {
  readonly transaction: Hex;
}

/** What a facilitator needs of the chain for the orders of one provider. All of it may be repeated. */
export interface EscrowPort {
  readonly provider: Hex;
  readonly chainId: bigint;
  /** Throws Refusal where `open` would; sends nothing. */
  check(order: Order): Promise<void>;
  /** Resolves when the deposit is in the escrow, or enough of a prepaid deposit is secured. Throws Refusal. */
  open(order: Order): Promise<Done>;
  /** Resolves when the order is settled with these words. Throws Refusal, or InputError for a false proof. */
  deliver(order: Order, words: readonly bigint[], proof: Proof): Promise<Done>;
  /** Gives the order up: a deposit is the client's again, as its credit. Throws Refusal. */
  cancel(order: Order): Promise<Done>;
}

/** What the provider's server adds to a payment once the handler has answered: the output, and the proof of it. */
export const DeliveryJson = z.object({
  words: z.array(decimalBelow(SCALAR_ORDER)).min(1),
  proof: z.array(decimalBelow(BASE_ORDER)).length(8),
});

/** The facilitator's side of `tollgate-escrow`, for one provider. */
export class TollgateEscrowFacilitator implements SchemeNetworkFacilitator {
  readonly scheme = SCHEME;
  readonly caipFamily = "eip155:*";
  readonly #port: EscrowPort;

  constructor(port: EscrowPort) {
    this.#port = port;
  }

  getExtra(_network: Network): undefined {
    return undefined;
  }

  getSigners(_network: string): string[] {
    return [this.#port.provider];
  }

  /** Whether the payment would be taken now. */
  async verify(payload: PaymentPayload, requirements: PaymentRequirements): Promise<VerifyResponse> {
    try {
      this.#requireNetwork(requirements);
      const order = orderOf(payload, requirements);
      await this.#port.check(order);
      return { isValid: true, payer: order.job.client };
    } catch (error) {
      const { reason, message } = reasonOf(error);
      return { isValid: false, invalidReason: reason, invalidMessage: message };
    }
  }

  /** Takes the deposit; with a `delivery` in the payload, settles against it. */
  async settle(payload: PaymentPayload, requirements: PaymentRequirements): Promise<SettleResponse> {
    const { network } = requirements;
    try {
      this.#requireNetwork(requirements);
      const { delivery, ...signed } = payload.payload;
      const order = orderOf({ accepted: payload.accepted, payload: signed }, requirements);
      const { transaction } = await (delivery === undefined ? this.#port.open(order) : this.#deliver(order, delivery));
      const extra = {
        jobId: idOfOrder(order, this.#port.chainId),
        status: delivery === undefined ? "funded" : "settled",
      };
      return { success: true, transaction, network, payer: order.job.client, amount: String(order.job.amount), extra };
    } catch (error) {
      const { reason, message } = reasonOf(error);
      return { success: false, errorReason: reason, errorMessage: message, transaction: "", network };
    }
  }

  #deliver(order: Order, delivery: unknown): Promise<Done> {
    const { words, proof } = checkSchema(DeliveryJson, delivery);
    return this.#port.deliver(order, words, proof as unknown as Proof);
  }

  #requireNetwork({ network }: PaymentRequirements): void {
    const wanted = networkOf(this.#port.chainId);
    if (network !== wanted) throw new Refusal("wrong-terms", `network: got ${network}, want ${wanted}`);
  }
}

/** A refusal in the words of x402: codes with underscores. Throws whatever is no refusal. */
export function reasonOf(error: unknown): { readonly reason: string; readonly message: string } {
  if (error instanceof Refusal) return { reason: error.code.replaceAll("-", "_"), message: error.message };
  if (error instanceof InputError) return { reason: "invalid_payload", message: error.message };
  throw error;
}
