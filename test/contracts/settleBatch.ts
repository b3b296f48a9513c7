import { expect } from "chai";
import fc from "fast-check";
import { network } from "hardhat";
import type { Hex, Job } from "../../src/codec/statement.ts";
import { toBytes32 } from "../../src/codec/statement.ts";
import { SCALAR_ORDER } from "../../src/field.ts";
import { keyOf, mintStatement, siblingOf } from "../fixtures/mint.ts";
import type { BatchMarket, Delivery } from "./batchMarket.ts";
import { IN_ETHER, NO_PROOF, SKIP, deployBatchMarket, partsOf, unproven } from "./batchMarket.ts";
import { ACCEPTED, FUNDED, NATIVE, REFUNDED, SETTLED } from "./bondMarket.ts";
import { provenOtherwise, replaceAt } from "./claims.ts";
import { sweepGas } from "./gasSweep.ts";
import { AMOUNT } from "./market.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { loadFixture, time } = networkHelpers;
const MAX_BATCH = 128;
const MAX_WORD = 2n ** 253n - 1n;
const MAX_AMOUNT = 2n ** 128n - 1n;

const deploy = () => deployBatchMarket(connection);

/** A market with four jobs that wait for their proofs: two models, ether and tokens, one of each with a bond. */
async function deployJobs() {
  const market = await deploy();
  const { newJob, models, bonded, start, deliver } = market;
  const { modelId } = models.pair;
  const jobs = [newJob(), newJob({ ...IN_ETHER, ...bonded }), newJob({ modelId, ...bonded }), newJob(IN_ETHER)];
  await start(...jobs);
  return { ...market, jobs, items: jobs.map((job) => deliver(job)) };
}
type Jobs = Awaited<ReturnType<typeof deployJobs>>;

const NOTHING = Array.from({ length: 12 }, () => 0n);
const statesOf = ({ escrow }: BatchMarket, jobs: readonly Job[]) => Promise.all(jobs.map((job) => escrow.stateOf(job)));
/** The states of `deployJobs`' jobs before they are settled. */
const WAITING = [FUNDED, ACCEPTED, ACCEPTED, FUNDED];

async function expectUntouched(market: Jobs): Promise<void> {
  expect([await market.credits(), await statesOf(market, market.jobs)]).to.deep.equal([NOTHING, WAITING]);
}

