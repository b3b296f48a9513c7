import { expect } from "chai";
import { FUNDING, type Job } from "../../src/codec/statement.ts";
import type { Order } from "../../src/agent/order.ts";
import type { Opening } from "../../src/agent/serveJob.ts";
import { openAgentMarket, PRICE, type AgentMarket } from "./agentMarket.ts";
import { expectSent, whenIn, withDesk } from "./deskFixture.ts";

/** What the provider keeps of a price after the toll of half a percent. */
const PAYOUT = (PRICE * 9_950n) / 10_000n;

describe("a provider's desk takes orders", () => {
  let market: AgentMarket;
  before(async () => void (market = await openAgentMarket()));
  after(() => market.close());

  const orderOf = async (changes: Partial<Job> = {}): Promise<{ order: Order; opening: Opening }> => {
    const opening = await market.opening();
    return { order: await market.order(await market.job(opening, changes)), opening };
  };

  const creditOf = (contract: "escrow" | "prepaid") =>
    market.chain[contract].creditOf(market.provider.address, market.token);

  it("of each method and serves them to its credit", async () => {
    const collector = await market.chain.escrow.collectorOf(FUNDING.allowance);
    await (await market.token.connect(market.client).approve(collector, PRICE)).wait();
    await (await market.token.connect(market.client).approve(market.chain.prepaid, PRICE)).wait();
    const { client, provider } = market;
    await (await market.chain.prepaid.connect(client).deposit(client, provider, market.token, PRICE, "0x")).wait();
    await withDesk(market, {}, async ({ desk, journal, pool }) => {
      const sent: string[] = [];
      for (const funding of [FUNDING.authorization, FUNDING.allowance, FUNDING.prepaid]) {
        const contract = funding === FUNDING.prepaid ? "prepaid" : "escrow";
        const credit = await creditOf(contract);
        const { order, opening } = await orderOf({ funding });
        await desk.check(order);
        const { jobId } = await desk.accept(order, opening);
        const view = await desk.result(jobId, 10_000);
        expect(view.result!.words).to.deep.equal(market.infer(opening).words);
        const settled = await whenIn(desk, jobId, "settled");
        expect(settled.settled!.transaction).to.match(/^0x[0-9a-f]{64}$/);
        expect(await creditOf(contract)).to.equal(credit + PAYOUT);
        if (contract === "escrow") sent.push(`open:${jobId}`);
        sent.push(`settle:${jobId}`);
        await desk.accept(order, opening);
        expect(pool.proven.filter((subject) => subject === jobId)).to.have.length(1);
        await market.rpc("hardhat_mine", "0x3");
        await whenIn(desk, jobId, "final");
      }
      expectSent(journal, ...sent);
    });
  });
});
