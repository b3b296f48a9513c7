import { expect } from "chai";
import { openJob } from "../../src/agent/openJob.ts";
import type { Opening } from "../../src/agent/serveJob.ts";
import { FUNDING, type Hex, type Job } from "../../src/codec/statement.ts";
import { openAgentMarket, PRICE, type AgentMarket } from "./agentMarket.ts";
import { deskOver, inFolder, refusalOf, whenIn, whenSeen, withDesk, expectSent } from "./deskFixture.ts";

describe("a provider's desk serves jobs that their clients opened on chain", () => {
  let market: AgentMarket;
  let opening: Opening;
  before(async () => {
    market = await openAgentMarket();
    opening = await market.opening();
  });
  after(() => market.close());

  const opened = async (changes: Partial<Job> = {}): Promise<{ job: Job; jobId: Hex }> => {
    const job = await market.job(opening, { funding: FUNDING.allowance, ...changes });
    return openJob(market.chain.escrow, market.client, job);
  };

  it("once the input is delivered, and takes no input that does not open the commitment", async () => {
    await withDesk(market, {}, async ({ desk, journal, pool }) => {
      const { jobId } = await opened({ amount: PRICE + 1n });
      await whenSeen(market, desk);
      expect(desk.job(jobId).status).to.equal("waiting");
      const other = await market.opening(4);
      expect(await refusalOf(desk.deliverInput(jobId, undefined, other))).to.equal("input-mismatch");
      const invalid = { ...opening, inputs: [] };
      expect(await refusalOf(desk.deliverInput(jobId, undefined, invalid))).to.equal("input-invalid");
      expect(desk.job(jobId).status).to.equal("waiting");
      await desk.deliverInput(jobId, undefined, opening);
      expect(await refusalOf(desk.deliverInput(jobId, undefined, other))).to.equal("input-known");
      await desk.deliverInput(jobId, undefined, opening);
      const view = await desk.result(jobId, 10_000);
      expect(view.result!.words).to.deep.equal(market.infer(opening).words);
      expectSent(journal, `settle:${jobId}`);
      expect(pool.proven).to.deep.equal([jobId]);
    });
  });

  it("that it has not seen, by their terms, if the escrow holds their money", async () => {
    const { job, jobId } = await opened();
    await market.rpc("evm_mine");
    await withDesk(market, {}, async ({ desk }) => {
      expect(await refusalOf(desk.deliverInput(jobId, undefined, opening))).to.equal("unknown-job");
      const dearer = { ...job, amount: job.amount + 1n };
      expect(await refusalOf(desk.deliverInput(jobId, dearer, opening))).to.equal("wrong-terms");
      await desk.deliverInput(jobId, job, opening);
      await whenIn(desk, jobId, "settled");
      const unopened = await market.order(await market.job(opening));
      const id = await market.chain.escrow.hashJob(unopened.job);
      expect(await refusalOf(desk.deliverInput(id, unopened.job, opening))).to.equal("job-not-open");
    });
  });

  it("but ignores those below its price, of other models, with bonds, or for others", async () => {
    const { client, other, chain } = market;
    const deadline = (await market.job(opening)).deadline;
    await withDesk(market, {}, async ({ desk }) => {
      const cheap = await opened({ amount: PRICE - 1n });
      const bonded = await opened({ bond: 1n, acceptBy: deadline - 600n });
      const foreign = await opened({ provider: other.address });
      await whenSeen(market, desk);
      for (const { jobId } of [cheap, bonded, foreign])
        expect(await refusalOf((async () => desk.job(jobId))())).to.equal("unknown-job");
      expect(await refusalOf(desk.deliverInput(cheap.jobId, cheap.job, opening))).to.equal("wrong-terms");
      expect(await refusalOf(desk.deliverInput(bonded.jobId, bonded.job, opening))).to.equal("bond-too-high");
      expect(await refusalOf(desk.deliverInput(foreign.jobId, foreign.job, opening))).to.equal("wrong-terms");
      expect(await chain.escrow.creditOf(client, market.token)).to.equal(0n);
    });
  });

  it("and puts up a bond that its policy allows, after the input was opened", async () => {
    const { chain, provider, token } = market;
    const bond = 1_000n;
    await (await token.mint(provider, bond)).wait();
    await (await token.connect(provider).approve(await chain.escrow.collectorOf(FUNDING.allowance), bond)).wait();
    const { deadline } = await market.job(opening);
    await withDesk(market, { policy: { maxBond: bond } }, async ({ desk, journal }) => {
      const { jobId } = await opened({ bond, acceptBy: deadline - 600n });
      await whenSeen(market, desk);
      expectSent(journal);
      await desk.deliverInput(jobId, undefined, opening);
      await whenIn(desk, jobId, "settled");
      expectSent(journal, `accept:${jobId}`, `settle:${jobId}`);
    });
  });

  it("waits until a deposit lies as deep as its amount asks for", async () => {
    const policy = { confirmations: [{ upTo: PRICE, blocks: 1 }, { blocks: 6 }], finalDepth: 6 };
    await withDesk(market, { policy }, async ({ desk, pool }) => {
      const [small, large] = [await opened(), await opened({ amount: 2n * PRICE })];
      await whenSeen(market, desk);
      for (const { jobId } of [small, large]) await desk.deliverInput(jobId, undefined, opening);
      await whenIn(desk, small.jobId, "settled");
      await whenSeen(market, desk);
      expect(pool.proven).not.to.include(large.jobId);
      expect(desk.job(large.jobId).status).to.equal("accepted");
      await market.rpc("hardhat_mine", "0x6");
      await whenIn(desk, large.jobId, "settled");
    });
  });

  it("and forgets none that were opened or refunded while it was away", async () => {
    await inFolder(async (folder) => {
      const first = await deskOver(folder, market);
      const { job, jobId } = await opened();
      await whenSeen(market, first.desk);
      await first.end();
      await (await market.chain.escrow.connect(market.provider).cancel(job)).wait();
      const second = await deskOver(folder, market);
      const view = await whenIn(second.desk, jobId, "closed");
      expect(view.reason).to.equal("the deposit went back to the client");
      expect(await refusalOf(second.desk.deliverInput(jobId, undefined, opening))).to.equal("job-not-open");
      await second.end();
    });
  });
});