describe("settleBatch", () => {
  for (const [order, rank] of [
    ["grouped by model", (job: Job) => job.modelId],
    ["with models, tokens, providers and bonds in turns", (job: Job) => job.nonce],
  ] as const) {
    it(`pays every item's parts and says its words, whoever sends it: ${order}`, async () => {
      const market = await loadFixture(deploy);
      const { escrow, newJob, models, bonded, second, start, deliver, stranger, settled, eventsOf } = market;
      const { free, pair, doomed } = models;
      const jobs = [
        newJob(),
        newJob({ modelId: pair.modelId, ...IN_ETHER, ...bonded }),
        newJob({ modelId: free.modelId, amount: 399n }),
        newJob({ modelId: pair.modelId, provider: second.address, amount: 1n }),
        newJob({ ...IN_ETHER, amount: 12_345n }),
        newJob({ modelId: doomed.modelId, ...bonded, bond: 3n * AMOUNT + 1n }),
        newJob({ modelId: free.modelId, ...bonded, provider: second.address, inputCommitment: toBytes32(4n) }),
        newJob({ modelId: doomed.modelId, ...IN_ETHER }),
        newJob(bonded),
      ].sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
      await start(...jobs);
      const items = jobs.map((job, index) => {
        const { wordCount } = market.modelOf(job);
        return deliver(job, [MAX_WORD - BigInt(index), 0n].slice(0, wordCount));
      });
      expect(await eventsOf(escrow.connect(stranger).settleBatch(items))).to.deep.equal(items.map(settled));
      expect(await market.credits()).to.deep.equal(market.creditsFor(jobs));
      expect(await statesOf(market, jobs)).to.deep.equal(jobs.map(() => SETTLED));
      for (const { address } of [market.provider, second]) await escrow.withdrawFor(market.terms.token, address);
    });
  }

  it("pays a batch of one", async () => {
    const { escrow, items, settled, eventsOf, credits, creditsFor, jobs } = await loadFixture(deployJobs);
    expect(await eventsOf(escrow.settleBatch([items[2]]))).to.deep.equal([settled(items[2])]);
    expect(await credits()).to.deep.equal(creditsFor([jobs[2]]));
  });

  it("rounds the fees of each item, not of their sum", async () => {
    const { escrow, newJob, start, deliver, models, credits, creditsFor } = await loadFixture(deploy);
    const jobs = [1, 2, 3].map(() => newJob({ amount: 399n }));
    expect(partsOf(399n, models.main)).to.deep.equal({ payout: 389n, toll: 1n, royalty: 9n });
    await start(...jobs);
    await escrow.settleBatch(jobs.map((job) => deliver(job)));
    expect(await credits()).to.deep.equal(creditsFor(jobs));
  });

  it("credits more than 2^128 to one provider", async () => {
    const { escrow, token, client, provider, newJob, bonded, open, accept, deliver, credits, creditsFor } =
      await loadFixture(deploy);
    const collector = await escrow.collectorOf(1);
    for (const party of [client, provider]) {
      await token.mint(party, 3n * MAX_AMOUNT);
      await token.connect(party).approve(collector, 3n * MAX_AMOUNT);
    }
    const jobs = [1, 2, 3].map(() => newJob({ ...bonded, amount: MAX_AMOUNT, bond: MAX_AMOUNT }));
    for (const job of jobs) {
      await open(job);
      await accept(job);
    }
    await escrow.settleBatch(jobs.map((job) => deliver(job)));
    expect(await credits()).to.deep.equal(creditsFor(jobs));
    await escrow.withdrawFor(token, provider);
  });

  it("goes on for jobs whose model was deprecated after they were opened", async () => {
    const { escrow, registry, models, items, jobs, credits, creditsFor } = await loadFixture(deployJobs);
    await registry.deprecateModel(models.main.modelId);
    await escrow.settleBatch(items);
    expect(await credits()).to.deep.equal(creditsFor(jobs));
  });

  it("settles 128 jobs in one transaction, and refuses none and 129 (E10)", async () => {
    const { escrow, newJob, open, deliver, credits, creditsFor } = await loadFixture(deploy);
    const jobs = Array.from({ length: MAX_BATCH }, () => newJob());
    for (const job of jobs) await open(job);
    const items = jobs.map((job) => deliver(job));
    for (const wrong of [[], [...items, items[0]]]) {
      await expect(escrow.settleBatch(wrong))
        .to.be.revertedWithCustomError(escrow, "BatchSizeOutOfRange")
        .withArgs(wrong.length, MAX_BATCH);
    }
    await escrow.settleBatch(items);
    expect(await credits()).to.deep.equal(creditsFor(jobs));
  });

  it("pays a job once whatever the encodings of its proof in one batch, and the trailing calldata", async () => {
    const { escrow, items, jobs, settled, skipped, eventsOf, credits, creditsFor, client } =
      await loadFixture(deployJobs);
    const [first, second] = items;
    const [negated, scaled] = provenOtherwise(first.proof).map((proof) => ({ ...first, proof }));
    expect(await eventsOf(escrow.settleBatch([negated, first, second, scaled, negated]))).to.deep.equal([
      settled(first),
      skipped(jobs[0], 1, SKIP.notOpen),
      settled(second),
      skipped(jobs[0], 3, SKIP.notOpen),
      skipped(jobs[0], 4, SKIP.notOpen),
    ]);
    const data = escrow.interface.encodeFunctionData("settleBatch", [[scaled, second]]);
    await client.sendTransaction({ to: escrow, data: `${data}00ff` });
    expect(await credits()).to.deep.equal(creditsFor(jobs.slice(0, 2)));
  });

  it("pays to the second before an item's deadline and skips it from then on, both in one block", async () => {
    const market = await loadFixture(deploy);
    const { escrow, terms, newJob, bonded, start, deliver, settled, skipped, eventsOf } = market;
    const at = terms.deadline;
    const jobs = [1n, 0n, -1n].flatMap((offset) => [
      newJob({ deadline: at + offset }),
      newJob({ ...bonded, deadline: at + offset, acceptBy: at + offset }),
    ]);
    await start(...jobs);
    const items = jobs.map((job) => deliver(job));
    await time.setNextBlockTimestamp(at);
    expect(await eventsOf(escrow.settleBatch(items))).to.deep.equal([
      ...items.slice(0, 2).map(settled),
      ...[2, 3, 4, 5].map((index) => skipped(jobs[index], index, SKIP.deadlinePassed)),
    ]);
    expect(await market.credits()).to.deep.equal(market.creditsFor(jobs.slice(0, 2)));
  });
});

