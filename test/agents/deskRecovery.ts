import { expect } from "chai";
import { idOfOrder, type Order } from "../../src/agent/order.ts";
import type { JobStatus } from "../../src/agent/provider/desk.ts";
import type { Opening } from "../../src/agent/serveJob.ts";
import { FUNDING, type Job } from "../../src/codec/statement.ts";
import { openAgentMarket, PRICE, type AgentMarket } from "./agentMarket.ts";
import {
  type DeskAtWork,
  deskOver,
  inFolder,
  MintingPool,
  refusalOf,
  HeldSender,
  whenIn,
  whenSeen,
  withDesk,
  expectSent,
} from "./deskFixture.ts";

const PAYOUT = (PRICE * 9_950n) / 10_000n;
const never = new Promise<void>(() => {});

describe("a provider's desk", () => {
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
  const credit = () => market.chain.escrow.creditOf(market.provider, market.token);
  const passTime = async (seconds: number) => {
    await market.rpc("evm_increaseTime", seconds);
    await market.rpc("evm_mine");
  };

  /** What holds a job in a status, for as long as the process lives. */
  const HOLD: Partial<Record<JobStatus, (sender: HeldSender, pool: MintingPool) => void>> = {
    accepted: (sender) => (sender.beforeSending = () => never),
    funded: (_, pool) => (pool.beforeProving = () => never),
    proven: (sender) =>
      (sender.beforeSending = async ({ purpose }) => {
        if (purpose.startsWith("settle")) await never;
      }),
  };

  for (const status of ["accepted", "funded", "proven", "settled"] as const)
    it(`that ended with a job ${status} serves it once when it is opened again`, async () => {
      await inFolder(async (folder) => {
        const [sender, pool] = [new HeldSender(market), new MintingPool(market)];
        HOLD[status]?.(sender, pool);
        const first = await deskOver(folder, market, { sender, pool });
        const order = await orderOf();
        const { jobId } = await first.desk.accept(order, opening);
        const view = await whenIn(first.desk, jobId, status);
        // The words of an escrow job are the client's only once they are paid.
        expect(view.result !== undefined).to.equal(status === "settled");
        await kill(first);
        const second = await deskOver(folder, market);
        await whenIn(second.desk, jobId, "settled");
        await second.desk.accept(order, opening);
        await market.rpc("hardhat_mine", "0x3");
        await whenIn(second.desk, jobId, "final");
        expectSent(second.journal, `open:${jobId}`, `settle:${jobId}`);
        expect([...pool.proven, ...second.pool.proven]).to.deep.equal([jobId]);
        expect(await credit()).to.equal(PAYOUT);
        await second.end();
        const third = await deskOver(folder, market);
        expect((await third.desk.accept(order, opening)).result!.words).to.deep.equal(market.infer(opening).words);
        expect(third.journal.read((database) => database.prepare("SELECT opening FROM jobs").get())).to.deep.include({
          opening: null,
        });
        await third.end();
      });
    });

  it("finds a job settled that was settled while it was away", async () => {
    await inFolder(async (folder) => {
      const sender = new HeldSender(market);
      HOLD.proven!(sender, new MintingPool(market));
      const first = await deskOver(folder, market, { sender });
      const { jobId, job } = await first.desk.accept(await orderOf(), opening);
      await whenIn(first.desk, jobId, "proven");
      await kill(first);
      const inference = market.infer(opening);
      const proof = await market.mint(inference, jobId);
      const escrow = market.chain.escrow.connect(market.other);
      await (await escrow.settle(job, [...inference.words], [...proof] as never)).wait();
      const second = await deskOver(folder, market);
      await whenIn(second.desk, jobId, "settled");
      expectSent(second.journal, `open:${jobId}`);
      await second.end();
    });
  });

  it("settles again, with the same proof, what a reorganisation undid, and opens it again where that is undone too", async () => {
    await withDesk(market, {}, async ({ desk, sender, pool }) => {
      const beforeOpen = await market.rpc("evm_snapshot");
      const { jobId } = await desk.accept(await orderOf(), opening);
      await whenIn(desk, jobId, "settled");
      await whenSeen(market, desk);
      // What the node says from here on is another history, of other blocks.
      await market.rpc("evm_revert", beforeOpen);
      await market.rpc("hardhat_mine", "0x1", "0x5");
      await whenCredited(PAYOUT);
      await whenIn(desk, jobId, "settled");
      expect(pool.proven).to.deep.equal([jobId]);

      let beforeSettle: unknown;
      sender.beforeSending = async ({ purpose }) => {
        if (purpose.startsWith("settle")) beforeSettle ??= await market.rpc("evm_snapshot");
      };
      const second = await desk.accept(await orderOf(), opening);
      await whenIn(desk, second.jobId, "settled");
      await whenSeen(market, desk);
      await market.rpc("evm_revert", beforeSettle);
      await market.rpc("hardhat_mine", "0x3", "0x5");
      await whenCredited(2n * PAYOUT);
      await market.rpc("hardhat_mine", "0x3");
      const { settled } = await whenIn(desk, second.jobId, "final");
      expect(pool.proven).to.deep.equal([jobId, second.jobId]);
      const block = await market.chain.provider.getBlock(settled!.blockNumber);
      expect(block!.transactions).to.include(settled!.transaction);
    });
  });

  it("proves nothing for a client that takes its money away between the check and the opening", async () => {
    const { chain, client, token } = market;
    const collector = await chain.escrow.collectorOf(FUNDING.allowance);
    await (await token.connect(client).approve(collector, PRICE)).wait();
    await withDesk(market, {}, async ({ desk, journal, sender, pool }) => {
      sender.beforeSending = async () => void (await (await token.connect(client).approve(collector, 0)).wait());
      const order = await orderOf({ funding: FUNDING.allowance });
      await desk.check(order);
      const { jobId } = await desk.accept(order, opening);
      const view = await desk.result(jobId, 10_000);
      expect([view.status, view.result]).to.deep.equal(["closed", undefined]);
      expect(view.reason).to.match(/^the client's money cannot be taken: ERC20InsufficientAllowance\(/);
      expect(pool.proven).to.deep.equal([]);
      expectSent(journal);
    });
  });

  it("gives the money back at once where a job cannot be proven", async () => {
    await withDesk(market, {}, async ({ desk, journal, pool }) => {
      pool.beforeProving = () => Promise.reject(new Error("no witness"));
      const { jobId } = await desk.accept(await orderOf(), opening);
      const view = await desk.result(jobId, 10_000);
      expect([view.status, view.reason]).to.deep.equal(["closed", "the deposit went back to the client"]);
      expectSent(journal, `open:${jobId}`, `cancel:${jobId}`);
      expect(await market.chain.escrow.creditOf(market.client, market.token)).to.equal(PRICE);
    });
  });

  it("gives the money back at once where a proof would come too late to be settled", async () => {
    await withDesk(market, { policy: { blockSeconds: 100 } }, async ({ desk, journal, pool }) => {
      pool.beforeProving = () => never;
      const { jobId } = await desk.accept(await orderOf(), opening);
      await whenIn(desk, jobId, "funded");
      await passTime(3_550);
      const { reason } = await whenIn(desk, jobId, "closed");
      expect(reason).to.equal("the deposit went back to the client");
      expectSent(journal, `open:${jobId}`, `cancel:${jobId}`);
    });
  });

  it("sends no settlement that its deadline would revert, and closes the job when the chain's time has passed it", async () => {
    await withDesk(market, {}, async ({ desk, journal, sender, pool }) => {
      const order = await orderOf();
      const heldId = idOfOrder(order, market.chain.chainId);
      pool.beforeProving = ({ subject }) => (subject === heldId ? never : Promise.resolve());
      HOLD.proven!(sender, pool);
      const held = await desk.accept(order, opening);
      await whenIn(desk, held.jobId, "funded");
      const proven = await desk.accept(await orderOf(), opening);
      await whenIn(desk, proven.jobId, "proven");
      await passTime(3_601);
      for (const { jobId } of [held, proven]) {
        const { reason } = await whenIn(desk, jobId, "closed");
        expect(reason).to.equal("the deadline passed before it was settled");
      }
      expectSent(journal, `open:${held.jobId}`, `open:${proven.jobId}`);
    });
  });

  it("asks the chain for the time: its own clock may be an hour off", async () => {
    const realNow = Date.now;
    for (const hours of [-1, 1])
      await withDesk(market, {}, async ({ desk }) => {
        Date.now = () => realNow() + hours * 3_600_000;
        try {
          const { jobId } = await desk.accept(await orderOf(), opening);
          await whenIn(desk, jobId, "settled");
          const now = BigInt((await market.chain.provider.getBlock("latest"))!.timestamp);
          expect(await refusalOf(desk.check(await orderOf({ deadline: now - 1n })))).to.equal("order-expired");
          expect(await refusalOf(desk.check(await orderOf({ deadline: now + 3_700n })))).to.equal("deadline-too-far");
        } finally {
          Date.now = realNow;
        }
      });
  });

  it("settles jobs that wait together in one transaction, which is cheaper than one each", async () => {
    await withDesk(market, {}, async ({ desk, sender }) => {
      let release!: () => void;
      const released = new Promise<void>((resolve) => (release = resolve));
      sender.beforeSending = ({ purpose }) => (purpose.startsWith("settle") ? released : Promise.resolve());
      const first = await desk.accept(await orderOf(), opening);
      await whenIn(desk, first.jobId, "proven");
      release();
      await whenIn(desk, first.jobId, "settled");
      const orders = await Promise.all([orderOf(), orderOf(), orderOf(), orderOf()]);
      const views = await Promise.all(orders.map((order) => desk.accept(order, opening)));
      const settled = await Promise.all(views.map(({ jobId }) => whenIn(desk, jobId, "settled")));
      const transactions = [...new Set(settled.map((view) => view.settled!.transaction))];
      expect(transactions).to.have.length.below(4);
      const alone = await gasOf(desk.job(first.jobId).settled!.transaction);
      const together = await Promise.all(transactions.map(gasOf));
      expect(together.reduce((sum, gas) => sum + gas)).to.be.below(4n * alone);
      expect(await credit()).to.equal(5n * PAYOUT);
    });
  });

  it("tells each change of a job to whoever follows it, and forgets followers that left", async () => {
    await withDesk(market, {}, async ({ desk }) => {
      const order = await orderOf();
      const { jobId } = await desk.accept(order, opening);
      const seen: JobStatus[] = [];
      for await (const { status } of desk.follow(jobId, AbortSignal.timeout(10_000))) seen.push(status);
      expect(seen.at(-1)).to.equal("settled");
      expect(seen).to.include.members(["accepted", "settled"]);
      for await (const view of desk.follow(jobId, new AbortController().signal)) expect(view.jobId).to.equal(jobId);
      expect((await desk.result(jobId, 0)).status).to.equal("settled");
    });
  });

  /** Ends a desk whose work hangs, as a kill would: its journal is closed first, so that nothing is written any more. */
  async function kill({ journal, desk, sender }: DeskAtWork): Promise<void> {
    journal.close();
    await Promise.allSettled([desk.close(), sender.close()]);
  }

  const gasOf = async (transaction: string): Promise<bigint> =>
    (await market.chain.provider.getTransactionReceipt(transaction))!.gasUsed;

  async function whenCredited(amount: bigint): Promise<void> {
    for (let tries = 0; tries < 500; tries++) {
      if ((await credit()) === amount) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`credit: got ${await credit()}, want ${amount}`);
  }
});
