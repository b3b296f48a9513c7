import { wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { expect } from "chai";
import { Hono } from "hono";
import type { Buyer, BuyerOptions } from "../../src/agent/buyer/buyer.ts";
import { buyInference } from "../../src/agent/buyer/buyInference.ts";
import type { Bought } from "../../src/agent/buyer/confirm.ts";
import type { TransferMethod } from "../../src/agent/order.ts";
import { erc20At } from "../../src/chain/erc20.ts";
import { encodeInputs } from "../../src/ir/encodeInputs.ts";
import { openAgentMarket, PRICE, type AgentMarket } from "./agentMarket.ts";
import {
  digit,
  digitRequest,
  journalPath,
  listenOn,
  marketBuyer,
  openSeller,
  refusalOf,
  type Seller,
} from "./buyerMarket.ts";

const PAYOUT = (PRICE * 9_950n) / 10_000n;

describe("a buyer and an honest provider", () => {
  let market: AgentMarket;
  let seller: Seller;
  const buyers: Buyer[] = [];
  before(async () => {
    market = await openAgentMarket();
    seller = await openSeller(market);
  });
  after(async () => {
    buyers.forEach((buyer) => buyer.close());
    await seller.close();
    await market.close();
  });

  async function open(changes: Partial<BuyerOptions> = {}): Promise<Buyer> {
    const buyer = await marketBuyer(market, changes);
    buyers.push(buyer);
    return buyer;
  }

  const labelOf = ({ outputs }: Bought) => outputs.find(({ name }) => name === "label")!.values[0];

  for (const method of ["eip3009", "allowance"] as TransferMethod[]) {
    it(`buys a digit by ${method}: the price leaves, the words are the chain's`, async () => {
      const { chain, token, client, provider } = market;
      const [had, earned] = [await token.balanceOf(client), await chain.escrow.creditOf(provider, token)];
      const index = method === "eip3009" ? 0 : 1;
      const bought = await (await open()).buyInference(await digitRequest(seller.url, index, { method }));
      expect(labelOf(bought)).to.equal((await digit(index)).truth);
      expect(bought).to.deep.include({ paid: PRICE, confirmed: true, reused: false });
      expect(had - (await token.balanceOf(client))).to.equal(PRICE);
      expect((await chain.escrow.creditOf(provider, token)) - earned).to.equal(PAYOUT);
      const receipt = await chain.provider.getTransactionReceipt(bought.transaction!);
      expect(receipt!.to).to.equal(chain.escrow.target);
      const keyId = market.offer.model.keyId;
      const { inputCommitment } = seller.last().order.job;
      await chain.registry.verify(keyId, inputCommitment, [...bought.words], bought.jobId, bought.proof as never);
    });
  }

  it("buys from an allowance that is there without a permit", async () => {
    const { token, client, record } = market;
    const { address } = record.contracts.AllowanceCollector;
    await (await erc20At(String(token.target), client).approve(address, PRICE)).wait();
    await (await open()).buyInference(await digitRequest(seller.url, 2, { method: "allowance" }));
    expect(seller.last().order.fundingData).to.equal("0x");
    expect(await token.allowance(client, address)).to.equal(0n);
  });

  it("buys from a deposit: the answer comes before the money, which is taken once", async () => {
    const { chain, token, client, provider } = market;
    await (await erc20At(String(token.target), client).approve(String(chain.prepaid.target), PRICE)).wait();
    await (await chain.prepaid.connect(client).deposit(client, provider, token, PRICE, "0x")).wait();
    const buyer = await open();
    const request = await digitRequest(seller.url, 3, { method: "prepaid" });
    const bought = await buyer.buyInference(request);
    expect(labelOf(bought)).to.equal((await digit(3)).truth);
    expect(bought).to.deep.include({ confirmed: false, transaction: undefined });
    const refusal = await refusalOf(buyer.buyInference(await digitRequest(seller.url, 4, { method: "prepaid" })));
    expect(refusal.message).to.match(/^the deposit for \w+ is 2000000, of which 2000000 is ordered for/);
    await seller.settlePrepaid(seller.last());
    const again = await buyer.buyInference(request);
    expect(again).to.deep.include({ jobId: bought.jobId, confirmed: true, reused: true });
    expect(await chain.prepaid.depositOf(client, provider, token)).to.equal(0n);
  });

  it("pays for an inference once, and again only where it is told to", async () => {
    const { token, client } = market;
    const buyer = await open();
    const request = await digitRequest(seller.url, 5);
    const had = await token.balanceOf(client);
    const [first, joined] = await Promise.all([buyer.buyInference(request), buyer.buyInference(request)]);
    expect(joined).to.equal(first);
    const { graph } = market.offer.model;
    const integers = { ...request, input: encodeInputs(graph, request.input) };
    expect(await buyer.buyInference(integers)).to.deep.equal({ ...first, reused: true });
    expect(had - (await token.balanceOf(client))).to.equal(PRICE);
    const second = await buyer.buyInference({ ...request, again: true });
    expect(second.jobId).to.not.equal(first.jobId);
    expect(had - (await token.balanceOf(client))).to.equal(2n * PRICE);
  });

  it("buys through the plain x402 fetch client with the scheme registered", async () => {
    const buyer = await open();
    const purchase = await buyer.prepare(await digitRequest(seller.url, 6));
    const client = new x402Client().setSpendControls(false).register(purchase.network, purchase);
    const response = await wrapFetchWithPayment(fetch, client)(purchase.url, purchase.init);
    expect(response.status).to.equal(200);
    const bought = await buyer.accept(purchase, await response.json());
    expect(labelOf(bought)).to.equal((await digit(6)).truth);
    expect(bought.confirmed).to.equal(true);
  });

  it("keeps to the day's cap over restarts, by chain time, and counts for nothing what cannot be collected (A8, A9)", async () => {
    const journal = journalPath();
    const limits = { perDay: 2n * PRICE };
    let buyer = await marketBuyer(market, { journal, limits });
    await buyer.buyInference(await digitRequest(seller.url, 7));
    await (await buyer.prepare(await digitRequest(seller.url, 8))).order();
    buyer.close();
    buyer = await open({ journal, limits });
    const third = await digitRequest(seller.url, 9);
    const refusal = await refusalOf(buyer.buyInference(third));
    expect(refusal.message).to.equal(
      "the price 2000000 exceeds the day's cap: 4000000 of 4000000 are signed for in the last 24 hours",
    );
    const served = seller.orders.length;
    await market.rpc("evm_increaseTime", 65 + 900);
    await market.rpc("evm_mine");
    // The order that was signed and never sent has expired.
    await buyer.buyInference(third);
    expect((await refusalOf(buyer.buyInference(await digitRequest(seller.url, 10)))).message).to.include("day's cap");
    expect(seller.orders.length).to.equal(served + 1);
    await market.rpc("evm_increaseTime", 86_400);
    await market.rpc("evm_mine");
    await buyer.buyInference(await digitRequest(seller.url, 10));
  });

  it("sends the same order again after a crash between signing and sending (A1)", async () => {
    const journal = journalPath();
    const request = await digitRequest(seller.url, 11);
    const first = await marketBuyer(market, { journal });
    const { jobId } = await (await first.prepare(request)).order();
    first.close();
    expect(seller.orders).to.not.include(jobId);
    const buyer = await open({ journal });
    const bought = await buyer.buyInference(request);
    expect(bought).to.deep.include({ jobId, confirmed: true, reused: false });
    expect(buyer.purchases().map(({ status }) => status)).to.deep.equal(["paid"]);
  });

  it("finds on the chain what was settled while it was down, though the provider is gone (A1)", async () => {
    const journal = journalPath();
    const other = await openSeller(market, { paid: (_sale, _context, own) => own.serve(_sale).then(() => hang()) });
    const request = await digitRequest(other.url, 12);
    const first = await marketBuyer(market, { journal });
    const lost = refusalOf(first.buyInference(request));
    while (other.orders.length === 0) await pause();
    await other.serve(other.last());
    first.close();
    expect((await lost).message).to.equal("the buyer was closed");
    await other.close();
    const bought = await (await open({ journal })).buyInference(request);
    expect(labelOf(bought)).to.equal((await digit(12)).truth);
    expect(bought).to.deep.include({ jobId: other.orders[0], confirmed: true, proof: undefined });
  });

  it("continues orders under way when it is told to", async () => {
    const journal = journalPath();
    const first = await marketBuyer(market, { journal });
    const { jobId } = await (await first.prepare(await digitRequest(seller.url, 13))).order();
    first.close();
    const [result] = await (await open({ journal })).resume();
    expect(result).to.have.property("status", "fulfilled");
    expect((result as PromiseFulfilledResult<Bought>).value.jobId).to.equal(jobId);
  });

  it("outlives a node that fails while the answer is fetched and checked (A4)", async () => {
    let failures = 0;
    const node = new Hono().post("/", async (context) => {
      if (failures > 0) return context.text("down", 500, { failed: String(failures--) });
      const init = { method: "POST", headers: { "content-type": "application/json" }, body: await context.req.text() };
      return fetch(market.url, init);
    });
    const { url, close } = await listenOn(node);
    const flaky = await openSeller(market, {
      paid: async (sale, context, own) => {
        const body = await own.serve(sale);
        failures = own.orders.length === 1 ? 2 : 0;
        return context.json(body);
      },
    });
    const buyer = await open({ rpcUrl: url });
    const bought = await buyer.buyInference(await digitRequest(flaky.url, 15));
    expect(bought.confirmed).to.equal(true);
    expect(flaky.orders).to.deep.equal([bought.jobId, bought.jobId]);
    failures = 9;
    const refusal = await refusalOf(buyer.buyInference(await digitRequest(flaky.url, 16)));
    expect(refusal.message).to.equal(
      "the buyer's own node gives no answer (server response 500 Internal Server Error)",
    );
    expect(refusal.cause).to.equal(undefined);
    await flaky.close();
    await close();
  });

  it("buys with a buyer of its own in one call", async () => {
    const bought = await buyInference({
      ...(await digitRequest(seller.url, 14)),
      rpcUrl: market.url,
      record: market.record,
      wallet: market.client,
      journal: journalPath(),
      token: String(market.token.target),
      limits: { perDay: PRICE },
    });
    expect(labelOf(bought)).to.equal((await digit(14)).truth);
  });

  it("keeps its journal to itself, and takes none of another wallet", async () => {
    const journal = journalPath();
    (await marketBuyer(market, { journal })).close();
    const { mode } = await import("node:fs/promises").then(({ stat }) => stat(journal));
    expect(mode & 0o077).to.equal(0);
    const refusal = await refusalOf(marketBuyer(market, { journal, wallet: market.other }));
    expect(refusal.message).to.match(/^the journal is of 0x\w{40} on chain 31337, want 0x\w{40} on chain 31337$/);
  });
});

const pause = () => new Promise((resolve) => setTimeout(resolve, 20));
const hang = () => new Promise<Response>(() => {});
