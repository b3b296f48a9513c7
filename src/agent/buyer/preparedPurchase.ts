import { decodePaymentRequiredHeader } from "@x402/core/http";
import type { PaymentPayload, PaymentPayloadResult, PaymentRequirements, SchemeNetworkClient } from "@x402/core/types";
import type { Signer } from "ethers";
import { z } from "zod";
import { checkSchema } from "../../checkSchema.ts";
import type { Hex } from "../../codec/statement.ts";
import { InputError, oneLine } from "../../errors.ts";
import type { IntegerGraph } from "../../ir/integerGraph.ts";
import { idOfOrder } from "../order.ts";
import { TollgateEscrowClient, walletSigner } from "../scheme/client.ts";
import { networkOf, PayloadJson, SCHEME, termsOf } from "../scheme/terms.ts";
import type { Opening } from "../serveJob.ts";
import { inferRequest, inferUrl } from "./deliver.ts";
import { fetchBounded } from "./fetchBounded.ts";
import { approve, type Trust, type Wish } from "./guard.ts";
import { askingNode } from "./nodeFailure.ts";
import { chainTime } from "./orderOnChain.ts";
import type { Purchase } from "./purchases.ts";

/** An ethers signer that knows its address. */
export type BuyerWallet = Signer & { readonly address: string };

/** A purchase before its order is signed. */
export interface PurchasePlan {
  readonly url: string;
  readonly request: Hex;
  readonly graph: IntegerGraph;
  readonly opening: Opening;
  readonly wish: Wish;
  /** Whether another order for the same inference may be under way elsewhere. */
  readonly again: boolean;
}

/** Milliseconds for the terms of a sale. */
const PATIENCE = 20_000;
/** Most payment options of a sale that are looked at. */
const MAX_OPTIONS = 64;

const PaymentRequired = z.looseObject({
  x402Version: z.literal(2),
  accepts: z.array(z.looseObject({ scheme: z.string(), network: z.string() })).max(MAX_OPTIONS),
});

/**
 * One inference to buy: an input with its salt, and what it may cost. As a plug-in of x402's client it signs one order at
 * most, after the guard approved it and only once it is in the journal; asked again, it gives the same order again.
 */
export class PreparedPurchase implements SchemeNetworkClient {
  readonly scheme = SCHEME;
  readonly plan: PurchasePlan;
  readonly #trust: Trust;
  readonly #wallet: BuyerWallet;
  #signing: Promise<Purchase> | undefined;

  constructor(trust: Trust, wallet: BuyerWallet, plan: PurchasePlan, signed?: Purchase) {
    this.#trust = trust;
    this.#wallet = wallet;
    this.plan = plan;
    if (signed !== undefined) this.#signing = Promise.resolve(signed);
  }

  /** The resource that is paid for. */
  get url(): string {
    return inferUrl(this.plan.url, this.plan.wish.model).href;
  }

  /** The request without payment, as `fetch` takes it. */
  get init(): RequestInit {
    return inferRequest(this.plan.opening);
  }

  /** The chain, as x402 names it. */
  get network(): ReturnType<typeof networkOf> {
    return networkOf(this.#trust.chain.chainId);
  }

  /** The order, once one is being signed. */
  get signed(): Promise<Purchase> | undefined {
    return this.#signing;
  }

  /** Asks the provider for its terms and signs what the guard approves. Throws InputError, and nothing is signed then. */
  async order(): Promise<Purchase> {
    if (this.#signing !== undefined) return this.#signing;
    let refusal: unknown;
    for (const option of await this.#askTerms()) {
      try {
        await this.createPaymentPayload(2, option);
        return this.#signing!;
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        refusal ??= error;
      }
    }
    throw refusal;
  }

  /** The plug-in's part of x402: the signed payment for the server's requirements. */
  async createPaymentPayload(x402Version: number, requirements: PaymentRequirements): Promise<PaymentPayloadResult> {
    this.#signing ??= askingNode(() => this.#sign(x402Version, requirements)).catch((error: unknown) => {
      this.#signing = undefined;
      throw error;
    });
    const { accepted, payload } = JSON.parse((await this.#signing).payment) as PaymentPayload;
    if (JSON.stringify(accepted) !== JSON.stringify(requirements))
      throw new InputError("the order of this purchase is signed, for other terms; it is not signed twice");
    return { x402Version, payload };
  }

  async #sign(x402Version: number, requirements: PaymentRequirements): Promise<Purchase> {
    const trust = this.#trust;
    const { url, request, opening, wish, again } = this.plan;
    const guard = (terms: Parameters<typeof approve>[2]) => approve(trust, wish, terms);
    const client = new TollgateEscrowClient({ signer: walletSigner(this.#wallet), guard });
    const { payload } = await client.createPaymentPayload(x402Version, requirements);
    const { job } = checkSchema(PayloadJson, payload);
    const { contract } = termsOf(requirements);
    const { number, timestamp } = await chainTime(trust.chain);
    const purchase: Purchase = {
      jobId: idOfOrder({ contract, job }, trust.chain.chainId),
      request,
      url,
      model: wish.model,
      contract,
      job,
      opening,
      payment: JSON.stringify({ x402Version, accepted: requirements, payload }),
      signedAt: timestamp,
      signedBlock: number,
      status: "signed",
    };
    // From here on the order may be collected: it is on the disk, and counted, before it leaves.
    trust.purchases.add(purchase, trust.limits.perDay, again);
    return purchase;
  }

  /** The options of the 402 answer that are of this scheme and chain. */
  async #askTerms(): Promise<PaymentRequirements[]> {
    const url = new URL(this.url);
    const { status, headers, text } = await fetchBounded(url, this.init, PATIENCE).catch((error: Error) => {
      throw new InputError(`${error.message}; nothing was signed`, { cause: error });
    });
    const header = headers.get("PAYMENT-REQUIRED");
    if (status !== 402 || header === null) {
      const body = oneLine(text).slice(0, 200);
      throw new InputError(`${url.href}: answers ${status}, want 402 with terms: ${body}; nothing was signed`);
    }
    const { accepts } = readRequired(url, header);
    const options = (accepts as unknown as PaymentRequirements[]).filter(
      ({ scheme, network, extra }) => scheme === SCHEME && network === this.network && this.#isWanted(extra),
    );
    if (options.length > 0) return options;
    const found = accepts.map(({ scheme, network }) => `${scheme} on ${network}`).join(", ");
    throw new InputError(
      `${url.href}: takes ${found || "nothing"}, want ${SCHEME} on ${this.network}; nothing was signed`,
    );
  }

  #isWanted(extra: unknown): boolean {
    const { method } = this.plan.wish;
    return method === undefined || (extra as { assetTransferMethod?: unknown })?.assetTransferMethod === method;
  }
}

function readRequired(url: URL, header: string): z.infer<typeof PaymentRequired> {
  try {
    return checkSchema(PaymentRequired, decodePaymentRequiredHeader(header));
  } catch (error) {
    throw new InputError(
      `${url.href}: its PAYMENT-REQUIRED header is not one (${(error as Error).message}); nothing was signed`,
      { cause: error },
    );
  }
}