describe("settleBatch leaves out, at every position and without a look at words and proof, (E10)", () => {
  const SHORT = 600n;
  const opened = async (market: Jobs, changes: Partial<Job> = {}): Promise<Job> => {
    const job = market.newJob(changes);
    await market.start(job);
    return job;
  };
  const refunded = async (market: Jobs): Promise<Job> => {
    const job = market.newJob({ ...market.bonded, acceptBy: BigInt(await time.latest()) + 60n });
    await market.open(job);
    await time.increaseTo(job.acceptBy);
    await market.escrow.refund(job);
    return job;
  };
  const cancelled = async (market: Jobs): Promise<Job> => {
    const job = await opened(market, market.bonded);
    await market.escrow.connect(market.provider).cancel(job);
    return job;
  };
  const settledBefore = async (market: Jobs, changes: Partial<Job> = {}): Promise<Job> => {
    const job = await opened(market, changes);
    const { words, proof } = market.deliver(job);
    await market.escrow.settle(job, words, proof);
    return job;
  };
  const revoked = async (market: Jobs): Promise<Job> => {
    const job = market.newJob();
    await market.escrow.revoke(job.provider, job.nonce);
    return job;
  };
  const expired = async (market: Jobs, changes: Partial<Job> = {}): Promise<Job> => {
    const job = await opened(market, { deadline: BigInt(await time.latest()) + SHORT, ...changes });
    await time.increaseTo(job.deadline);
    return job;
  };
  const stopped = async (market: Jobs, changes: Partial<Job> = {}): Promise<Job> => {
    const job = await opened(market, { modelId: market.models.doomed.modelId, ...changes });
    await market.stop(market.models.doomed);
    return job;
  };
  const withOtherTerms = (exclude: (market: Jobs) => Promise<Job>) => async (market: Jobs) => ({
    ...(await exclude(market)),
    amount: AMOUNT - 1n,
  });

  const { notOpen, otherTerms, deadlinePassed, keyStopped } = SKIP;
  const cases: [string, bigint, (market: Jobs) => Promise<Job>][] = [
    ["what was never opened", notOpen, async ({ newJob }) => newJob()],
    ["what was never opened, of no model", notOpen, async ({ newJob }) => newJob({ modelId: 5n })],
    ["a revoked nonce", notOpen, revoked],
    ["a revoked nonce, whatever the terms", notOpen, withOtherTerms(revoked)],
    [
      "what nobody put up the bond for",
      notOpen,
      async ({ newJob, bonded, open }) => {
        const job = newJob(bonded);
        await open(job);
        return job;
      },
    ],
    ["what was settled", notOpen, settledBefore],
    ["what was settled with a bond", notOpen, (market) => settledBefore(market, market.bonded)],
    ["what was refunded", notOpen, refunded],
    ["what was cancelled", notOpen, cancelled],
    ["other terms under an open job's nonce", otherTerms, withOtherTerms(opened)],
    ["other terms under a settled job's nonce", otherTerms, withOtherTerms(settledBefore)],
    ["other terms under a cancelled job's nonce", otherTerms, withOtherTerms(cancelled)],
    ["what expired", deadlinePassed, expired],
    [
      "what expired with a bond",
      deadlinePassed,
      (m) => expired(m, { ...m.bonded, acceptBy: m.terms.deadline - 3_200n }),
    ],
    ["what has a stopped key", keyStopped, stopped],
    ["what has a stopped key and a bond", keyStopped, (market) => stopped(market, market.bonded)],
    [
      "what expired under a stopped key, for its deadline",
      deadlinePassed,
      async (market) => {
        const job = await expired(market, { modelId: market.models.doomed.modelId });
        await market.stop(market.models.doomed);
        return job;
      },
    ],
    [
      "what was settled and expired under a stopped key, for its state",
      notOpen,
      async (market) => {
        const job = await settledBefore(market, {
          modelId: market.models.doomed.modelId,
          deadline: BigInt(await time.latest()) + SHORT,
        });
        await time.increaseTo(job.deadline);
        await market.stop(market.models.doomed);
        return job;
      },
    ],
  ];

  for (const [name, reason, exclude] of cases) {
    it(name, async () => {
      const market = await loadFixture(deployJobs);
      const { escrow, jobs, items, jobId, settled, skipped, eventsOf, credits, creditsFor } = market;
      const job = await exclude(market);
      const record = () => escrow.stateOf(job).catch(() => "other terms");
      const [before, credited] = [await record(), await credits()];
      const snapshot = await networkHelpers.takeSnapshot();
      for (const position of [0, 1, 2, 3]) {
        const batch = replaceAt(items, position, unproven(job));
        const events = items.map((item, index) => (index === position ? skipped(job, index, reason) : settled(item)));
        expect(await eventsOf(escrow.settleBatch(batch)), jobId(job)).to.deep.equal(events);
        expect(await record()).to.equal(before);
        const paid = creditsFor(jobs.toSpliced(position, 1));
        expect(await credits()).to.deep.equal(credited.map((credit, index) => credit + paid[index]));
        await snapshot.restore();
      }
    });
  }

  it("nothing else: what is left to prove is proven by itself", async () => {
    const market = await loadFixture(deployJobs);
    const { escrow, registry, items, newJob } = market;
    for (const [position, item] of items.entries()) {
      const others = items.toSpliced(position, 1).map(({ job }) => unproven({ ...job, nonce: newJob().nonce }));
      const batch = others.toSpliced(position, 0, { ...item, proof: NO_PROOF });
      await expect(escrow.settleBatch(batch)).to.be.revertedWithCustomError(registry, "BatchProofInvalid").withArgs(1);
    }
    await expectUntouched(market);
  });
});

