import { expect } from "chai";
import type { ContractTransactionResponse } from "ethers";
import { network } from "hardhat";
import { BOND, bondMarkets } from "./bondMarket.ts";
import { AMOUNT, NO_ONE } from "./market.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { allowance: deploy } = bondMarkets(connection);

/** A market, and the escrow's events of a transaction in their order, as name and arguments. */
async function deployListening() {
  const market = await deploy();
  const address = await market.escrow.getAddress();
  const eventsOf = async (call: Promise<ContractTransactionResponse>) =>
    (await (await call).wait())!.logs
      .filter((log) => log.address === address)
      .map((log) => market.escrow.interface.parseLog(log)!)
      .map(({ name, args }) => [name, ...(args.toArray(true) as unknown[])]);
  return { ...market, address, eventsOf, id: BigInt(market.jobId(market.job)) };
}

describe("the escrow's events", () => {
  it("tell an opened job in its own words and in those of ERC-8183", async () => {
    const { job, open, jobId, eventsOf, address, id } = await networkHelpers.loadFixture(deployListening);
    const { client, provider, deadline } = job;
    expect(await eventsOf(open())).to.deep.equal([
      ["JobOpened", jobId(job), client, provider, Object.values({ ...job, funding: BigInt(job.funding) })],
      ["JobCreated", id, client, provider, address, deadline, NO_ONE],
      ["JobFunded", id, client, AMOUNT],
    ]);
  });

  it("tell an acceptance, and a settlement once", async () => {
    const { escrow, job, open, accept, words, prove, jobId, eventsOf } =
      await networkHelpers.loadFixture(deployListening);
    await open();
    expect(await eventsOf(accept())).to.deep.equal([["JobAccepted", jobId(job), job.provider, BOND]]);
    const events = await eventsOf(escrow.settle(job, words, prove(job)));
    expect(events.map(([name]) => name).filter((name) => name === "JobSettled")).to.have.length(1);
  });

  it("tell a refund before the deadline as no expiry, and from the deadline on as one", async () => {
    const { escrow, job, open, jobId, eventsOf, id } = await networkHelpers.loadFixture(deployListening);
    await open();
    const refunded = [
      ["JobRefunded", jobId(job), job.client, AMOUNT, 0n, job.client],
      ["Refunded", id, job.client, AMOUNT],
    ];
    const snapshot = await networkHelpers.takeSnapshot();
    await networkHelpers.time.setNextBlockTimestamp(job.deadline - 1n);
    expect(await eventsOf(escrow.refund(job))).to.deep.equal(refunded);
    await snapshot.restore();
    await networkHelpers.time.setNextBlockTimestamp(job.deadline);
    expect(await eventsOf(escrow.refund(job))).to.deep.equal([["JobExpired", id], ...refunded]);
  });

  it("tell a bond that the client won as its refund, and one that went back as none of it", async () => {
    const { escrow, job, open, accept, provider, jobId, eventsOf, id, stopKey } =
      await networkHelpers.loadFixture(deployListening);
    await open();
    await accept();
    const snapshot = await networkHelpers.takeSnapshot();
    const cancelled = ["JobCancelled", jobId(job), job.provider];
    expect(await eventsOf(escrow.connect(provider).cancel(job))).to.deep.equal([
      cancelled,
      ["JobRefunded", jobId(job), job.client, AMOUNT, BOND, job.client],
      ["Refunded", id, job.client, AMOUNT + BOND],
    ]);
    await snapshot.restore();
    await stopKey();
    expect(await eventsOf(escrow.connect(provider).cancel(job))).to.deep.equal([
      cancelled,
      ["JobRefunded", jobId(job), job.client, AMOUNT, BOND, job.provider],
      ["Refunded", id, job.client, AMOUNT],
    ]);
  });

  it("of ERC-8183 have the topics of the draft", async () => {
    const { escrow } = await networkHelpers.loadFixture(deployListening);
    const signatures = {
      JobCreated: "JobCreated(uint256,address,address,address,uint256,address)",
      JobFunded: "JobFunded(uint256,address,uint256)",
      JobExpired: "JobExpired(uint256)",
      Refunded: "Refunded(uint256,address,uint256)",
    };
    for (const [name, signature] of Object.entries(signatures)) {
      expect(escrow.interface.getEvent(name as "Refunded").topicHash).to.equal(ethers.id(signature));
    }
  });
});
