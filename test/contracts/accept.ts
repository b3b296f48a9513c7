import { expect } from "chai";
import { network } from "hardhat";
import type { Job } from "../../src/codec/statement.ts";
import {
  ACCEPTED,
  BOND,
  FUNDED,
  NONE,
  REFUNDED,
  REVOKED,
  SETTLED,
  WAYS,
  bondMarkets,
  withEachFieldChanged,
} from "./bondMarket.ts";
import { sweepGas } from "./gasSweep.ts";
import { AMOUNT } from "./market.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const deployed = bondMarkets(connection);

async function deployFunded() {
  const market = await deployed.allowance();
  await market.open();
  return market;
}

describe("accept", () => {
  for (const way of WAYS) {
    it(`takes the bond by ${way}, as open took the deposit`, async () => {
      const { escrow, dollar, job, open, accept, provider, client, jobId } = await networkHelpers.loadFixture(
        deployed[way],
      );
      const deposit = await open();
      const bond = await accept();
      for (const [call, party, sum] of [
        [deposit, client, AMOUNT],
        [bond, provider, BOND],
      ] as const) {
        if (way === "native") await expect(call).to.changeEtherBalances(ethers, [party, escrow], [-sum, sum]);
        else await expect(call).to.changeTokenBalances(ethers, dollar, [party, escrow], [-sum, sum]);
      }
      await expect(bond).to.emit(escrow, "JobAccepted").withArgs(jobId(job), provider.address, BOND);
      expect(await escrow.stateOf(job)).to.equal(ACCEPTED);
    });
  }

  const times = (acceptBy: "before the deadline" | "at the deadline") =>
    [-1n, 0n, 1n].map((offset) => ({ acceptBy, offset, accepts: offset < 0n }));
  for (const { acceptBy, offset, accepts } of [...times("before the deadline"), ...times("at the deadline")]) {
    const sign = offset < 0n ? "" : "+";
    it(`${accepts ? "accepts" : "refuses"} at acceptBy ${sign}${offset} s, ${acceptBy}`, async () => {
      const { escrow, job, open, accept } = await networkHelpers.loadFixture(deployed.allowance);
      const other: Job = { ...job, acceptBy: acceptBy === "at the deadline" ? job.deadline : job.acceptBy };
      await open(other);
      await networkHelpers.time.setNextBlockTimestamp(other.acceptBy + offset);
      const call = accept(other);
      if (accepts) await expect(call).to.emit(escrow, "JobAccepted");
      else {
        const args = [other.acceptBy, other.acceptBy + offset];
        await expect(call)
          .to.be.revertedWithCustomError(escrow, "AcceptancePassed")
          .withArgs(...args);
      }
      expect(await escrow.stateOf(other)).to.equal(accepts ? ACCEPTED : FUNDED);
    });
  }

  it("refuses everybody but the provider", async () => {
    const { escrow, job, client, stranger, provider } = await networkHelpers.loadFixture(deployFunded);
    for (const caller of [client, stranger]) {
      await expect(escrow.connect(caller).accept(job, "0x"))
        .to.be.revertedWithCustomError(escrow, "NotProvider")
        .withArgs(caller.address, provider.address);
    }
  });

  it("refuses a job without a bond, which needs none", async () => {
    const { escrow, terms, client, provider, jobId } = await networkHelpers.loadFixture(deployFunded);
    const job = { ...terms, nonce: 7n };
    await escrow.connect(client).open(job, "0x");
    await expect(escrow.connect(provider).accept(job, "0x"))
      .to.be.revertedWithCustomError(escrow, "NoBondToAccept")
      .withArgs(jobId(job));
  });

  it("works once, and only for an open job", async () => {
    const { escrow, job, open, accept, client, provider, jobId, words, prove } =
      await networkHelpers.loadFixture(deployFunded);
    const expectRefused = async (of: Job, state: bigint) =>
      expect(accept(of)).to.be.revertedWithCustomError(escrow, "JobNotInState").withArgs(jobId(of), state, FUNDED);
    await accept();
    await expectRefused(job, ACCEPTED);
    await escrow.settle(job, words, prove(job));
    await expectRefused(job, SETTLED);
    const next = { ...job, nonce: 2n };
    await expectRefused(next, NONE);
    await open(next);
    await escrow.connect(provider).cancel(next);
    await expectRefused(next, REFUNDED);
    const revoked = { ...job, nonce: 3n };
    await escrow.connect(client).revoke(provider, 3n);
    await expectRefused(revoked, REVOKED);
  });

  it("refuses other terms than those that were opened", async () => {
    const { escrow, job, stranger, provider } = await networkHelpers.loadFixture(deployFunded);
    for (const other of withEachFieldChanged(job, stranger.address)) {
      const moved = other.client !== job.client || other.nonce !== job.nonce;
      const error = other.provider !== job.provider ? "NotProvider" : moved ? "JobNotInState" : "JobTermsMismatch";
      await expect(escrow.connect(provider).accept(other, "0x")).to.be.revertedWithCustomError(escrow, error);
    }
    expect(await escrow.stateOf(job)).to.equal(FUNDED);
  });

  it("refuses under a stopped key, where no proof could free the bond, and goes on under a deprecated model", async () => {
    const { escrow, registry, job, accept, modelId, keyId, stopKey } = await networkHelpers.loadFixture(deployFunded);
    await registry.deprecateModel(modelId);
    const snapshot = await networkHelpers.takeSnapshot();
    await stopKey();
    await expect(accept()).to.be.revertedWithCustomError(registry, "KeyIsStopped").withArgs(keyId);
    await snapshot.restore();
    await accept();
    expect(await escrow.stateOf(job)).to.equal(ACCEPTED);
  });

  it("must come before the settlement of a job with a bond", async () => {
    const { escrow, job, words, prove, jobId, accept } = await networkHelpers.loadFixture(deployFunded);
    await expect(escrow.settle(job, words, prove(job)))
      .to.be.revertedWithCustomError(escrow, "JobNotInState")
      .withArgs(jobId(job), FUNDED, ACCEPTED);
    await accept();
    await expect(escrow.settle(job, words, prove(job))).to.emit(escrow, "JobSettled");
  });

  it("refuses a token that delivers another bond than asked", async () => {
    const { escrow, job, client, provider } = await networkHelpers.loadFixture(deployed.allowance);
    const fee = await ethers.deployContract("FeeOnTransferToken");
    const other = { ...job, token: await fee.getAddress() };
    for (const party of [client, provider]) {
      await fee.mint(party, AMOUNT);
      await fee.connect(party).approve(await escrow.collectorOf(1), AMOUNT);
    }
    await escrow.connect(client).open(other, "0x");
    await fee.setFees(100, 0);
    await expect(escrow.connect(provider).accept(other, "0x"))
      .to.be.revertedWithCustomError(escrow, "DepositMismatch")
      .withArgs(BOND - BOND / 100n, BOND);
    expect(await escrow.stateOf(other)).to.equal(FUNDED);
  });

  it("consumes nothing when it fails: allowance, authorization and state stay", async () => {
    const { escrow, dollar, job, open, dataFor, client, provider, jobId } = await networkHelpers.loadFixture(
      deployed.authorization,
    );
    await open();
    const data = await dataFor(job, provider, BOND);
    await dollar.connect(provider).transfer(client, await dollar.balanceOf(provider));
    await expect(escrow.connect(provider).accept(job, data)).to.be.revertedWithCustomError(
      dollar,
      "ERC20InsufficientBalance",
    );
    expect(await dollar.authorizationState(provider, jobId(job))).to.equal(false);
    expect(await escrow.stateOf(job)).to.equal(FUNDED);
    await dollar.connect(client).transfer(provider, BOND);
    await escrow.connect(provider).accept(job, data);
    expect(await dollar.authorizationState(provider, jobId(job))).to.equal(true);
  });

  for (const way of ["authorization", "native"] as const) {
    it(`by ${way} takes the whole bond or changes nothing, at every gas limit`, async () => {
      const { escrow, dollar, job, open, dataFor, provider } = await networkHelpers.loadFixture(deployed[way]);
      await open();
      const data = escrow.interface.encodeFunctionData("accept", [job, await dataFor(job, provider, BOND)]);
      const value = ethers.toQuantity(way === "native" ? BOND : 0n);
      const call = { from: provider.address, to: await escrow.getAddress(), data, value };
      const { done, refused } = await sweepGas(connection, call, [35_000, 200_000, 2_900], async (accepted) => {
        const held = way === "native" ? ethers.provider.getBalance(escrow) : dollar.balanceOf(escrow);
        expect(await held).to.equal(accepted ? AMOUNT + BOND : AMOUNT);
        expect(await escrow.stateOf(job)).to.equal(accepted ? ACCEPTED : FUNDED);
      });
      expect(Math.min(done, refused)).to.be.greaterThan(5);
    });
  }

  it("takes client and provider in one account, by allowance", async () => {
    const { escrow, job, client, words, prove, credits } = await networkHelpers.loadFixture(deployed.allowance);
    const own = { ...job, provider: client.address };
    await escrow.connect(client).open(own, "0x");
    await escrow.connect(client).accept(own, "0x");
    await escrow.settle(own, words, prove(own));
    const fees = AMOUNT - (AMOUNT * 300n) / 10_000n;
    expect((await credits()).client).to.equal(fees + BOND);
  });

  for (const way of ["authorization", "permit2"] as const) {
    it(`cannot take the bond by ${way} from the account that paid the deposit by it: the job id is one nonce`, async () => {
      const { escrow, job, client, open, dataFor } = await networkHelpers.loadFixture(deployed[way]);
      const own = { ...job, provider: client.address };
      await open(own);
      await expect(escrow.connect(client).accept(own, await dataFor(own, client, BOND))).to.revert(ethers);
      await networkHelpers.time.increaseTo(own.acceptBy);
      await escrow.refund(own);
      expect(await escrow.creditOf(client, own.token)).to.equal(AMOUNT);
    });
  }
});