describe("settleBatch of jobs that are all left out", () => {
  it("succeeds with their reasons and changes nothing", async () => {
    const market = await loadFixture(deployJobs);
    const { escrow, items, jobs, skipped, eventsOf, credits } = market;
    await escrow.settleBatch(items);
    const before = await credits();
    const call = escrow.settleBatch(items);
    expect(await eventsOf(call)).to.deep.equal(jobs.map((job, index) => skipped(job, index, SKIP.notOpen)));
    expect(await credits()).to.deep.equal(before);
    const { gasUsed } = (await (await call).wait())!;
    expect(gasUsed, "a pairing of two points costs 113,000").to.be.lessThan(100_000n);
  });

  it("asks the registry nothing where none is open, and verifies nothing where none can settle", async () => {
    const { escrow, registry, items, jobs, newJob, open, models, stop, skipped, eventsOf } =
      await loadFixture(deployJobs);
    const doomed = newJob({ modelId: models.doomed.modelId });
    await open(doomed);
    await stop(models.doomed);
    await escrow.settleBatch(items);
    const late = unproven(doomed);
    expect(await eventsOf(escrow.settleBatch([late, late]))).to.deep.equal(
      [0, 1].map((index) => skipped(doomed, index, SKIP.keyStopped)),
    );
    // INVALID: whoever calls it loses the gas and reverts.
    await networkHelpers.setCode(await registry.getAddress(), "0xfe");
    expect(await eventsOf(escrow.settleBatch(items))).to.deep.equal(
      jobs.map((job, index) => skipped(job, index, SKIP.notOpen)),
    );
    await expect(escrow.settleBatch([late])).to.revert(ethers);
  });
});

