import { expect } from "chai";
import { network } from "hardhat";
import type { Job } from "../../src/codec/statement.ts";
import { toBytes32 } from "../../src/codec/statement.ts";
import { BASE_ORDER, SCALAR_ORDER } from "../../src/field.ts";
import { ACCEPTED, bondMarkets } from "./bondMarket.ts";
import { sweepGas } from "./gasSweep.ts";
import { AMOUNT, ROYALTY_BPS, TOLL_BPS, deployMarket } from "./market.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { allowance: withBond } = bondMarkets(connection);
const [FUNDED, SETTLED] = [1n, 3n];
const TOLL = (AMOUNT * TOLL_BPS) / 10_000n;
const ROYALTY = (AMOUNT * ROYALTY_BPS) / 10_000n;

/** A market with one open job and its proof. */
async function deployOpenJob(wordCount: number) {
  const market = await deployMarket(connection, wordCount);
  await market.escrow.open(market.terms, "0x");
  const credits = () =>
    Promise.all(
      [market.provider, market.tollCollector, market.royaltyReceiver, market.stranger, market.client].map((owner) =>
        market.escrow.creditOf(owner, market.terms.token),
      ),
    );
  return { ...market, proof: market.prove(market.terms), credits };
}
const oneWord = () => deployOpenJob(1);
const twoWords = () => deployOpenJob(2);
const NOTHING = [0n, 0n, 0n, 0n, 0n];
const PAID = [AMOUNT - TOLL - ROYALTY, TOLL, ROYALTY, 0n, 0n];

