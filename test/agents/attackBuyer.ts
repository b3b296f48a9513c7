import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { expect } from "chai";
import { toBeHex } from "ethers";
import { DatabaseSync } from "node:sqlite";
import type { Buyer, BuyerOptions } from "../../src/agent/buyer/buyer.ts";
import { UnconfirmedPurchase } from "../../src/agent/buyer/unconfirmedPurchase.ts";
import { erc20At } from "../../src/chain/erc20.ts";
import { InputError } from "../../src/errors.ts";
import { openAgentMarket, PRICE, type AgentMarket } from "./agentMarket.ts";
import {
  digitRequest,
  journalPath,
  marketBuyer,
  openSeller,
  refusalOf,
  type Seller,
  type Tricks,
} from "./buyerMarket.ts";

describe("a buyer that somebody would like to pay twice, too much, or for nothing", () => {
  let market: AgentMarket;
  const opened: { close(): unknown }[] = [];
  before(async () => void (market = await openAgentMarket()));
  after(async () => {
    for (const each of opened.reverse()) await each.close();
    await market.close();
  });

  async function sell(tricks: Tricks = {}): Promise<Seller> {
    const seller = await openSeller(market, tricks);
    opened.push(seller);
    return seller;
  }

  async function buyerOf(changes: Partial<BuyerOptions> = {}): Promise<Buyer> {
    const buyer = await marketBuyer(market, changes);
    opened.push(buyer);
    return buyer;
  }

  const refuses: Tricks["paid"] = (_sale, context) => context.json({ detail: "no" }, 402);

  for (const maxPrice of [undefined, Number.NaN, 2_000_000, "two dollars"]) {
    it(`takes no ${String(maxPrice)} for a maximum price, with which no price would be too high`, async () => {
      const seller = await sell();
      const buyer = await buyerOf();
      const request = await digitRequest(seller.url, 0, { maxPrice });
      const refusal = await refusalOf(buyer.prepare(request).then((purchase) => purchase.order()));
      expect(refusal).to.be.instanceOf(InputError);
      expect(refusal.message).to.match(/^maxPrice: .*, want a bigint of base units$/);
      expect(buyer.purchases()).to.deep.equal([]);
    });
  }

  it("takes no caps that would not cap", async () => {
    for (const limits of [{}, { perDay: Number.NaN }, { perDay: PRICE, perInference: "1_000_000" }])
      expect((await refusalOf(marketBuyer(market, { limits: limits as never }))).message).to.match(
        /^limits\.per\w+: .*, want a bigint of base units$/,
      );
  });

  it("orders once from two calls at once that spell one address differently", async () => {
    const seller = await sell();
    const buyer = await buyerOf();
    const urls = [seller.url, `${seller.url}/`, seller.url.replace("http:", "HTTP:")];
    const bought = await Promise.all(urls.map(async (url) => buyer.buyInference(await digitRequest(url, 1))));
    expect(new Set(bought.map(({ jobId }) => jobId)).size).to.equal(1);
    expect(buyer.purchases()).to.have.length(1);
  });

  it("signs one order for two purchases of the same that were prepared before", async () => {
    const seller = await sell();
    const buyer = await buyerOf();
    const [first, second] = [
      await buyer.prepare(await digitRequest(seller.url, 2)),
      await buyer.prepare(await digitRequest(seller.url, 2)),
    ];
    const orders = await Promise.allSettled([first.order(), second.order()]);
    expect(orders.map(({ status }) => status).sort()).to.deep.equal(["fulfilled", "rejected"]);
    expect(buyer.purchases()).to.have.length(1);
  });

  it("signs nothing at a second address while an order for the same can be collected at the first", async () => {
    const [first, second] = [await sell({ paid: refuses }), await sell()];
    const buyer = await buyerOf();
    await refusalOf(buyer.buyInference(await digitRequest(first.url, 3)));
    const request = await digitRequest(second.url, 3);
    const refusal = await refusalOf(buyer.buyInference(request));
    expect(refusal).to.be.instanceOf(InputError);
    expect(refusal.message).to.match(
      /^order 0x\w+ for this input, sent to \S+, can be collected until 20\S+Z; another/,
    );
    expect(second.asked).to.deep.equal([]);
    await buyer.buyInference({ ...request, again: true });
    expect(buyer.purchases()).to.have.length(2);
  });

  it("prepares nothing that it has bought, though the process that bought it never heard the answer", async () => {
    const journal = journalPath();
    const seller = await sell();
    const first = await marketBuyer(market, { journal });
    const purchase = await first.prepare(await digitRequest(seller.url, 4));
    const client = new x402Client().setSpendControls(false).register(purchase.network, purchase);
    await wrapFetchWithPayment(fetch, client)(purchase.url, purchase.init);
    first.close();
    const buyer = await buyerOf({ journal });
    const refusal = await refusalOf(buyer.prepare(await digitRequest(seller.url, 4)));
    expect(refusal.message).to.match(/^this input was bought as job 0x\w+: `known` has its answer/);
    expect(await buyer.known(await digitRequest(seller.url, 4))).to.deep.include({ confirmed: true });
    const another = await buyer.prepare(await digitRequest(seller.url, 4, { again: true }));
    expect((await another.order()).jobId).to.not.equal(seller.orders[0]);
  });

  it("says of an answer that is nonsense that an order was signed", async () => {
    const seller = await sell();
    const buyer = await buyerOf();
    const purchase = await buyer.prepare(await digitRequest(seller.url, 5));
    await purchase.order();
    for (const body of [
      null,
      "words",
      {},
      { words: ["1"] },
      { jobId: `0x${"00".repeat(32)}`, words: ["x"], proof: [] },
    ])
      expect(await refusalOf(buyer.accept(purchase, body))).to.be.instanceOf(UnconfirmedPurchase);
  });

  it("signs for as long as it wants on a chain that had no block for longer", async () => {
    const seller = await sell();
    const buyer = await buyerOf();
    await market.rpc("evm_increaseTime", 600);
    const bought = await buyer.buyInference(await digitRequest(seller.url, 15));
    expect(bought.confirmed).to.equal(true);
  });

  it("lets x402's fetch client follow no redirect with an input or an order", async () => {
    const elsewhere = await sell();
    const seller = await sell({
      paid: (_sale, context) => context.redirect(`${elsewhere.url}/models/digits-mlp/infer`, 307),
    });
    const buyer = await buyerOf();
    const purchase = await buyer.prepare(await digitRequest(seller.url, 6));
    const client = new x402Client().setSpendControls(false).register(purchase.network, purchase);
    await refusalOf(wrapFetchWithPayment(fetch, client)(purchase.url, purchase.init));
    expect(seller.orders).to.have.length(1);
    expect(elsewhere.asked).to.deep.equal([]);
  });

  it("spends a whole deposit, order by order", async () => {
    const { chain, token, client, provider } = market;
    await (await erc20At(String(token.target), client).approve(String(chain.prepaid.target), 3n * PRICE)).wait();
    await (await chain.prepaid.connect(client).deposit(client, provider, token, 3n * PRICE, "0x")).wait();
    const seller = await sell();
    const buyer = await buyerOf();
    for (const index of [7, 8, 9]) {
      await buyer.buyInference(await digitRequest(seller.url, index, { method: "prepaid" }));
      await seller.settlePrepaid(seller.last());
    }
    expect(await chain.prepaid.depositOf(client, provider, token)).to.equal(0n);
  });

  it("keeps a deposit in mind that a node which is behind knows nothing of", async () => {
    const journal = journalPath();
    const seller = await sell({ paid: async (sale, context, own) => (await own.fund(sale), context.json({}, 410)) });
    const first = await marketBuyer(market, { journal });
    const before = await market.chain.provider.getBlockNumber();
    await refusalOf(first.buyInference(await digitRequest(seller.url, 11)));
    first.close();
    await market.rpc("evm_increaseTime", 65 + 900);
    await market.rpc("evm_mine");
    const lagging = await openLaggingNode(market.url, before);
    opened.push(lagging);
    (await marketBuyer(market, { journal, rpcUrl: lagging.url })).close();
    const buyer = await buyerOf({ journal });
    expect((await buyer.reclaim()).refunded).to.have.length(1);
  });

  it("gets its deposits back where the record has dropped their model", async () => {
    const journal = journalPath();
    const seller = await sell({ paid: async (sale, context, own) => (await own.fund(sale), context.json({}, 410)) });
    const first = await marketBuyer(market, { journal });
    await refusalOf(first.buyInference(await digitRequest(seller.url, 12)));
    await refusalOf(first.buyInference(await digitRequest(seller.url, 13, { deadline: 3_600 })));
    first.close();
    await market.rpc("evm_increaseTime", 65);
    await market.rpc("evm_mine");
    const buyer = await buyerOf({ journal, record: { ...market.record, models: {} } });
    expect((await buyer.reclaim()).refunded.map(({ jobId }) => jobId)).to.deep.equal([seller.orders[0]]);
  });

  it("takes no journal with orders under way of contracts that its record does not name", async () => {
    const journal = journalPath();
    const seller = await sell();
    const first = await marketBuyer(market, { journal });
    await (await first.prepare(await digitRequest(seller.url, 14))).order();
    first.close();
    const database = new DatabaseSync(journal);
    database.exec(`UPDATE purchases SET contract = '0x${"ab".repeat(20)}'`);
    database.close();
    const refusal = await refusalOf(marketBuyer(market, { journal }));
    expect(refusal).to.be.instanceOf(InputError);
    expect(refusal.message).to.match(
      /^order 0x\w+ of the journal is of contract 0xabab\w+, the deployment record has 0x/,
    );
  });
});

/** A node that tells the head of the chain and answers questions about the latest state as of an older block. */
async function openLaggingNode(url: string, block: number): Promise<{ url: string; close(): Promise<void> }> {
  const old = toBeHex(block);
  const server: Server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const call = JSON.parse(Buffer.concat(chunks).toString()) as { method: string; params: unknown[] };
      if (call.method === "eth_call" && call.params[1] === "latest") call.params[1] = old;
      const answer = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(call),
      });
      response.setHeader("content-type", "application/json").end(await answer.text());
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