describe("settleBatch after somebody who settles its items first", () => {
  it("goes through whatever part of it was settled: alone, in a batch or in one that repeats them", async () => {
    for (let part = 1; part < 16; part++) {
      const market = await loadFixture(deployJobs);
      const { escrow, items, jobs, stranger, settled, skipped, eventsOf, credits, creditsFor } = market;
      const copier = escrow.connect(stranger);
      const isCopied = (index: number) => (part >> index) % 2 === 1;
      const copied = items.filter((_, index) => isCopied(index)).reverse();
      if (part % 3 === 0) for (const { job, words, proof } of copied) await copier.settle(job, words, proof);
      else await copier.settleBatch(part % 3 === 1 ? copied : [...copied, ...copied]);
      expect(await eventsOf(escrow.settleBatch(items))).to.deep.equal(
        items.map((item, index) => (isCopied(index) ? skipped(item.job, index, SKIP.notOpen) : settled(item))),
      );
      expect(await credits()).to.deep.equal(creditsFor(jobs));
    }
  });

  it("goes through when a client or a provider ends a job first", async () => {
    const market = await loadFixture(deployJobs);
    const { escrow, items, jobs, provider, models, stop, settled, skipped, eventsOf } = market;
    await escrow.connect(provider).cancel(jobs[1]);
    await stop(models.pair);
    await escrow.refund(jobs[2]);
    expect(await eventsOf(escrow.settleBatch(items))).to.deep.equal([
      settled(items[0]),
      skipped(jobs[1], 1, SKIP.notOpen),
      skipped(jobs[2], 2, SKIP.notOpen),
      settled(items[3]),
    ]);
    expect(await statesOf(market, jobs)).to.deep.equal([SETTLED, REFUNDED, REFUNDED, SETTLED]);
  });
});

describe("settleBatch after somebody who opens an item that its sender's dry run left out", () => {
  it("runs out of the estimated gas: the item costs its whole settlement more", async () => {
    const { escrow, items, jobs, newJob, open, deliver, credits, creditsFor, registry } = await loadFixture(deployJobs);
    const late = newJob();
    const batch = [...items, deliver(late)];
    const gasLimit = await escrow.settleBatch.estimateGas(batch);
    await open(late);
    await expect(escrow.settleBatch(batch, { gasLimit })).to.be.revertedWithCustomError(registry, "BatchProofInvalid");
    const more = (await escrow.settleBatch.estimateGas(batch)) - gasLimit;
    expect(more, "three times what a credit that was withdrawn costs").to.be.greaterThan(3n * 17_100n);
    await escrow.settleBatch(batch);
    expect(await credits()).to.deep.equal(creditsFor([...jobs, late]));
  });

  it("meets a proof that nobody looked at: a dry run shows nothing of what it leaves out", async () => {
    const { escrow, registry, items, newJob, open } = await loadFixture(deployJobs);
    const trap = newJob();
    const batch = [...items, { ...unproven(trap), words: [1n] }];
    await escrow.settleBatch.staticCall(batch);
    await open(trap);
    await expect(escrow.settleBatch(batch)).to.be.revertedWithCustomError(registry, "BatchProofInvalid");
    await escrow.settleBatch(items);
  });
});

