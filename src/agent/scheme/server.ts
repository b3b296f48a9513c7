import type {
  HTTPTransportContext,
  SettleContext,
  SettleFailureContext,
  VerifiedPaymentCanceledContext,
  VerifyContext,
} from "@x402/core/server";
import type {
  AssetAmount,
  Network,
  PaymentFlowConfig,
  PaymentPayload,
  PaymentRequirements,
  Price,
  SchemeNetworkServer,
  SchemeServerHooks,
  SettleResponse,
} from "@x402/core/types";
import { convertToTokenAmount, parseMoney } from "@x402/core/utils";
import { getDefaultAsset } from "@x402/evm";
import { checkSchema } from "../../checkSchema.ts";
import { InputError } from "../../errors.ts";
import { idOfOrder, type Order } from "../order.ts";
import { DeliveryJson, reasonOf, type EscrowPort } from "./facilitator.ts";
import { orderOf, SCHEME, termsOf } from "./terms.ts";

const ESCROW_FLOW: PaymentFlowConfig = { supported: ["escrow"], default: "escrow" };

/** What a server does around the settlements that its facilitator makes. */
export interface TollgateEscrowServerOptions {
  /**
   * Runs before the deposit is taken: rejects with InputError or Refusal where the request will not be served, such as
   * when its input does not open the job's commitment. What it lets pass costs the provider a transaction.
   */
  readonly admit?: (order: Order, transport: HTTPTransportContext) => Promise<void>;
  /** Gives a deposit back at once where the handler fails after it; without it the client waits for the deadline. */
  readonly port?: Pick<EscrowPort, "cancel">;
}

/**
 * The resource server's side of `tollgate-escrow`: deposit, then the handler, then the settlement against the proof
 * that the handler's JSON body carries as `words` and `proof`.
 */
export class TollgateEscrowServer implements SchemeNetworkServer {
  readonly scheme = SCHEME;
  readonly defaultAssetTransferMethod = "eip3009";
  readonly paymentFlows = { eip3009: ESCROW_FLOW, allowance: ESCROW_FLOW, prepaid: ESCROW_FLOW };
  readonly schemeHooks: SchemeServerHooks;
  readonly enrichSettlementPayload = addDelivery;
  readonly #port: TollgateEscrowServerOptions["port"];

  constructor({ admit, port }: TollgateEscrowServerOptions = {}) {
    this.#port = port;
    this.schemeHooks = {
      onBeforeVerify: (context) => admitPayment(context, admit),
      ...(port && {
        onBeforeSettle: (context: SettleContext) => cancelInstead(context, port),
        onSettleFailure: (context: SettleFailureContext) => cancelUnproven(context, port),
      }),
    };
  }

  /** Takes `{asset, amount}` in base units, and dollars on chains whose stablecoin x402 knows. */
  async parsePrice(price: Price, network: Network): Promise<AssetAmount> {
    if (typeof price === "object") return { ...price, extra: price.extra ?? {} };
    const { asset, decimals, name, version, amount } = inStablecoin(price, network);
    return { asset, amount: convertToTokenAmount(amount, decimals), extra: { name, version } };
  }

  /** Throws InputError unless the route's `extra` says all that a client must know. */
  async enhancePaymentRequirements(requirements: PaymentRequirements): Promise<PaymentRequirements> {
    const extra = {
      assetTransferMethod: this.defaultAssetTransferMethod,
      paymentFlow: "escrow",
      ...requirements.extra,
    };
    const complete = { ...requirements, extra };
    termsOf(complete);
    return complete;
  }

  /** Settling on cancellation is giving the deposit back, which `onBeforeSettle` does in place of the facilitator. */
  settleOnCancel({ requirements }: VerifiedPaymentCanceledContext): PaymentRequirements | undefined {
    return this.#port && (requirements as PaymentRequirements);
  }
}

function inStablecoin(price: string | number, network: Network) {
  try {
    const { amount, symbol } = parseMoney(price);
    return { ...getDefaultAsset(network, symbol), amount };
  } catch (error) {
    throw new InputError(`price ${price}: names no token of ${network}; want {asset, amount} in base units`, {
      cause: error,
    });
  }
}

/** A hook that throws is passed over, so every error is an abort. */
async function admitPayment(context: VerifyContext, admit: TollgateEscrowServerOptions["admit"]) {
  try {
    // Strict about fields: a client that brings its own `delivery` is refused here.
    const order = orderOf(context.paymentPayload as PaymentPayload, context.requirements as PaymentRequirements);
    await admit?.(order, context.transportContext as HTTPTransportContext);
  } catch (error) {
    return { abort: true as const, ...spoken(error) };
  }
}

/** x402 shows a client the reason of an abort and not its message. */
function spoken(error: unknown): { reason: string; message: string } {
  try {
    const { reason, message } = reasonOf(error);
    return { reason: `${reason}: ${message}`, message };
  } catch {
    return { reason: "internal_error", message: "the request cannot be checked" };
  }
}

/** After the handler, the payment carries what the handler's body says, for the facilitator to settle with. */
async function addDelivery({ phase, transportContext }: SettleContext): Promise<Record<string, unknown> | undefined> {
  if (phase !== "after-handler") return undefined;
  const { responseBody } = transportContext as HTTPTransportContext;
  const { words, proof } = parseBody(responseBody);
  checkSchema(DeliveryJson, { words, proof });
  return { delivery: { words, proof } };
}

function parseBody(body: Buffer | undefined): { words?: unknown; proof?: unknown } {
  try {
    return JSON.parse(String(body)) as { words?: unknown };
  } catch (error) {
    throw new InputError("the handler's body: want JSON with words and proof", { cause: error });
  }
}

async function cancelInstead(context: SettleContext, port: Pick<EscrowPort, "cancel">) {
  if (context.phase !== "cancel") return undefined;
  return { skip: true as const, result: await cancelled(context, port) };
}

/** A body without a proof is a handler that failed, though x402 does not see it. The failure stays one. */
async function cancelUnproven(context: SettleFailureContext, port: Pick<EscrowPort, "cancel">): Promise<void> {
  if (context.phase === "after-handler" && context.error instanceof InputError) await cancelled(context, port);
}

async function cancelled(context: SettleContext, port: Pick<EscrowPort, "cancel">): Promise<SettleResponse> {
  const requirements = context.requirements as PaymentRequirements;
  const { network } = requirements;
  try {
    const order = orderOf(context.paymentPayload as PaymentPayload, requirements);
    const { transaction } = await port.cancel(order);
    const extra = { jobId: idOfOrder(order, termsOf(requirements).chainId), status: "closed" };
    return { success: true, transaction, network, payer: order.job.client, amount: "0", extra };
  } catch (error) {
    const { reason, message } = spoken(error);
    return { success: false, errorReason: reason, errorMessage: message, transaction: "", network };
  }
}
