import { expect } from "chai";
import { connectAgent } from "../../src/agent/agentChain.ts";
import type { Order } from "../../src/agent/order.ts";
import type { Desk } from "../../src/agent/provider/desk.ts";
import type { Opening } from "../../src/agent/serveJob.ts";
import { registerModel } from "../../src/chain/deploy.ts";
import { FUNDING, type Job } from "../../src/codec/statement.ts";
import { SCALAR_ORDER } from "../../src/field.ts";
import type { SetUpModel } from "../../src/model/setupModel.ts";
import { openAgentMarket, PRICE, type AgentMarket } from "./agentMarket.ts";
import { refusalOf, whenIn, withDesk } from "./deskFixture.ts";

describe("a provider's desk refuses", () => {
  let market: AgentMarket;
  let opening: Opening;
  before(async () => {
    market = await openAgentMarket();
    opening = await market.opening();
  });
  after(() => market.close());

  const orderOf = async (changes: Partial<Job> = {}): Promise<Order> =>
    market.order(await market.job(opening, changes));
  const now = async () => BigInt((await market.chain.provider.getBlock("latest"))!.timestamp);

  /** Both ways in must refuse, with the same code, and nothing may be journalled. */
  async function expectRefusal(desk: Desk, order: Order, code: string): Promise<void> {
    expect(await refusalOf(desk.check(order))).to.equal(code);
    expect(await refusalOf(desk.accept(order, opening))).to.equal(code);
    expect((await desk.health()).jobs).to.deep.equal({});
  }

  it("terms that are not the offer's", async () => {
    const { token, other, chain } = market;
    const wrong: Partial<Job>[] = [
      { amount: PRICE - 1n },
      { amount: PRICE + 1n },
      { token: String(chain.escrow.target) },
      { provider: other.address },
      { funding: FUNDING.native },
      { inputCommitment: `0x${SCALAR_ORDER.toString(16)}` },
      { acceptBy: 1n },
    ];
    await withDesk(market, {}, async ({ desk }) => {
      for (const changes of wrong) await expectRefusal(desk, await orderOf(changes), "wrong-terms");
      const order = await orderOf();
      await expectRefusal(desk, { ...order, contract: String(chain.prepaid.target) }, "wrong-terms");
      await expectRefusal(desk, { ...order, fundingData: "0x1234" }, "wrong-terms");
      await expectRefusal(desk, await orderOf({ modelId: 5n }), "unknown-model");
      const bond = { bond: 1n, acceptBy: (await now()) + 600n, funding: FUNDING.allowance };
      await expectRefusal(desk, await orderOf(bond), "bond-too-high");
      expect(await token.balanceOf(market.client)).to.equal(1_000n * PRICE);
    });
    const methods = ["prepaid" as const];
    await withDesk(market, { offers: [{ ...market.offer, methods }] }, async ({ desk }) =>
      expectRefusal(desk, await orderOf(), "wrong-terms"),
    );
  });

  it("a trusted key under a model that the client registered with a royalty for itself", async () => {
    const royalty = { royaltyBps: 1_000, royaltyTo: market.client.address };
    const { modelId } = await registerModel(
      market.chain.registry,
      market.client as never,
      market.offer.model as never as SetUpModel,
      "",
      royalty,
    );
    await withDesk(market, {}, async ({ desk }) =>
      expectRefusal(desk, await orderOf({ modelId: BigInt(modelId) }), "unknown-model"),
    );
  });

  it("a model that was deprecated, or is registered under another key than the offer's", async () => {
    const snapshot = await market.rpc("evm_snapshot");
    const owner = await market.chain.provider.getSigner(0);
    await (await market.chain.registry.connect(owner).deprecateModel(market.offer.modelId)).wait();
    await withDesk(market, {}, async ({ desk }) => {
      for (const funding of [FUNDING.authorization, FUNDING.prepaid])
        await expectRefusal(desk, await orderOf({ funding }), "model-not-trusted");
    });
    await market.rpc("evm_revert", snapshot);
    const model = { ...market.offer.model, keyId: `0x${"11".repeat(32)}` };
    await withDesk(market, { offers: [{ ...market.offer, model }] }, async ({ desk }) =>
      expectRefusal(desk, await orderOf(), "model-not-trusted"),
    );
  });

  it("deadlines that have passed, leave no time, or are further ahead than the offer allows", async () => {
    await withDesk(market, {}, async ({ desk, pool }) => {
      await expectRefusal(desk, await orderOf({ deadline: (await now()) - 1n }), "order-expired");
      await expectRefusal(desk, await orderOf({ deadline: (await now()) + 3_700n }), "deadline-too-far");
      await expectRefusal(desk, await orderOf({ deadline: (await now()) + 50n }), "deadline-too-near");
      const order = await orderOf({ deadline: (await now()) + 200n });
      await desk.check(order);
      pool.seconds = 180;
      await expectRefusal(desk, order, "deadline-too-near");
    });
  });

  it("signatures of anybody else, of another order, or for another contract", async () => {
    await withDesk(market, {}, async ({ desk }) => {
      const [order, another] = [await orderOf(), await orderOf()];
      await expectRefusal(desk, { ...order, signature: another.signature }, "bad-signature");
      await expectRefusal(desk, { ...order, signature: "0x1234" }, "bad-signature");
      const prepaid = await orderOf({ ...order.job, funding: FUNDING.prepaid });
      await expectRefusal(desk, { ...prepaid, signature: order.signature }, "bad-signature");
    });
  });

  it("orders whose money cannot be taken", async () => {
    await withDesk(market, {}, async ({ desk }) => {
      await expectRefusal(desk, await orderOf({ funding: FUNDING.allowance }), "insufficient-funds");
      await expectRefusal(desk, await orderOf({ funding: FUNDING.prepaid }), "insufficient-funds");
      const [order, another] = [await orderOf(), await orderOf()];
      await expectRefusal(desk, { ...order, fundingData: another.fundingData }, "insufficient-funds");
    });
  });

  it("nonces that were used, on chain or in another order", async () => {
    await withDesk(market, {}, async ({ desk, sender }) => {
      const order = await orderOf();
      await (await market.chain.escrow.connect(market.client).revoke(market.provider, order.job.nonce)).wait();
      await expectRefusal(desk, order, "nonce-used");
      let release!: () => void;
      const released = new Promise<void>((resolve) => (release = resolve));
      sender.beforeSending = () => released;
      const first = await orderOf();
      const { jobId } = await desk.accept(first, opening);
      const second = await orderOf({ nonce: first.job.nonce, deadline: first.job.deadline - 1n });
      expect(await refusalOf(desk.check(second))).to.equal("nonce-used");
      expect(await refusalOf(desk.accept(second, opening))).to.equal("nonce-used");
      release();
      await whenIn(desk, jobId, "settled");
    });
  });

  it("inputs that the model does not take, or that the commitment does not open to", async () => {
    await withDesk(market, {}, async ({ desk }) => {
      const order = await orderOf();
      const tooFew = { ...opening, inputs: [opening.inputs[0].slice(1)] };
      const tooLarge = { ...opening, inputs: [opening.inputs[0].map(() => 1n << 64n)] };
      for (const wrong of [tooFew, tooLarge, { ...opening, inputs: [] }])
        expect(await refusalOf(desk.accept(order, wrong))).to.equal("input-invalid");
      const other = await market.opening(4);
      expect(await refusalOf(desk.accept(order, other))).to.equal("input-mismatch");
      expect(await refusalOf(desk.accept(order, { ...opening, salt: opening.salt + 1n }))).to.equal("input-mismatch");
      expect((await desk.health()).jobs).to.deep.equal({});
    });
  });

  it("more than it can do at a time", async () => {
    await withDesk(market, { policy: { maxOpenPerClient: 1 } }, async ({ desk, pool }) => {
      let release!: () => void;
      const released = new Promise<void>((resolve) => (release = resolve));
      pool.beforeProving = () => released;
      const { jobId } = await desk.accept(await orderOf(), opening);
      expect(await refusalOf(desk.accept(await orderOf(), opening))).to.equal("too-busy");
      await whenIn(desk, jobId, "funded");
      release();
      await whenIn(desk, jobId, "settled");
      await desk.check(await orderOf());
    });
    await withDesk(market, { policy: { maxOpenJobs: 0 } }, async ({ desk }) =>
      expectRefusal(desk, await orderOf(), "too-busy"),
    );
  });

  it("everything while its node does not answer, and knows no job that it was never given", async () => {
    const chain = await connectAgent(market.url, market.record);
    await withDesk(market, { chain }, async ({ desk }) => {
      const order = await orderOf();
      chain.close();
      expect(await refusalOf(desk.check(order))).to.equal("chain-unavailable");
      expect((await desk.health()).ok).to.equal(false);
      const unknown = `0x${"22".repeat(32)}`;
      expect(await refusalOf((async () => desk.job(unknown))())).to.equal("unknown-job");
      expect(await refusalOf(desk.deliverInput(unknown, undefined, opening))).to.equal("unknown-job");
    });
  });
});
