import { expect } from "chai";
import { network } from "hardhat";
import type { Job } from "../../src/codec/statement.ts";
import { ACCEPTED, FUNDED, NONE, REFUNDED, REVOKED, SETTLED, bondMarkets, withEachFieldChanged } from "./bondMarket.ts";
import { AMOUNT } from "./market.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const { allowance: deploy } = bondMarkets(connection);

async function deployFunded() {
  const market = await deploy();
  await market.open();
  const cancel = (of: Job = market.job) => market.escrow.connect(market.provider).cancel(of);
  return { ...market, cancel };
}

describe("cancel", () => {
  it("gives the deposit back and says who gave the job up", async () => {
    const { escrow, job, jobId, cancel, credits } = await networkHelpers.loadFixture(deployFunded);
    const call = cancel();
    await expect(call).to.emit(escrow, "JobCancelled").withArgs(jobId(job), job.provider);
    await expect(call).to.emit(escrow, "JobRefunded").withArgs(jobId(job), job.client, AMOUNT, 0n, job.client);
    expect(await credits()).to.deep.equal({ client: AMOUNT, provider: 0n });
    expect(await escrow.stateOf(job)).to.equal(REFUNDED);
  });

  it("works for a job without a bond", async () => {
    const { escrow, terms, client, cancel } = await networkHelpers.loadFixture(deployFunded);
    const job = { ...terms, nonce: 7n };
    await escrow.connect(client).open(job, "0x");
    await cancel(job);
    expect(await escrow.creditOf(client, job.token)).to.equal(AMOUNT);
  });

  for (const state of ["Funded", "Accepted"] as const) {
    for (const at of ["acceptBy", "deadline"] as const) {
      for (const offset of [-1n, 0n, 1n]) {
        it(`takes no notice of the time: ${state}, ${at} ${offset < 0n ? "" : "+"}${offset} s`, async () => {
          const { escrow, job, cancel, accept } = await networkHelpers.loadFixture(deployFunded);
          if (state === "Accepted") await accept();
          await networkHelpers.time.setNextBlockTimestamp(job[at] + offset);
          await cancel();
          expect(await escrow.stateOf(job)).to.equal(REFUNDED);
        });
      }
    }
  }

  it("is the provider's alone", async () => {
    const { escrow, job, client, stranger } = await networkHelpers.loadFixture(deployFunded);
    for (const caller of [client, stranger]) {
      await expect(escrow.connect(caller).cancel(job))
        .to.be.revertedWithCustomError(escrow, "NotProvider")
        .withArgs(caller.address, job.provider);
    }
    expect(await escrow.stateOf(job)).to.equal(FUNDED);
  });

  it("works once, and only for an open job", async () => {
    const { escrow, job, client, provider, open, accept, cancel, words, prove, jobId } =
      await networkHelpers.loadFixture(deployFunded);
    const expectRefused = async (of: Job, state: bigint) =>
      expect(cancel(of)).to.be.revertedWithCustomError(escrow, "JobNotInState").withArgs(jobId(of), state, FUNDED);
    await accept();
    await cancel();
    await expectRefused(job, REFUNDED);
    const [settled, revoked, never] = [2n, 3n, 4n].map((nonce) => ({ ...job, nonce }));
    await open(settled);
    await accept(settled);
    await escrow.settle(settled, words, prove(settled));
    await expectRefused(settled, SETTLED);
    await escrow.connect(client).revoke(provider, revoked.nonce);
    await expectRefused(revoked, REVOKED);
    await expectRefused(never, NONE);
  });

  it("ends every other way out: nothing is paid twice", async () => {
    const { escrow, job, accept, cancel, words, prove, jobId, credits } =
      await networkHelpers.loadFixture(deployFunded);
    await accept();
    await cancel();
    const before = await credits();
    await networkHelpers.time.setNextBlockTimestamp(job.deadline - 1n);
    await expect(escrow.settle(job, words, prove(job)))
      .to.be.revertedWithCustomError(escrow, "JobNotInState")
      .withArgs(jobId(job), REFUNDED, ACCEPTED);
    await networkHelpers.time.increaseTo(job.deadline);
    for (const call of [() => escrow.refund(job), () => accept(), () => cancel()]) {
      await expect(call())
        .to.be.revertedWithCustomError(escrow, "JobNotInState")
        .withArgs(jobId(job), REFUNDED, FUNDED);
    }
    expect(await credits()).to.deep.equal(before);
  });

  it("refuses other terms than those that were opened", async () => {
    const { escrow, job, cancel, accept, stranger } = await networkHelpers.loadFixture(deployFunded);
    await accept();
    for (const other of withEachFieldChanged(job, stranger.address)) {
      const moved = other.client !== job.client || other.nonce !== job.nonce;
      const error = other.provider !== job.provider ? "NotProvider" : moved ? "JobNotInState" : "JobTermsMismatch";
      await expect(cancel(other)).to.be.revertedWithCustomError(escrow, error);
    }
    expect(await escrow.stateOf(job)).to.equal(ACCEPTED);
  });
});
