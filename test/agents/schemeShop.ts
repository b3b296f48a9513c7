import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { x402Facilitator } from "@x402/core/facilitator";
import {
  x402HTTPResourceServer,
  x402ResourceServer,
  type FacilitatorClient,
  type HTTPAdapter,
  type HTTPResponseInstructions,
  type HTTPTransportContext,
} from "@x402/core/server";
import type { PaymentRequirements } from "@x402/core/types";
import { Hono, type Context } from "hono";
import { idOfOrder, type Order } from "../../src/agent/order.ts";
import { Refusal } from "../../src/agent/provider/desk.ts";
import { TollgateEscrowFacilitator, type EscrowPort } from "../../src/agent/scheme/facilitator.ts";
import { TollgateEscrowServer } from "../../src/agent/scheme/server.ts";
import { networkOf, orderOf, requirementsOf } from "../../src/agent/scheme/terms.ts";
import { parseOpening } from "../../src/agent/wireJson.ts";
import { toBytes32 } from "../../src/codec/statement.ts";
import type { Inference } from "../../src/model/infer.ts";
import type { AgentMarket } from "./agentMarket.ts";

/** What a shop's handler answers. */
type Answer = Record<string, unknown>;

export interface Shop {
  readonly url: string;
  readonly requirements: readonly PaymentRequirements[];
  readonly close: () => void;
}

const PATH = "/models/digits-mlp/infer";

export async function marketTerms(market: AgentMarket): Promise<PaymentRequirements[]> {
  const { chain, offer, provider } = market;
  return requirementsOf(offer, {
    chainId: chain.chainId,
    provider: provider.address,
    escrow: String(chain.escrow.target),
    prepaid: String(chain.prepaid.target),
    collectors: { eip3009: await chain.escrow.collectorOf(2), allowance: await chain.escrow.collectorOf(1) },
  });
}

/** The proof that the market's dealer mints for an order, as a handler answers it. */
export async function provenAnswer(market: AgentMarket, order: Order, inference: Inference): Promise<Answer> {
  const proof = await market.mint(inference, idOfOrder(order, market.chain.chainId));
  return { words: inference.words.map(String), proof: proof.map(String) };
}

/** A web shop on x402's own server, which knows of Tollgate only what is registered with it. */
export async function openShop(
  market: AgentMarket,
  port: EscrowPort,
  answer: (order: Order, inference: Inference) => Promise<Answer> = (order, inference) =>
    provenAnswer(market, order, inference),
): Promise<Shop> {
  const network = networkOf(market.chain.chainId);
  const facilitator = new x402Facilitator().register(network, new TollgateEscrowFacilitator(port));
  const resources = new x402ResourceServer({
    verify: (payload, requirements) => facilitator.verify(payload, requirements),
    settle: (payload, requirements) => facilitator.settle(payload, requirements),
    getSupported: async () => facilitator.getSupported(),
  } as FacilitatorClient).register(network, new TollgateEscrowServer({ port, admit: (...of) => admit(market, ...of) }));
  const requirements = await marketTerms(market);
  const accepts = requirements.map(({ asset, amount, ...option }) => ({ ...option, price: { asset, amount } }));
  const http = new x402HTTPResourceServer(resources, { [`POST ${PATH}`]: { accepts, mimeType: "application/json" } });
  await http.initialize();
  const app = new Hono().post(PATH, (context) => serveRequest(context, http, market, answer));
  const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
  await new Promise((resolve) => server.once("listening", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${PATH}`;
  return { url, requirements, close: () => server.close() };
}

async function admit(market: AgentMarket, { job }: Order, { request }: HTTPTransportContext): Promise<void> {
  const got = toBytes32(market.infer(parseOpening(request.adapter.getBody!())).inputCommitment);
  if (got !== job.inputCommitment)
    throw new Refusal("input-mismatch", `the input commits to ${got}, want ${job.inputCommitment}`);
}

async function serveRequest(
  context: Context,
  http: x402HTTPResourceServer,
  market: AgentMarket,
  answer: (order: Order, inference: Inference) => Promise<Answer>,
): Promise<Response> {
  const body: unknown = await context.req.json();
  const request = { adapter: adapterOf(context, body), path: context.req.path, method: context.req.method };
  const taken = await http.processHTTPRequest(request);
  if (taken.type === "no-payment-required") throw new Error("the route asks for no payment");
  if (taken.type === "payment-error") return toResponse(taken.response);
  const { paymentPayload, paymentRequirements, declaredExtensions, beforeHandlerSettlement: deposit } = taken;
  try {
    const result = await answer(orderOf(paymentPayload, paymentRequirements), market.infer(parseOpening(body)));
    const responseBody = Buffer.from(JSON.stringify(result));
    const transport = { request, responseBody };
    const settled = await http.processSettlement(
      paymentPayload,
      paymentRequirements,
      declaredExtensions,
      transport,
      undefined,
      deposit,
    );
    return settled.success ? new Response(responseBody, { headers: settled.headers }) : toResponse(settled.response);
  } catch (error) {
    const cancelled = await taken.cancellationDispatcher.cancel({ reason: "handler_threw", error });
    return new Response(null, {
      status: 500,
      headers: http.createFailurePathSettlementHeaders(cancelled, deposit, paymentPayload),
    });
  }
}

const toResponse = ({ status, headers, body }: HTTPResponseInstructions): Response =>
  new Response(JSON.stringify(body ?? {}), { status, headers });

const adapterOf = ({ req }: Context, body: unknown): HTTPAdapter => ({
  getHeader: (name) => req.header(name),
  getMethod: () => req.method,
  getPath: () => req.path,
  getUrl: () => req.url,
  getAcceptHeader: () => req.header("accept") ?? "",
  getUserAgent: () => req.header("user-agent") ?? "",
  getBody: () => body,
});
