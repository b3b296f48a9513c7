import { expect } from "chai";
import { network } from "hardhat";
import { ACCEPTED, bondMarkets } from "./bondMarket.ts";
import { AMOUNT, deployMarket } from "./market.ts";

const connection = await network.create();
const { ethers, networkHelpers, provider } = connection;
const { allowance: withBond } = bondMarkets(connection);
const [FUNDED, SETTLED, REFUNDED] = [1n, 3n, 4n];

async function deployOpenJob() {
  const market = await deployMarket(connection);
  await market.escrow.open(market.terms, "0x");
  return { ...market, proof: market.prove(market.terms) };
}

describe("refund", () => {
  for (const [offset, refunds] of [
    [-1n, false],
    [0n, true],
    [1n, true],
  ] as const) {
    it(`${refunds ? "credits the client" : "refuses"} at the deadline ${offset < 0n ? "" : "+"}${offset} s`, async () => {
      const { escrow, terms, stranger, jobId } = await networkHelpers.loadFixture(deployOpenJob);
      const now = terms.deadline + offset;
      await networkHelpers.time.setNextBlockTimestamp(now);
      const call = escrow.connect(stranger).refund(terms);
      if (refunds) {
        await expect(call)
          .to.emit(escrow, "JobRefunded")
          .withArgs(jobId(terms), terms.client, AMOUNT, 0n, terms.client);
      } else {
        await expect(call).to.be.revertedWithCustomError(escrow, "RefundNotDue").withArgs(terms.deadline, now);
      }
      expect(await escrow.stateOf(terms)).to.equal(refunds ? REFUNDED : FUNDED);
      expect(await escrow.creditOf(terms.client, terms.token)).to.equal(refunds ? AMOUNT : 0n);
    });
  }

  // [state, acceptBy before the deadline, time, offsets at which a refund is due]
  const bonds = [
    ["Funded", true, "acceptBy", [0n, 1n]],
    ["Funded", true, "deadline", [-1n, 0n, 1n]],
    ["Funded", false, "deadline", [0n, 1n]],
    ["Accepted", true, "acceptBy", []],
    ["Accepted", true, "deadline", [0n, 1n]],
    ["Accepted", false, "deadline", [0n, 1n]],
  ] as [string, boolean, "acceptBy" | "deadline", bigint[]][];
  for (const [state, early, at, due] of bonds) {
    for (const offset of [-1n, 0n, 1n]) {
      const time = `${at} ${offset < 0n ? "" : "+"}${offset} s${early ? "" : ", which is acceptBy"}`;
      it(`${due.includes(offset) ? "credits the client" : "refuses"} with a bond, ${state}, at ${time}`, async () => {
        const { escrow, job: terms, open, accept, stranger } = await networkHelpers.loadFixture(withBond);
        const job = early ? terms : { ...terms, acceptBy: terms.deadline };
        await open(job);
        if (state === "Accepted") await accept(job);
        const now = job[at] + offset;
        await networkHelpers.time.setNextBlockTimestamp(now);
        const call = escrow.connect(stranger).refund(job);
        if (due.includes(offset)) await expect(call).to.emit(escrow, "JobRefunded");
        else {
          const dueAt = state === "Accepted" ? job.deadline : job.acceptBy;
          await expect(call).to.be.revertedWithCustomError(escrow, "RefundNotDue").withArgs(dueAt, now);
        }
        const left = due.includes(offset) ? REFUNDED : state === "Accepted" ? ACCEPTED : FUNDED;
        expect(await escrow.stateOf(job)).to.equal(left);
      });
    }
  }

  it("opens at once when the key is stopped (E11)", async () => {
    const { escrow, terms, stopKey } = await networkHelpers.loadFixture(deployOpenJob);
    await stopKey();
    await escrow.refund(terms);
    expect(await escrow.creditOf(terms.client, terms.token)).to.equal(AMOUNT);
  });

  it("is refused after a settlement, as a settlement is after it", async () => {
    const { escrow, terms, words, proof, jobId } = await networkHelpers.loadFixture(deployOpenJob);
    const snapshot = await networkHelpers.takeSnapshot();
    await escrow.settle(terms, words, proof);
    await networkHelpers.time.increaseTo(terms.deadline);
    await expect(escrow.refund(terms))
      .to.be.revertedWithCustomError(escrow, "JobNotInState")
      .withArgs(jobId(terms), SETTLED, FUNDED);
    await snapshot.restore();
    await networkHelpers.time.increaseTo(terms.deadline);
    await escrow.refund(terms);
    for (const call of [() => escrow.refund(terms), () => escrow.settle(terms, words, proof)]) {
      await expect(call())
        .to.be.revertedWithCustomError(escrow, "JobNotInState")
        .withArgs(jobId(terms), REFUNDED, FUNDED);
    }
  });

  it("gives nothing for a job that was never opened, and not for other terms of an open one", async () => {
    const { escrow, terms } = await networkHelpers.loadFixture(deployOpenJob);
    await networkHelpers.time.increaseTo(terms.deadline);
    await expect(escrow.refund({ ...terms, nonce: 9n })).to.be.revertedWithCustomError(escrow, "JobNotInState");
    for (const other of [
      { ...terms, amount: 2n * AMOUNT },
      { ...terms, deadline: 0n },
    ]) {
      await expect(escrow.refund(other)).to.be.revertedWithCustomError(escrow, "JobTermsMismatch");
      await expect(escrow.stateOf(other)).to.be.revertedWithCustomError(escrow, "JobTermsMismatch");
    }
  });

  for (const time of ["before", "at"] as const) {
    for (const first of ["settle", "refund"] as const) {
      it(`${first} first in one block ${time} the deadline: only what the time allows happens (E6)`, async () => {
        const { escrow, terms, words, proof, stranger, client } = await networkHelpers.loadFixture(deployOpenJob);
        const settle = escrow.interface.encodeFunctionData("settle", [terms, words, proof]);
        const refund = escrow.interface.encodeFunctionData("refund", [terms]);
        const to = await escrow.getAddress();
        await provider.request({ method: "evm_setAutomine", params: [false] });
        const order = first === "settle" ? [settle, refund] : [refund, settle];
        for (const [index, data] of order.entries()) {
          const from = [stranger, client][index].address;
          const fee = ethers.toQuantity(10n ** 10n * BigInt(2 - index));
          const gas = ethers.toQuantity(500_000);
          const call = { from, to, data, gas, maxFeePerGas: fee, maxPriorityFeePerGas: fee };
          await provider.request({ method: "eth_sendTransaction", params: [call] });
        }
        await networkHelpers.time.setNextBlockTimestamp(time === "at" ? terms.deadline : terms.deadline - 1n);
        await networkHelpers.mine();
        await provider.request({ method: "evm_setAutomine", params: [true] });
        const block = await ethers.provider.getBlock("latest");
        const receipts = await Promise.all(
          block!.transactions.map((hash) => ethers.provider.getTransactionReceipt(hash)),
        );
        expect(receipts.map((receipt) => receipt!.from)).to.deep.equal([stranger.address, client.address]);
        const allowed = time === "at" ? "refund" : "settle";
        expect(receipts.map((receipt) => receipt!.status)).to.deep.equal(first === allowed ? [1, 0] : [0, 1]);
        expect(await escrow.stateOf(terms)).to.equal(time === "at" ? REFUNDED : SETTLED);
      });
    }
  }
});
