import {
  decodePaymentSignatureHeader,
  encodePaymentRequiredHeader,
  encodePaymentResponseHeader,
} from "@x402/core/http";
import { PaymentPayloadV2Schema } from "@x402/core/schemas";
import { x402ResourceServer } from "@x402/core/server";
import type { PaymentPayload, PaymentRequirements, SettleResponse } from "@x402/core/types";
import { FUNDING, type Hex } from "../../codec/statement.ts";
import type { DeploymentRecord } from "../../chain/record.ts";
import { idOfOrder, type Order } from "../order.ts";
import type { Desk, JobView } from "../provider/desk.ts";
import type { Offer } from "../provider/offer.ts";
import { TollgateEscrowServer } from "../scheme/server.ts";
import { networkOf, orderOf, PayloadJson, requirementsOf, type Market } from "../scheme/terms.ts";
import { requireShallow } from "./bodyGuard.ts";
import { ProblemError } from "./problems.ts";

/** Nesting of a payment is 4: payload, accepted or job, extra, and an object that an extension of x402 may add. */
const PAYMENT_DEPTH = 6;
/** Characters of an error in a header: clients read headers of 16 KiB at most. */
const MAX_ERROR = 300;

/** The x402 side of a provider: what an inference costs, and the orders that pay for it. */
export class PaymentDesk {
  readonly #server: x402ResourceServer;
  readonly #requirements: ReadonlyMap<string, PaymentRequirements[]>;
  readonly #market: Market;

  constructor(desk: Pick<Desk, "chainId" | "provider" | "offers">, record: DeploymentRecord) {
    const market = marketOf(desk, record);
    this.#market = market;
    this.#server = new x402ResourceServer().register(networkOf(desk.chainId), new TollgateEscrowServer());
    this.#requirements = new Map(desk.offers.map((offer) => [offer.name, requirementsOf(offer, market)]));
  }

  /** The PAYMENT-REQUIRED header of an offer; `error` says why an order was not taken. */
  async required(offer: Offer, url: string, error: string): Promise<string> {
    const resource = { url, description: offer.title, mimeType: "application/json" };
    const required = await this.#server.createPaymentRequiredResponse(
      this.#requirements.get(offer.name)!,
      resource,
      error.slice(0, MAX_ERROR),
    );
    return encodePaymentRequiredHeader(required);
  }

  /** Throws a problem, or Refusal, where a payment is not an order on the offer's terms. */
  orderOf(payment: PaymentPayload, offer: Offer): Order {
    const matching = this.#server.findMatchingRequirements(this.#requirements.get(offer.name)!, payment);
    if (matching === undefined)
      throw new ProblemError("wrong-terms", "accepted: is none of the terms that the PAYMENT-REQUIRED header offers");
    return orderOf(payment, matching);
  }

  /** The id that a payment's order has, whatever its terms: it may have been taken on terms that are not offered now. */
  idOf({ payload }: PaymentPayload): Hex | undefined {
    const parsed = PayloadJson.safeParse(payload);
    if (!parsed.success) return undefined;
    const { job } = parsed.data;
    const contract = job.funding === FUNDING.prepaid ? this.#market.prepaid : this.#market.escrow;
    return idOfOrder({ contract, job }, this.#market.chainId);
  }

  /** The PAYMENT-RESPONSE header of a job: the settlement, or that none will come. */
  response({ jobId, job, status, settled, reason }: JobView): string {
    const response: SettleResponse = {
      success: status !== "closed",
      transaction: settled?.transaction ?? "",
      network: networkOf(this.#market.chainId),
      payer: job.client,
      amount: String(job.amount),
      extra: { jobId, status },
      ...(status === "closed" && {
        errorReason: "job_closed",
        errorMessage: reason ?? "the job ended without a payment",
      }),
    };
    return encodePaymentResponseHeader(response);
  }
}

function marketOf({ chainId, provider }: Pick<Desk, "chainId" | "provider">, { contracts }: DeploymentRecord): Market {
  const at = (name: keyof DeploymentRecord["contracts"]): Hex => contracts[name].address;
  const collectors = { eip3009: at("AuthorizationCollector"), allowance: at("AllowanceCollector") };
  return { chainId, provider, escrow: at("InferenceEscrow"), prepaid: at("PrepaidOrders"), collectors };
}

/** The payment in a PAYMENT-SIGNATURE header. Throws a problem where there is none. */
export function readPayment(header: string): PaymentPayload {
  requireShallow(Buffer.from(header, "base64").toString("utf8"), PAYMENT_DEPTH, "malformed-payment");
  let json: unknown;
  try {
    json = decodePaymentSignatureHeader(header);
  } catch {
    throw new ProblemError("malformed-payment", "want the base64 of a payment's JSON in PAYMENT-SIGNATURE");
  }
  const parsed = PaymentPayloadV2Schema.safeParse(json);
  if (parsed.success) return parsed.data as PaymentPayload;
  const [{ path, message }] = parsed.error.issues;
  throw new ProblemError("malformed-payment", `PAYMENT-SIGNATURE: ${[...path, message].join(": ")}`);
}