describe("settleBatch refuses", () => {
  /** Numbers of jobs to be put before an item and left out. */
  const FILTERED = [0, 1, 3];

  /** Refused by its index, wherever it stands and however many items before it are left out; nothing is settled. */
  async function expectRefused(market: Jobs, item: Delivery, error: string, values: unknown[]): Promise<void> {
    const { escrow, registry, items, newJob } = market;
    const others = items.filter(({ job }) => job.nonce !== item.job.nonce);
    const reason = registry.interface.encodeErrorResult(registry.interface.getError(error)!, values);
    for (const count of FILTERED) {
      const filtered = Array.from({ length: count }, () => unproven(newJob()));
      for (const position of [0, 1, others.length]) {
        const batch: Delivery[] = [...others.slice(0, position), ...filtered, item, ...others.slice(position)];
        await expect(escrow.settleBatch(batch), `${position} after ${count}`)
          .to.be.revertedWithCustomError(escrow, "ItemRefused")
          .withArgs(position + count, reason);
      }
    }
    await expectUntouched(market);
  }

  it("another number of words than the key has, by the item's index", async () => {
    const market = await loadFixture(deployJobs);
    const [one, , two] = market.items;
    for (const words of [[], [1n, 2n]]) {
      await expectRefused(market, { ...one, words }, "WordCountMismatch", [words.length, 1]);
    }
    for (const words of [[1n], [1n, 2n, 3n]]) {
      await expectRefused(market, { ...two, words }, "WordCountMismatch", [words.length, 2]);
    }
  });

  it("a word of 254 bits, by the item's index", async () => {
    const market = await loadFixture(deployJobs);
    const [one, , two] = market.items;
    for (const [item, at, word] of [
      [one, 0, one.words[0] + SCALAR_ORDER],
      [two, 1, MAX_WORD + 1n],
    ] as const) {
      const words = replaceAt(item.words, at, word);
      await expectRefused(market, { ...item, words }, "WordTooLarge", [at, word, MAX_WORD]);
    }
  });

  it("keys of another setup, by the item's index among all", async () => {
    const market = await loadFixture(deployJobs);
    const { escrow, registry, models, items, jobs, newJob, start, deliver, credits, creditsFor } = market;
    const foreign = newJob({ modelId: models.foreign.modelId });
    await start(foreign);
    const stray = deliver(foreign);
    const filtered = unproven(newJob());
    const differ = (keyId: Hex, first: Hex) => registry.interface.encodeErrorResult("BatchKeysDiffer", [keyId, first]);
    for (const [batch, index, reason] of [
      [[items[0], stray], 1, differ(models.foreign.keyId, models.main.keyId)],
      [[filtered, filtered, items[2], filtered, stray, items[0]], 4, differ(models.foreign.keyId, models.pair.keyId)],
      [[filtered, stray, filtered, items[2]], 3, differ(models.pair.keyId, models.foreign.keyId)],
    ] as [Delivery[], number, Hex][]) {
      await expect(escrow.settleBatch(batch))
        .to.be.revertedWithCustomError(escrow, "ItemRefused")
        .withArgs(index, reason);
    }
    await expectUntouched(market);
    await escrow.settleBatch([filtered, stray, filtered]);
    await escrow.settleBatch(items);
    expect(await credits()).to.deep.equal(creditsFor([foreign, ...jobs]));
  });

  it("one false proof at any position, of any kind, and leaves no trace (E10)", async () => {
    const market = await loadFixture(deployJobs);
    const { escrow, registry, items, jobs, newJob, mintFor, jobId, words, models } = market;
    const [one] = items;
    const otherKey = siblingOf(models.main.trapdoor, "unpublished");
    const statement = { ...models.main, inputCommitment: jobs[0].inputCommitment, words, subject: jobId(jobs[0]) };
    const forged: Delivery[] = [
      { ...one, words: [one.words[0] + 1n] },
      { ...one, proof: mintFor(jobId(jobs[0]), words, toBytes32(5n)) },
      { ...one, proof: mintFor(jobId({ ...jobs[0], provider: market.stranger.address })) },
      { ...one, proof: items[3].proof },
      { ...one, proof: mintStatement(otherKey, statement) },
      { ...one, proof: [...keyOf(otherKey).alpha, ...one.proof.slice(2)] },
      { ...one, proof: NO_PROOF },
    ];
    const filtered = unproven(newJob());
    for (const [kind, item] of forged.entries()) {
      for (const position of [0, 1, 3]) {
        const batch = [filtered, ...items.slice(1).toSpliced(position, 0, item)];
        await expect(escrow.settleBatch(batch), `${kind} at ${position}`)
          .to.be.revertedWithCustomError(registry, "BatchProofInvalid")
          .withArgs(items.length);
      }
    }
    await expectUntouched(market);
  });

  it("words of a job in another order, and two proofs whose errors cancel", async () => {
    const market = await loadFixture(deployJobs);
    const { escrow, registry, items } = market;
    const [a, , pair, b] = items;
    const swapped = [
      { ...a, proof: [...a.proof.slice(0, 6), ...b.proof.slice(6)] },
      { ...b, proof: [...b.proof.slice(0, 6), ...a.proof.slice(6)] },
    ];
    for (const batch of [[{ ...pair, words: pair.words.toReversed() }], swapped]) {
      await expect(escrow.settleBatch(batch)).to.be.revertedWithCustomError(registry, "BatchProofInvalid");
    }
    await expectUntouched(market);
  });

  it("to settle a part of it, at every gas limit (Z8)", async () => {
    const market = await loadFixture(deployJobs);
    const { escrow, items, jobs, newJob, stranger, credits, creditsFor } = market;
    const batch = [items[0], unproven(newJob()), items[2]];
    const call = {
      from: stranger.address,
      to: await escrow.getAddress(),
      data: escrow.interface.encodeFunctionData("settleBatch", [batch]),
    };
    const paid = creditsFor([jobs[0], jobs[2]]);
    const limits = [90_000, 450_000, 13_700, 640_000, 2_300];
    const { done, refused } = await sweepGas(connection, call, limits, async (ok) => {
      expect(await credits()).to.deep.equal(ok ? paid : NOTHING);
      expect(await statesOf(market, jobs)).to.deep.equal(ok ? [SETTLED, ACCEPTED, SETTLED, FUNDED] : WAITING);
    });
    expect(Math.min(done, refused)).to.be.greaterThan(5);
  });

  it("to run inside a token's or a payee's call back, even where it would do nothing (E1)", async () => {
    const market = await loadFixture(deployJobs);
    const { escrow, client, items, jobs, newJob, start, deliver, terms } = market;
    const hook = await ethers.deployContract("HookToken");
    await hook.mint(client, 10n * AMOUNT);
    await hook.connect(client).approve(await escrow.collectorOf(1), 10n * AMOUNT);
    const payee = await ethers.deployContract("ContractWallet", [client, 0]);
    const paid = newJob({ ...IN_ETHER, provider: await payee.getAddress() });
    await start(paid);
    await escrow.settleBatch([deliver(paid)]);
    const locked = escrow.interface.encodeErrorResult("ReentrancyGuardReentrantCall", []);
    for (const batch of [items, [deliver(paid)], []]) {
      const data = escrow.interface.encodeFunctionData("settleBatch", [batch]);
      for (const back of [hook, payee]) await back.setHook(escrow, data);
      await escrow.connect(client).open(newJob({ token: await hook.getAddress() }), "0x");
      const snapshot = await networkHelpers.takeSnapshot();
      await escrow.withdrawFor(NATIVE, payee);
      for (const back of [hook, payee]) {
        expect([await back.hookSucceeded(), await back.hookResult()]).to.deep.equal([false, locked]);
      }
      await snapshot.restore();
    }
    expect(await statesOf(market, jobs)).to.deep.equal(WAITING);
    await escrow.settleBatch(items);
    expect(await escrow.creditOf(terms.provider, NATIVE)).to.be.greaterThan(0n);
  });
});

