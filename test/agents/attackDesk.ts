import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import type { Log } from "ethers";
import { idOfOrder, type Order } from "../../src/agent/order.ts";
import { ChainEvents } from "../../src/agent/provider/chainEvents.ts";
import type { Desk } from "../../src/agent/provider/desk.ts";
import type { DeskContext } from "../../src/agent/provider/deskContext.ts";
import type { Opening } from "../../src/agent/serveJob.ts";
import { openJob } from "../../src/agent/openJob.ts";
import { FUNDING, type Job } from "../../src/codec/statement.ts";
import { openAgentMarket, PRICE, type AgentMarket } from "./agentMarket.ts";
import { deskOver, expectSent, inFolder, MintingPool, refusalOf, whenIn, whenSeen, withDesk } from "./deskFixture.ts";

const GWEI = 10n ** 9n;
const never = new Promise<void>(() => {});

/** A promise that is resolved from outside. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

describe("a provider's desk against hostile buyers", () => {
  let market: AgentMarket;
  let opening: Opening;
  let snapshot: unknown;
  before(async () => {
    market = await openAgentMarket();
    opening = await market.opening();
  });
  beforeEach(async () => void (snapshot = await market.rpc("evm_snapshot")));
  afterEach(() => market.rpc("evm_revert", snapshot));
  after(() => market.close());

  const orderOf = async (changes: Partial<Job> = {}): Promise<Order> =>
    market.order(await market.job(opening, changes));
  const accept = (desk: Desk, order: Order) => desk.accept(order, opening);
  const pending = async () => Number(await market.rpc("eth_getBlockTransactionCountByNumber", "pending"));

  it("pays for one opening in vain of a client, and for no second while the first may still count", async () => {
    const { client, other, rpc, token } = market;
    await withDesk(market, {}, async ({ desk, journal }) => {
      await rpc("evm_setAutomine", false);
      const { jobId } = await accept(desk, await orderOf());
      while ((await pending()) === 0) await sleep(10);
      // First in the block, for its tip.
      const fees = { maxFeePerGas: 100n * GWEI, maxPriorityFeePerGas: 50n * GWEI, gasLimit: 100_000n };
      const all = await token.balanceOf(client);
      await token.connect(client).transfer(other, all, fees);
      await rpc("evm_mine");
      await rpc("evm_setAutomine", true);
      await whenIn(desk, jobId, "closed");
      await (await token.connect(other).transfer(client, all)).wait();
      expectSent(journal, `open:${jobId}`);
      expect(await refusalOf(accept(desk, await orderOf()))).to.equal("insufficient-funds");
      await accept(desk, await orderOf({ client: other.address }));
    });
  });

  it("opens no two jobs with the same money, however they race", async () => {
    const { client, other, token } = market;
    await (await token.connect(client).transfer(other, (await token.balanceOf(client)) - PRICE)).wait();
    await withDesk(market, {}, async ({ desk, sender }) => {
      sender.beforeSending = () => never;
      const orders = await Promise.all([orderOf(), orderOf(), orderOf()]);
      const outcomes = await Promise.allSettled(orders.map((order) => accept(desk, order)));
      expect(outcomes.filter(({ status }) => status === "fulfilled")).to.have.length(1);
      expect(await refusalOf(accept(desk, await orderOf()))).to.equal("too-busy");
    });
  });

  it("sends no words that waited for another settlement until their deadline was too near", async () => {
    await withDesk(market, { policy: { blockSeconds: 12 } }, async ({ desk, sender, pool }) => {
      const tried: string[] = [];
      const [firstProof, hastyProof, settling] = [gate(), gate(), gate()];
      sender.beforeSending = async ({ purpose }) => {
        tried.push(purpose);
        if (purpose.startsWith("settle")) await settling.opened;
      };
      const order = await orderOf();
      const first = idOfOrder(order, market.chain.chainId);
      pool.beforeProving = ({ subject }) => (subject === first ? firstProof : hastyProof).opened;
      await accept(desk, order);
      const { jobId: hasty } = await accept(desk, await orderOf({ deadline: order.job.deadline - 600n }));
      for (const id of [first, hasty]) await whenIn(desk, id, "funded");
      firstProof.open();
      while (!tried.includes(`settle:${first}`)) await sleep(10);
      hastyProof.open();
      await whenIn(desk, hasty, "proven");
      await market.rpc("evm_increaseTime", 3_600 - 600 - 8);
      await market.rpc("evm_mine");
      await whenSeen(market, desk);
      settling.open();
      await whenIn(desk, first, "settled");
      await sleep(300);
      expect(tried.filter((purpose) => purpose.startsWith("settle"))).to.deep.equal([`settle:${first}`]);
    });
  });

  it("settles each of a batch that cannot be settled together, whatever becomes of the others", async () => {
    await withDesk(market, {}, async ({ desk, sender }) => {
      const tried: string[] = [];
      const [held, stuck, free] = await Promise.all([orderOf(), orderOf(), orderOf()]);
      const ids = [held, stuck, free].map((order) => idOfOrder(order, market.chain.chainId));
      const settling = gate();
      sender.beforeSending = async ({ purpose }) => {
        tried.push(purpose);
        if (purpose === `settle:${ids[0]}`) return settling.opened;
        if (purpose === `settle:${ids[1]}`) return never;
        if (purpose.startsWith("settle") && purpose !== `settle:${ids[2]}`) throw new Error("nothing together");
      };
      await accept(desk, held);
      while (!tried.includes(`settle:${ids[0]}`)) await sleep(10);
      for (const order of [stuck, free]) await accept(desk, order);
      for (const id of ids.slice(1)) await whenIn(desk, id, "proven");
      settling.open();
      await whenIn(desk, ids[2], "settled");
      expect(tried).to.include(`settle:${ids[1]}`);
    });
  });

  it("takes no more at once than it can prove by their deadlines", async () => {
    const pool = new MintingPool(market);
    const each = 100;
    pool.secondsUntilProven = async (_model?: string, ahead?: ReadonlyMap<string, number>) =>
      each * (1 + (ahead?.get(market.offer.name) ?? 0));
    await withDesk(market, { pool }, async ({ desk, sender }) => {
      sender.beforeSending = () => never;
      const { deadline } = await market.job(opening);
      const burst = await Promise.all(Array.from({ length: 6 }, () => orderOf({ deadline: deadline - 3_250n })));
      const outcomes = await Promise.allSettled(burst.map((order) => accept(desk, order)));
      // 350 seconds, of which the margin takes 60, are enough for two proofs.
      expect(outcomes.filter(({ status }) => status === "fulfilled")).to.have.length(2);
    });
  });

  it("takes back from the provers what an earlier process left them of a job that is over", async () => {
    await inFolder(async (folder) => {
      const first = await deskOver(folder, market);
      first.pool.beforeProving = () => never;
      const { jobId } = await accept(first.desk, await orderOf());
      await whenIn(first.desk, jobId, "funded");
      await first.end();
      await market.rpc("evm_increaseTime", 3_601);
      await market.rpc("evm_mine");
      const second = await deskOver(folder, market);
      await whenIn(second.desk, jobId, "closed");
      expect(second.pool.forgotten).to.include(jobId);
      await second.end();
    });
  });

  it("asks nothing of the chain at each block for jobs that wait for their clients", async () => {
    const forever = (1n << 63n) - 1n;
    const job = await market.job(opening, { funding: FUNDING.allowance, deadline: forever });
    await withDesk(market, {}, async ({ desk }) => {
      const { jobId } = await openJob(market.chain.escrow, market.client, job);
      await whenSeen(market, desk);
      await whenIn(desk, jobId, "waiting");
      let asked = 0;
      const { provider } = market.chain;
      const send = provider.send.bind(provider);
      provider.send = (method, params) => {
        if (method === "eth_call") asked++;
        return send(method, params);
      };
      for (let block = 0; block < 5; block++) {
        await market.rpc("evm_mine");
        await whenSeen(market, desk);
      }
      await sleep(200);
      provider.send = send;
      expect(asked).to.equal(0);
      expect(idOfOrder({ contract: String(market.chain.escrow.target), job }, market.chain.chainId)).to.equal(jobId);
    });
  });

  it("passes over logs that are no events of the contract that they name (A4)", async () => {
    const { escrow } = market.chain;
    const warnings: string[] = [];
    const jobs = { watched: () => [] };
    const log = { warn: (_: object, message: string) => void warnings.push(message) };
    const events = new ChainEvents({ chain: market.chain, jobs, log } as unknown as DeskContext, () => {});
    const topics = ["JobOpened", "JobSettled", "JobRefunded"].map(
      (name) => escrow.interface.getEvent(name as "JobOpened").topicHash,
    );
    const word = `0x${"11".repeat(32)}`;
    const logs = topics.map(
      (topic) => ({ address: escrow.target, topics: [topic, word, word], data: "0x" }) as unknown as Log,
    );
    const block = (await market.chain.provider.getBlock("latest"))!;
    events.onHead({ number: block.number, hash: block.hash!, timestamp: BigInt(block.timestamp), logs });
    expect(warnings).to.have.length(3);
  });
});
