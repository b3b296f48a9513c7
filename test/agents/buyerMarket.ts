import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serve } from "@hono/node-server";
import {
  decodePaymentSignatureHeader,
  encodePaymentRequiredHeader,
  encodePaymentResponseHeader,
} from "@x402/core/http";
import type { PaymentRequirements } from "@x402/core/types";
import { Hono, type Context } from "hono";
import { openBuyer, type Buyer, type BuyerOptions } from "../../src/agent/buyer/buyer.ts";
import { FUNDING, type Hex } from "../../src/codec/statement.ts";
import { toCalldata, type Proof } from "../../src/groth16/proof.ts";
import { readHeldOut } from "../../src/model/heldOut.ts";
import { idOfOrder, type Order } from "../../src/agent/order.ts";
import { orderOf, requirementsOf } from "../../src/agent/scheme/terms.ts";
import type { Opening } from "../../src/agent/serveJob.ts";
import { parseOpening } from "../../src/agent/wireJson.ts";
import { Signature } from "ethers";
import { PRICE, type AgentMarket } from "./agentMarket.ts";

/** An order with all that its seller needs to serve it. */
export interface Sale {
  readonly order: Order;
  readonly jobId: Hex;
  readonly opening: Opening;
}

/** What a seller does otherwise than an honest one. */
export interface Tricks {
  /** Each requirement of the 402 answer. */
  readonly terms?: (requirements: PaymentRequirements) => object;
  /** The whole 402 answer. */
  readonly unpaid?: (context: Context) => Response | Promise<Response>;
  /** The answer to a signed order. */
  readonly paid?: (sale: Sale, context: Context, seller: Seller) => Response | Promise<Response>;
}

/** A small seller over HTTP: proves with minted proofs, opens and settles on the market's chain. */
export interface Seller {
  readonly url: string;
  /** Every request that came in. */
  readonly asked: string[];
  /** Ids of the signed orders that came in, in order. */
  readonly orders: Hex[];
  /** Opens, proves and settles, or proves only what is prepaid; the body of the honest answer. */
  readonly serve: (sale: Sale) => Promise<object>;
  readonly fund: (sale: Sale) => Promise<void>;
  readonly settlePrepaid: (sale: Sale) => Promise<void>;
  readonly last: () => Sale;
  readonly close: () => Promise<void>;
}

export async function openSeller(market: AgentMarket, tricks: Tricks = {}): Promise<Seller> {
  const { chain, offer, provider } = market;
  const app = new Hono();
  const orders: Hex[] = [];
  const asked: string[] = [];
  app.use(async (context, next) => {
    asked.push(`${context.req.method} ${context.req.path}`);
    await next();
  });
  const served = new Map<Hex, Promise<object>>();
  let last: Sale | undefined;
  let closeServer = async () => {};

  const fund = async ({ order }: Sale) =>
    void (await (
      await chain.escrow.connect(provider).openWithSignature(order.job, order.signature, order.fundingData)
    ).wait());
  const prove = async ({ opening, jobId }: Sale) => {
    const inference = market.infer(opening);
    return { inference, proof: await market.mint(inference, jobId) };
  };
  const serveNow = async (sale: Sale) => {
    const { inference, proof } = await prove(sale);
    const { order, jobId } = sale;
    if (order.job.funding !== FUNDING.prepaid) {
      await fund(sale);
      const escrow = chain.escrow.connect(provider);
      await (await escrow.settle(order.job, [...inference.words], toCalldata(proof))).wait();
    }
    return bodyOf(jobId, inference.words, proof);
  };
  const seller: Seller = {
    url: "",
    asked,
    orders,
    fund,
    serve: (sale) => {
      const body = served.get(sale.jobId) ?? serveNow(sale);
      served.set(sale.jobId, body);
      return body;
    },
    settlePrepaid: async (sale) => {
      const { inference, proof } = await prove(sale);
      const { r, yParityAndS: vs } = Signature.from(sale.order.signature);
      const item = { job: sale.order.job, words: [...inference.words], proof: toCalldata(proof), r, vs };
      await (await chain.prepaid.connect(provider).settleOrders([item])).wait();
    },
    last: () => last!,
    close: () => closeServer(),
  };

  const accepts = requirementsOf(offer, {
    chainId: chain.chainId,
    provider: provider.address,
    escrow: String(chain.escrow.target),
    prepaid: String(chain.prepaid.target),
    collectors: {
      eip3009: market.record.contracts.AuthorizationCollector.address,
      allowance: market.record.contracts.AllowanceCollector.address,
    },
  });
  app.post("/models/:name/infer", async (context) => {
    const header = context.req.header("PAYMENT-SIGNATURE");
    if (header === undefined) {
      if (tricks.unpaid) return tricks.unpaid(context);
      const required = {
        x402Version: 2,
        resource: { url: context.req.url },
        accepts: accepts.map((entry) => tricks.terms?.(structuredClone(entry)) ?? entry) as PaymentRequirements[],
      };
      return context.json({}, 402, { "PAYMENT-REQUIRED": encodePaymentRequiredHeader(required) });
    }
    const payment = decodePaymentSignatureHeader(header);
    const order = orderOf(payment, payment.accepted);
    last = { order, jobId: idOfOrder(order, chain.chainId), opening: parseOpening(await context.req.json()) };
    orders.push(last.jobId);
    if (tricks.paid) return tricks.paid(last, context, seller);
    const receipt = { success: true, transaction: "", network: payment.accepted.network };
    return context.json(await seller.serve(last), 200, { "PAYMENT-RESPONSE": encodePaymentResponseHeader(receipt) });
  });
  app.get("/jobs/:id", async (context) => {
    const body = await served.get(context.req.param("id"));
    return body ? context.json(body) : context.json({ title: "unknown job" }, 404);
  });
  const { url, close } = await listenOn(app);
  closeServer = close;
  return Object.assign(seller, { url });
}

/** Serves an app on a port of the system's choice; closing ends what is under way. */
export async function listenOn(app: Hono): Promise<{ url: string; close: () => Promise<void> }> {
  const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 }) as Server;
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${port}`, close };
}

/** The body of an answer. */
export const bodyOf = (jobId: Hex, words: readonly bigint[], proof: Proof): object => ({
  jobId,
  status: "settled",
  words: words.map(String),
  proof: proof.map(String),
});

/** A fresh path for a journal. */
export const journalPath = (): string => join(mkdtempSync(join(tmpdir(), "tollgate-buyer-")), "buyer.db");

/** A buyer of the market's client with a journal of its own and caps that are in nobody's way. */
export const marketBuyer = async (market: AgentMarket, changes: Partial<BuyerOptions> = {}): Promise<Buyer> =>
  openBuyer({
    rpcUrl: market.url,
    record: market.record,
    wallet: market.client,
    journal: journalPath(),
    token: String(market.token.target),
    limits: { perDay: 1_000n * PRICE },
    ...changes,
  });

/** A held-out digit's row and label. */
export async function digit(index: number): Promise<{ row: readonly number[]; truth: number }> {
  return (await readHeldOut("digits-mlp")).samples[index];
}

/** A request for one digit, at the market's price and for a minute unless `changes` say otherwise. */
export async function digitRequest(url: string, index = 0, changes: object = {}) {
  const { row } = await digit(index);
  return { url, model: "digits-mlp", input: [row], maxPrice: PRICE, deadline: 60, ...changes };
}

/** What a promise rejects with. */
export async function refusalOf(work: Promise<unknown>): Promise<Error> {
  const error = await work.then(
    (value) => new Error(`resolved with ${String(value)}`),
    (caught: unknown) => caught as Error,
  );
  return error;
}
