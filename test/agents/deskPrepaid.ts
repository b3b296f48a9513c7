import { expect } from "chai";
import type { Wallet } from "ethers";
import { idOfOrder, type Order } from "../../src/agent/order.ts";
import type { Desk } from "../../src/agent/provider/desk.ts";
import type { Opening } from "../../src/agent/serveJob.ts";
import { FUNDING, type Job } from "../../src/codec/statement.ts";
import { openAgentMarket, PRICE, type AgentMarket } from "./agentMarket.ts";
import { deskOver, inFolder, refusalOf, whenIn, whenSeen, withDesk, expectSent } from "./deskFixture.ts";

describe("a provider's desk takes prepaid orders", () => {
  let market: AgentMarket;
  let opening: Opening;
  let snapshot: unknown;
  before(async () => {
    market = await openAgentMarket();
    opening = await market.opening();
    for (const client of [market.client, market.other])
      await (await market.token.connect(client).approve(market.chain.prepaid, 100n * PRICE)).wait();
  });
  beforeEach(async () => void (snapshot = await market.rpc("evm_snapshot")));
  afterEach(() => market.rpc("evm_revert", snapshot));
  after(() => market.close());

  const orderOf = async (changes: Partial<Job> = {}): Promise<Order> =>
    market.order(await market.job(opening, { funding: FUNDING.prepaid, ...changes }));
  const deposit = async (amount: bigint, client: Wallet = market.client) => {
    const { chain, provider, token } = market;
    await (await chain.prepaid.connect(client).deposit(client, provider, token, amount, "0x")).wait();
  };
  const announce = async (amount: bigint) => {
    const { chain, client, provider, token } = market;
    await (await chain.prepaid.connect(client).announceWithdrawal(provider, token, amount)).wait();
  };
  const passTime = async (seconds: number) => {
    await market.rpc("evm_increaseTime", seconds);
    await market.rpc("evm_mine");
  };
  const accept = (desk: Desk, order: Order) => desk.accept(order, opening);

  it("of which a deposit for one pays only one, however they race", async () => {
    await deposit(PRICE);
    await withDesk(market, { policy: { maxDelaySeconds: 3_600 } }, async ({ desk, pool }) => {
      const orders = [await orderOf(), await orderOf(), await orderOf()];
      const outcomes = await Promise.allSettled(orders.map((order) => accept(desk, order)));
      expect(outcomes.filter(({ status }) => status === "fulfilled")).to.have.length(1);
      for (const outcome of outcomes)
        if (outcome.status === "rejected")
          expect(await refusalOf(Promise.reject(outcome.reason))).to.equal("insufficient-funds");
      const served = outcomes.findIndex(({ status }) => status === "fulfilled");
      await whenIn(desk, idOfOrder(orders[served], market.chain.chainId), "proven");
      expect(pool.proven).to.have.length(1);
      expect(await refusalOf(desk.check(await orderOf()))).to.equal("insufficient-funds");
      await deposit(PRICE);
      await desk.check(await orderOf());
    });
  });

  it("against a deposit as deep as all of them together ask for", async () => {
    const policy = {
      confirmations: [{ upTo: PRICE, blocks: 1 }, { blocks: 4 }],
      finalDepth: 4,
      maxDelaySeconds: 3_600,
    };
    await deposit(2n * PRICE);
    await withDesk(market, { policy }, async ({ desk }) => {
      await accept(desk, await orderOf());
      const second = await orderOf();
      expect(await refusalOf(accept(desk, second))).to.equal("insufficient-funds");
      for (let block = 0; block < 3; ++block) await market.rpc("evm_mine");
      await whenSeen(market, desk);
      await accept(desk, second);
    });
  });

  it("against a deposit less what a withdrawal could take before the latest deadline of all", async () => {
    await deposit(3n * PRICE);
    await announce(2n * PRICE);
    // The announcement matures in a day: all is secured for an hour, until the day is nearly over.
    await withDesk(market, { policy: { maxDelaySeconds: 100_000, marginSeconds: 1 } }, async ({ desk }) => {
      const first = await accept(desk, await orderOf());
      await whenIn(desk, first.jobId, "proven");
      await passTime(86_400 - 1_800);
      await whenIn(desk, first.jobId, "closed", "settled");
      // Past the first order's deadline; the withdrawal comes before that of the next.
      const [second, third] = [await orderOf(), await orderOf()];
      await accept(desk, second);
      expect(await refusalOf(desk.check(third))).to.equal("insufficient-funds");
      // Before the withdrawal matures, a short order would be secured alone, not beside the second.
      const short = await orderOf({ deadline: second.job.deadline - 3_000n });
      expect(await refusalOf(desk.check(short))).to.equal("insufficient-funds");
    });
  });

  it("and counts what a settlement took since the block at which the deposit was read", async () => {
    await deposit(PRICE);
    const policy = { confirmations: [{ blocks: 4 }], finalDepth: 4 };
    await withDesk(market, { policy }, async ({ desk }) => {
      expect(await refusalOf(desk.check(await orderOf()))).to.equal("insufficient-funds");
      await market.rpc("hardhat_mine", "0x4");
      await whenSeen(market, desk);
      const first = await orderOf();
      const { jobId } = await accept(desk, first);
      await whenIn(desk, jobId, "settled");
      // Three blocks back the deposit is still there, though it is spent.
      expect(await refusalOf(desk.check(await orderOf()))).to.equal("insufficient-funds");
    });
  });

  it("which it settles together, each paid once, with the words given before", async () => {
    await deposit(2n * PRICE);
    await deposit(PRICE, market.other);
    const { client, other, provider, token } = market;
    await withDesk(market, { policy: { batchSize: 3, maxDelaySeconds: 3_600 } }, async ({ desk, journal }) => {
      const orders = [await orderOf(), await orderOf(), await orderOf({ client: other.address })];
      const ids = (await Promise.all(orders.slice(0, 2).map((order) => accept(desk, order)))).map(({ jobId }) => jobId);
      for (const id of ids) {
        const view = await desk.result(id, 10_000);
        expect([view.status, view.result!.words]).to.deep.equal(["proven", market.infer(opening).words]);
      }
      expectSent(journal);
      ids.push((await accept(desk, orders[2])).jobId);
      const views = await Promise.all(ids.map((id) => whenIn(desk, id, "settled")));
      expect(new Set(views.map(({ settled }) => settled!.transaction)).size).to.equal(1);
      expect(await market.chain.prepaid.creditOf(provider, token)).to.equal((3n * PRICE * 9_950n) / 10_000n);
      expect(await market.chain.prepaid.depositOf(client, provider, token)).to.equal(0n);
    });
  });

  it("and settles them before their deadlines, though there is time to gather more", async () => {
    await deposit(2n * PRICE);
    await withDesk(market, { policy: { maxDelaySeconds: 100_000 } }, async ({ desk, journal }) => {
      const { jobId } = await accept(desk, await orderOf());
      await whenIn(desk, jobId, "proven");
      expectSent(journal);
      await passTime(3_600 - 61);
      await whenIn(desk, jobId, "settled");
    });
  });

  it("and settles what was proven when it is opened again", async () => {
    await deposit(2n * PRICE);
    await inFolder(async (folder) => {
      const policy = { maxDelaySeconds: 3_600 };
      const first = await deskOver(folder, market, { policy });
      const { jobId } = await accept(first.desk, await orderOf());
      await whenIn(first.desk, jobId, "proven");
      await first.end();
      const second = await deskOver(folder, market, { policy: { ...policy, maxDelaySeconds: 0 } });
      await whenIn(second.desk, jobId, "settled");
      expect(second.pool.proven).to.deep.equal([]);
      await second.end();
    });
  });
});
