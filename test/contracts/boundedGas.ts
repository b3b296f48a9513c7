import { expect } from "chai";
import type { ContractTransactionResponse } from "ethers";
import { network } from "hardhat";
import type { Job } from "../../src/codec/statement.ts";
import type { BatchMarket } from "./batchMarket.ts";
import { IN_ETHER, deployBatchMarket, unproven } from "./batchMarket.ts";
import { AMOUNT } from "./market.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { loadFixture, takeSnapshot, time } = networkHelpers;
const deploy = () => deployBatchMarket(connection);

/** Gas of the last of some calls, all of which are undone. */
async function gasOf(call: () => Promise<ContractTransactionResponse>): Promise<bigint> {
  const snapshot = await takeSnapshot();
  const { gasUsed } = (await (await call()).wait())!;
  await snapshot.restore();
  return gasUsed;
}

/** Gas of every call for the same job, as if it were the next. */
async function gasOfEach(market: BatchMarket, job: Job): Promise<Record<string, bigint>> {
  const { escrow, provider, client, open, accept, start, deliver } = market;
  const { words, proof } = deliver(job);
  const after = (call: () => Promise<ContractTransactionResponse>) =>
    gasOf(async () => {
      await start(job);
      return call();
    });
  const refund = async () => {
    await time.increaseTo(job.deadline);
    return escrow.refund(job);
  };
  return {
    open: await gasOf(() => open(job)),
    accept: await gasOf(async () => {
      await open(job);
      return accept(job);
    }),
    cancel: await after(() => escrow.connect(provider).cancel(job)),
    settle: await after(() => escrow.settle(job, words, proof)),
    settleBatch: await after(() => escrow.settleBatch([{ job, words, proof }])),
    skip: await gasOf(() => escrow.settleBatch([{ job, words, proof }])),
    refund: await after(refund),
    revoke: await gasOf(() => escrow.revoke(job.provider, job.nonce)),
    withdraw: await gasOf(() => escrow.connect(client).withdraw(job.token, client)),
    withdrawFor: await gasOf(() => escrow.withdrawFor(job.token, provider)),
  };
}

/** Every kind of end for one job each, and some that stay open. */
async function liveOnce({ escrow, provider, newJob, bonded, open, start, deliver }: BatchMarket): Promise<void> {
  for (const changes of [bonded, { ...bonded, ...IN_ETHER }]) {
    const jobs = Array.from({ length: 5 }, () => newJob(changes));
    await start(...jobs);
    const [single, inBatch, alsoInBatch, cancelled] = jobs.map((job) => deliver(job));
    await escrow.settle(single.job, single.words, single.proof);
    await escrow.settleBatch([inBatch, single, alsoInBatch]);
    await escrow.connect(provider).cancel(cancelled.job);
    await open(newJob(changes));
  }
}

describe("gas", () => {
  it("of a call is the same to the unit after one job of each kind and after many (invariant 27)", async () => {
    const market = await loadFixture(deploy);
    const { escrow, newJob, bonded, provider, terms } = market;
    const jobs = [newJob({ ...bonded, inputCommitment: terms.inputCommitment }), newJob({ ...bonded, ...IN_ETHER })];
    await liveOnce(market);
    const measure = async () => {
      const figures: Record<string, bigint>[] = [];
      for (const job of jobs) figures.push(await gasOfEach(market, job));
      return figures;
    };
    const early = await measure();
    for (let round = 0; round < 8; round++) await liveOnce(market);
    for (let count = 0; count < 20; count++) await escrow.revoke(provider, newJob().nonce);
    expect(await measure()).to.deep.equal(early);
  });

  it("of a batch grows by the same for every item, paid or left out (E10)", async () => {
    const { escrow, newJob, start, deliver } = await loadFixture(deploy);
    const jobs = Array.from({ length: 65 }, () => newJob());
    await start(...jobs);
    const [first, ...items] = jobs.map((job) => deliver(job));
    // Fills the credits, which all items share.
    await escrow.settleBatch([first]);
    const unopened = items.map(() => unproven(newJob({ amount: AMOUNT })));
    for (const [kind, list] of Object.entries({ paid: items, skipped: unopened })) {
      const gas: bigint[] = [];
      for (const count of [1, 16, 32, 64]) gas.push(await gasOf(() => escrow.settleBatch(list.slice(0, count))));
      const slopes = [(gas[1] - gas[0]) / 15n, (gas[2] - gas[1]) / 16n, (gas[3] - gas[2]) / 32n];
      for (const slope of slopes) {
        expect((slope * 100n) / slopes[0], `${kind}: ${slopes.join(" ")}`).to.be.within(98n, 102n);
      }
    }
    expect(await ethers.provider.getBalance(escrow)).to.equal(0n);
  });
});