/** A market and jobs of every kind, open and not, of which batches can be mixed. */
async function deployPool() {
  const market = await deploy();
  const { escrow, newJob, models, bonded, second, open, accept, start, deliver, provider, stop } = market;
  const [pair, doomed] = [{ modelId: models.pair.modelId }, { modelId: models.doomed.modelId }];
  const ready = [newJob(), newJob({ ...IN_ETHER, ...bonded }), newJob({ ...pair, ...bonded }), newJob(IN_ETHER)];
  const more = [newJob({ ...pair, provider: second.address, amount: 399n }), newJob({ ...doomed, ...bonded })];
  const [settledBefore, unaccepted, unopened, revoked] = [newJob(bonded), newJob(bonded), newJob(), newJob()];
  const soon = BigInt(await time.latest()) + 200n;
  const [refunded, cancelled, expired] = [newJob({ deadline: soon }), newJob(bonded), newJob({ deadline: soon })];
  await start(...ready, ...more, settledBefore, refunded, cancelled, expired);
  await open(unaccepted);
  await escrow.settleBatch([deliver(settledBefore)]);
  await escrow.revoke(revoked.provider, revoked.nonce);
  await escrow.connect(provider).cancel(cancelled);
  await time.increaseTo(soon);
  await escrow.refund(refunded);
  const otherTerms = [ready[0], settledBefore, cancelled].map((job) => ({ ...job, inputCommitment: toBytes32(6n) }));
  const closed = [settledBefore, unaccepted, unopened, revoked, refunded, cancelled, expired];
  const jobs = [...ready, ...more, ...closed, ...otherTerms];
  return {
    ...market,
    accept,
    unaccepted,
    stopDoomed: () => stop(models.doomed),
    pool: jobs.map((job) => deliver(job)),
  };
}