describe("settle", () => {
  it("pays provider, toll and royalty, whoever submits the proof", async () => {
    const { escrow, terms, words, proof, credits, stranger, jobId } = await networkHelpers.loadFixture(oneWord);
    expect(await credits()).to.deep.equal(NOTHING);
    await expect(escrow.connect(stranger).settle(terms, words, proof))
      .to.emit(escrow, "JobSettled")
      .withArgs(jobId(terms), terms.provider, words, PAID[0], ROYALTY);
    expect(await credits()).to.deep.equal(PAID);
    expect(await escrow.stateOf(terms)).to.equal(SETTLED);
  });

  it("pays for an output of two words", async () => {
    const { escrow, registry, terms, words, proof, credits } = await networkHelpers.loadFixture(twoWords);
    await expect(escrow.settle(terms, [...words].reverse(), proof)).to.be.revertedWithCustomError(
      registry,
      "InvalidProof",
    );
    await escrow.settle(terms, words, proof);
    expect(await credits()).to.deep.equal(PAID);
  });

  it("refuses a job with any field swapped (Z14)", async () => {
    const { escrow, terms, words, proof, credits, stranger, registerModel } = await networkHelpers.loadFixture(oneWord);
    const sameKey = await registerModel(0n, `0x${"0".repeat(40)}`);
    const swaps: Partial<Job>[] = [
      { client: stranger.address },
      { provider: stranger.address },
      { token: stranger.address },
      { amount: AMOUNT + 1n },
      { amount: 1n },
      { bond: 1n },
      { modelId: sameKey },
      { inputCommitment: toBytes32(1n) },
      { acceptBy: 1n },
      { deadline: terms.deadline + 1n },
      { funding: 2 },
      { nonce: 2n },
    ];
    expect(new Set(swaps.flatMap(Object.keys)).size).to.equal(Object.keys(terms).length);
    for (const swap of swaps) {
      const moved = "client" in swap || "provider" in swap || "nonce" in swap;
      await expect(
        escrow.settle({ ...terms, ...swap }, words, proof),
        Object.keys(swap)[0],
      ).to.be.revertedWithCustomError(escrow, moved ? "JobNotInState" : "JobTermsMismatch");
    }
    expect(await credits()).to.deep.equal(NOTHING);
  });

  it("refuses stray high bits in a short field of the job", async () => {
    const { escrow, terms, words, proof, client } = await networkHelpers.loadFixture(oneWord);
    const data = escrow.interface.encodeFunctionData("settle", [terms, words, proof]);
    for (const field of [0, 1, 2, 7, 8, 9]) {
      const at = 10 + 64 * field;
      const dirty = `${data.slice(0, at)}8${data.slice(at + 1)}`;
      await expect(client.sendTransaction({ to: escrow, data: dirty })).to.revert(ethers);
    }
  });

  it("refuses another output, another input's proof and a proof for nothing", async () => {
    const { escrow, registry, terms, words, proof, mintFor, jobId, credits } =
      await networkHelpers.loadFixture(oneWord);
    const otherInput = mintFor(jobId(terms), words, toBytes32(5n));
    const attempts: [bigint[], bigint[]][] = [
      [[words[0] + 1n], proof],
      [words, otherInput],
      [words, mintFor(toBytes32(9n))],
      [words, Array.from({ length: 8 }, () => 0n)],
    ];
    for (const [output, attempt] of attempts) {
      await expect(escrow.settle(terms, output, attempt)).to.be.revertedWithCustomError(registry, "InvalidProof");
    }
    await expect(escrow.settle(terms, [words[0] + SCALAR_ORDER], proof)).to.be.revertedWithCustomError(
      registry,
      "WordTooLarge",
    );
    expect([await credits(), await escrow.stateOf(terms)]).to.deep.equal([NOTHING, FUNDED]);
  });

  it("gives a copier nothing: a proof from the mempool fits only the job it was made for (E5)", async () => {
    const { escrow, registry, token, terms, words, proof, stranger, credits } =
      await networkHelpers.loadFixture(oneWord);
    const own: Job = { ...terms, client: stranger.address, provider: stranger.address };
    await token.mint(stranger, AMOUNT);
    await token.connect(stranger).approve(await escrow.collectorOf(1), AMOUNT);
    await escrow.connect(stranger).open(own, "0x");
    await expect(escrow.connect(stranger).settle(own, words, proof)).to.be.revertedWithCustomError(
      registry,
      "InvalidProof",
    );
    // Copied as it stands and mined first, the proof pays the one who made it.
    await escrow.connect(stranger).settle(terms, words, proof);
    expect(await credits()).to.deep.equal(PAID);
  });

  it("does not take one job's proof for another of the same pair", async () => {
    const { escrow, registry, terms, words, proof } = await networkHelpers.loadFixture(oneWord);
    const next = { ...terms, nonce: 2n };
    await escrow.open(next, "0x");
    await expect(escrow.settle(next, words, proof)).to.be.revertedWithCustomError(registry, "InvalidProof");
  });

  it("pays once, whatever the encoding of the proof (Z7)", async () => {
    const { escrow, terms, words, proof, credits, jobId, client } = await networkHelpers.loadFixture(oneWord);
    const [ax, ay, bx1, bx0, by1, by0, cx, cy] = proof;
    const malleated = [ax, BASE_ORDER - ay, bx1, bx0, BASE_ORDER - by1, BASE_ORDER - by0, cx, cy];
    await escrow.settle(terms, words, malleated);
    const data = escrow.interface.encodeFunctionData("settle", [terms, words, proof]);
    const error = [jobId(terms), SETTLED, FUNDED];
    for (const call of [
      () => escrow.settle(terms, words, proof),
      () => escrow.settle(terms, words, malleated),
      () => client.sendTransaction({ to: escrow, data: `${data}00ff` }),
    ]) {
      await expect(call())
        .to.be.revertedWithCustomError(escrow, "JobNotInState")
        .withArgs(...error);
    }
    expect(await credits()).to.deep.equal(PAID);
  });

  it("takes trailing calldata for what it is: no part of the proof (Z7)", async () => {
    const { escrow, terms, words, proof, credits, client } = await networkHelpers.loadFixture(oneWord);
    const data = escrow.interface.encodeFunctionData("settle", [terms, words, proof]);
    await client.sendTransaction({ to: escrow, data: `${data}00ff` });
    expect(await credits()).to.deep.equal(PAID);
  });

  for (const [offset, settles] of [
    [-1n, true],
    [0n, false],
    [1n, false],
  ] as const) {
    it(`${settles ? "pays" : "refuses"} at the deadline ${offset < 0n ? "" : "+"}${offset} s (E6)`, async () => {
      const { escrow, terms, words, proof } = await networkHelpers.loadFixture(oneWord);
      await networkHelpers.time.setNextBlockTimestamp(terms.deadline + offset);
      const call = escrow.settle(terms, words, proof);
      if (settles) await expect(call).to.emit(escrow, "JobSettled");
      else {
        const [deadline, now] = [terms.deadline, terms.deadline + offset];
        await expect(call).to.be.revertedWithCustomError(escrow, "DeadlinePassed").withArgs(deadline, now);
      }
    });
  }

  it("goes on for a job whose model was deprecated after it was opened", async () => {
    const { escrow, registry, terms, modelId, words, proof } = await networkHelpers.loadFixture(oneWord);
    await registry.deprecateModel(modelId);
    await expect(escrow.settle(terms, words, proof)).to.emit(escrow, "JobSettled");
  });

  it("ends with the key", async () => {
    const { escrow, registry, terms, words, proof, stopKey, keyId } = await networkHelpers.loadFixture(oneWord);
    await stopKey();
    await expect(escrow.settle(terms, words, proof))
      .to.be.revertedWithCustomError(registry, "KeyIsStopped")
      .withArgs(keyId);
  });

  for (const early of [true, false]) {
    for (const offset of [-1n, 0n, 1n]) {
      const time = `the deadline ${offset < 0n ? "" : "+"}${offset} s${early ? "" : ", which is acceptBy"}`;
      it(`${offset < 0n ? "pays" : "refuses"} with a bond at ${time}`, async () => {
        const { escrow, job: terms, open, accept, words, prove } = await networkHelpers.loadFixture(withBond);
        const job = early ? terms : { ...terms, acceptBy: terms.deadline };
        await open(job);
        await accept(job);
        await networkHelpers.time.setNextBlockTimestamp(job.deadline + offset);
        const call = escrow.settle(job, words, prove(job));
        if (offset < 0n) await expect(call).to.emit(escrow, "JobSettled");
        else
          await expect(call)
            .to.be.revertedWithCustomError(escrow, "DeadlinePassed")
            .withArgs(job.deadline, job.deadline + offset);
        expect(await escrow.stateOf(job)).to.equal(offset < 0n ? SETTLED : ACCEPTED);
      });
    }
  }

  it("reverts at every gas limit that does not reach and changes nothing; above, it pays in full (Z8) (invariant 07)", async () => {
    const { escrow, terms, words, proof, credits, stranger } = await networkHelpers.loadFixture(oneWord);
    const data = escrow.interface.encodeFunctionData("settle", [terms, words, proof]);
    const limits = [45_000, 225_000, 9_700, 330_000, 1_100, 400_000, 9_700];
    const { done, refused } = await sweepGas(
      connection,
      { from: stranger.address, to: await escrow.getAddress(), data },
      limits,
      async (settled) => {
        expect([await credits(), await escrow.stateOf(terms)]).to.deep.equal(
          settled ? [PAID, SETTLED] : [NOTHING, FUNDED],
        );
      },
    );
    expect(Math.min(done, refused)).to.be.greaterThan(5);
  });

  it("frees the bond with the payment or not at all, at every gas limit", async () => {
    const { escrow, job, open, accept, words, prove, credits, stranger } = await networkHelpers.loadFixture(withBond);
    await open();
    await accept();
    const data = escrow.interface.encodeFunctionData("settle", [job, words, prove(job)]);
    const limits = [45_000, 225_000, 9_700, 330_000, 1_100, 400_000, 9_700];
    const { done, refused } = await sweepGas(
      connection,
      { from: stranger.address, to: await escrow.getAddress(), data },
      limits,
      async (settled) => {
        expect(await escrow.stateOf(job)).to.equal(settled ? SETTLED : ACCEPTED);
        expect((await credits()).provider).to.equal(settled ? PAID[0] + job.bond : 0n);
      },
    );
    expect(Math.min(done, refused)).to.be.greaterThan(5);
  });
});
