import { expect } from "chai";
import { network } from "hardhat";
import type { Job } from "../../src/codec/statement.ts";
import { NO_PROOF, SKIP, deployBatchMarket, unproven } from "./batchMarket.ts";
import { AMOUNT } from "./market.ts";

const connection = await network.create();
const { networkHelpers } = connection;

/** Two open jobs, one of them with an accepted bond, and of each two others under its nonce: with a lower and a higher id. */
async function deployPairs() {
  const market = await deployBatchMarket(connection);
  const { escrow, jobId, models, newJob, bonded, start, provider } = market;
  const { modelId } = models.doomed;
  const jobs = [newJob({ modelId }), newJob({ modelId, ...bonded })];
  await start(...jobs);
  const otherOf = (job: Job, isLower: boolean): Job => {
    let other = { ...job, amount: AMOUNT + 1n };
    // Ids are hashes: however low or high the job's own is, some amount gives a lower and some a higher one.
    while (jobId(other) < jobId(job) !== isLower) other = { ...other, amount: other.amount + 1n };
    return other;
  };
  const pairs = jobs.flatMap((job) => [true, false].map((isLower) => ({ job, other: otherOf(job, isLower) })));
  const termsOf = (job: Job) => `${jobId(job).slice(0, -2)}00`;
  const asProvider = escrow.connect(provider);

  /** Nothing can be done under the other terms, and a batch says why. */
  const expectRefused = async (): Promise<void> => {
    for (const { job, other } of pairs) {
      const calls = [
        () => escrow.stateOf(other),
        () => escrow.settle(other, [], NO_PROOF),
        () => escrow.refund(other),
        () => asProvider.cancel(other),
        ...(job.bond === 0n ? [] : [() => asProvider.accept(other, "0x")]),
      ];
      for (const call of calls) {
        await expect(call())
          .to.be.revertedWithCustomError(escrow, "JobTermsMismatch")
          .withArgs(termsOf(job), termsOf(other));
      }
      const batch = escrow.settleBatch([unproven(other)]);
      expect(await market.eventsOf(batch)).to.deep.equal([market.skipped(other, 0, SKIP.otherTerms)]);
    }
  };
  return { ...market, jobs, expectRefused };
}

describe("other terms than a job was opened with, their id lower or higher,", () => {
  it("are refused everywhere and named", async () => {
    const { expectRefused } = await networkHelpers.loadFixture(deployPairs);
    await expectRefused();
  });

  it("are refused for that, whether the job expired or its key is stopped", async () => {
    const { expectRefused, terms, stop, models } = await networkHelpers.loadFixture(deployPairs);
    await networkHelpers.time.increaseTo(terms.deadline);
    await expectRefused();
    await stop(models.doomed);
    await expectRefused();
  });

  it("are refused for that, though the job was settled or refunded", async () => {
    const { expectRefused, escrow, deliver, jobs, provider } = await networkHelpers.loadFixture(deployPairs);
    const open = await networkHelpers.takeSnapshot();
    for (const { job, words, proof } of jobs.map((job) => deliver(job))) await escrow.settle(job, words, proof);
    await expectRefused();
    await open.restore();
    for (const job of jobs) await escrow.connect(provider).cancel(job);
    await expectRefused();
  });
});