const REASONS: Record<string, bigint> = {
  JobNotInState: SKIP.notOpen,
  JobTermsMismatch: SKIP.otherTerms,
  DeadlinePassed: SKIP.deadlinePassed,
  KeyIsStopped: SKIP.keyStopped,
};

describe("settleBatch beside settle", () => {
  it("does what the same calls do one by one, those left out that state excludes (invariant 22)", async () => {
    const market = await loadFixture(deployPool);
    const { escrow, registry, pool, skipped, eventsOf } = market;
    const drawn = fc.record({
      before: fc.uniqueArray(fc.nat(pool.length - 1), { maxLength: 3 }),
      picks: fc.array(fc.nat(pool.length - 1), { minLength: 1, maxLength: 12 }),
      accepted: fc.boolean(),
      stopped: fc.boolean(),
    });
    const state = async () => ({
      credits: await market.credits(),
      states: await Promise.all(pool.map(({ job }) => escrow.stateOf(job).catch(() => "other terms"))),
      tokens: await market.token.balanceOf(escrow),
      ether: await ethers.provider.getBalance(escrow),
    });

    /** The single calls in turn, and of each its event in a batch: why it is left out, by the error that it gives. */
    async function settleOneByOne(items: readonly Delivery[]): Promise<unknown[][]> {
      const events: unknown[][] = [];
      for (const [index, { job, words, proof }] of items.entries()) {
        const error = await escrow.settle.staticCall(job, words, proof).then(
          () => undefined,
          ({ data }: { data: string }) =>
            (escrow.interface.parseError(data) ?? registry.interface.parseError(data))!.name,
        );
        if (error !== undefined) events.push(skipped(job, index, REASONS[error]));
        else events.push(...(await eventsOf(escrow.settle(job, words, proof))));
      }
      return events;
    }

    const start = await networkHelpers.takeSnapshot();
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(drawn, async ({ before, picks, accepted, stopped }) => {
        await start.restore();
        if (accepted) await market.accept(market.unaccepted);
        for (const index of before) {
          const { job, words, proof } = pool[index];
          await escrow.settle.staticCall(job, words, proof).then(
            () => escrow.settle(job, words, proof),
            () => undefined,
          );
        }
        if (stopped) await market.stopDoomed();
        const items = picks.map((index) => pool[index]);
        const snapshot = await networkHelpers.takeSnapshot();
        const singles = { events: await settleOneByOne(items), state: await state() };
        await snapshot.restore();
        const batch = { events: await eventsOf(escrow.settleBatch(items)), state: await state() };
        expect(batch).to.deep.equal(singles);
        for (const [name, , , reason] of batch.events) seen.add(name === "JobSkipped" ? `${reason}` : `${name}`);
      }),
      { seed: 22, numRuns: 20, endOnFailure: true },
    );
    expect([...seen].sort()).to.deep.equal(["0", "1", "2", "3", "JobSettled"]);
  });
});
