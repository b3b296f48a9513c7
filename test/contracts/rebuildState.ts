import { expect } from "chai";
import { network } from "hardhat";
import type { Hex, Job } from "../../src/codec/statement.ts";
import type { BatchMarket } from "./batchMarket.ts";
import { IN_ETHER, deployBatchMarket } from "./batchMarket.ts";
import { ACCEPTED, FUNDED, JOB, NATIVE, NONE, REFUNDED, REVOKED, SETTLED } from "./bondMarket.ts";
import { AMOUNT } from "./market.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { time } = networkHelpers;
const deploy = () => deployBatchMarket(connection);
const STEPS = 210;
const EVENTS = ["JobAccepted", "JobCancelled", "JobExpired", "JobOpened", "JobRefunded", "JobSettled", "JobSkipped"];

/** Sums that start at zero. */
class Sums {
  readonly #values = new Map<string, bigint>();
  add(key: string, value: bigint): void {
    this.#values.set(key, this.of(key) + value);
  }
  of(key: string): bigint {
    return this.#values.get(key) ?? 0n;
  }
}

/** Numbers below a bound that look random and follow from a seed. */
function drawFrom(seed: string) {
  let state = ethers.id(seed);
  return (below: number): number => {
    state = ethers.id(state);
    return Number(BigInt(state) % BigInt(below));
  };
}

/** Lets clients, providers and strangers do this and that, allowed or not; gives every job that anybody meant to open. */
async function live(market: BatchMarket, draw: (below: number) => number): Promise<{ jobs: Job[]; refused: number }> {
  const { escrow, client, provider, second, stranger, models, owners, terms, chainId, newJob, accept, deliver } =
    market;
  const domain = {
    name: "Tollgate InferenceEscrow",
    version: "1",
    chainId,
    verifyingContract: await escrow.getAddress(),
  };
  const jobs: Job[] = [newJob()];
  const pick = <T>(list: readonly T[]): T => list[draw(list.length)];
  const signerOf = (address: string) => (address === second.address ? second : provider);
  const drawJob = async (): Promise<Job> => {
    const now = BigInt(await time.latest());
    const acceptBy = now + 20n + BigInt(draw(400));
    return newJob({
      ...(draw(3) === 0 ? IN_ETHER : {}),
      ...(draw(2) === 0 ? { bond: BigInt(1 + draw(1_000_000)), acceptBy } : {}),
      amount: 1n + BigInt(draw(3)) * AMOUNT + BigInt(draw(10_000)),
      modelId: pick([models.main, models.free, models.pair, models.doomed]).modelId,
      provider: pick([provider, second]).address,
      deadline: acceptBy + BigInt(draw(400)),
      // Now and then one that was used.
      ...(draw(6) === 0 ? { nonce: pick(jobs).nonce } : {}),
    });
  };
  const open = async () => {
    const job = await drawJob();
    jobs.push(job);
    if (draw(2) === 0) return market.open(job);
    const signature = await client.signTypedData(domain, JOB, job);
    return escrow.connect(stranger).openWithSignature(job, signature, "0x");
  };
  const settleBatch = () =>
    escrow.settleBatch(
      Array.from({ length: 1 + draw(7) }, () =>
        deliver(draw(3) === 0 ? pick(jobs) : jobs.at(-1 - draw(Math.min(jobs.length, 8)))!),
      ),
    );
  const settle = () => {
    const { job, words, proof } = deliver(pick(jobs));
    return escrow.settle(job, words, proof);
  };
  const cancel = () => {
    const job = pick(jobs);
    return escrow.connect(signerOf(job.provider)).cancel(job);
  };
  const revoke = async () => {
    const job = draw(2) === 0 ? pick(jobs) : await drawJob();
    jobs.push(job);
    return escrow.revoke(job.provider, job.nonce);
  };
  const withdraw = () => {
    const token = pick([terms.token, NATIVE]);
    return draw(2) === 0
      ? escrow.connect(provider).withdraw(token, stranger)
      : escrow.withdrawFor(token, pick(owners).address);
  };
  const refund = () => escrow.refund(pick(jobs));
  const acceptOne = () => accept(jobs.at(-1 - draw(Math.min(jobs.length, 4)))!);
  const pass = () => time.increase(draw(200));
  const actions = [
    open,
    open,
    open,
    acceptOne,
    acceptOne,
    settle,
    settleBatch,
    cancel,
    revoke,
    withdraw,
    refund,
    refund,
    pass,
  ];
  let refused = 0;
  for (let step = 0; step < STEPS; step++) {
    if (step === (STEPS * 2) / 3) await market.stop(models.doomed);
    await pick<() => Promise<unknown>>(actions)().catch(() => refused++);
  }
  return { jobs, refused };
}

const nonceKey = (of: { client: string; provider: string; nonce: bigint }): string =>
  `${of.client} ${of.provider} ${of.nonce}`;

/** All that the escrow stores and holds, from its events alone and the registry's about royalties. */
async function rebuild({ escrow, registry }: BatchMarket) {
  const royalties = await registry.queryFilter(registry.filters.RoyaltySet(), 0);
  const royaltyTo = new Map(royalties.map(({ args }) => [args.modelId, args.royaltyTo]));
  const tollCollector = await escrow.TOLL_COLLECTOR();
  const [held, credits] = [new Sums(), new Sums()];
  const jobs = new Map<Hex, { job: Job; state: bigint }>();
  const nonces = new Map<string, Hex | "revoked">();
  const names = new Set<string>();
  for (const log of await ethers.provider.getLogs({ address: await escrow.getAddress(), fromBlock: 0 })) {
    const { name, args } = escrow.interface.parseLog(log)!;
    names.add(name);
    const known = jobs.get(args.jobId);
    if (name === "JobOpened") {
      const job = args.job.toObject() as Job;
      jobs.set(args.jobId, { job, state: FUNDED });
      nonces.set(nonceKey(job), args.jobId);
      held.add(job.token, job.amount);
    }
    if (name === "NonceRevoked") nonces.set(nonceKey(args as never), "revoked");
    if (name === "Withdrawn") {
      credits.add(`${args.owner} ${args.token}`, 0n - args.amount);
      held.add(args.token, 0n - args.amount);
    }
    if (known === undefined) continue;
    const { token, provider, client, amount, bond, modelId } = known.job;
    const bondIn = known.state === ACCEPTED ? bond : 0n;
    if (name === "JobAccepted") {
      known.state = ACCEPTED;
      held.add(token, args.bond);
    }
    if (name === "JobSettled") {
      known.state = SETTLED;
      credits.add(`${provider} ${token}`, args.payout + bondIn);
      credits.add(`${tollCollector} ${token}`, amount - args.payout - args.royalty);
      credits.add(`${royaltyTo.get(modelId)} ${token}`, args.royalty);
    }
    if (name === "JobRefunded") {
      known.state = REFUNDED;
      credits.add(`${client} ${token}`, args.amount);
      credits.add(`${args.bondTo} ${token}`, args.bond);
    }
  }
  return { held, credits, jobs, nonces, names };
}

describe("the escrow's events of a history", () => {
  it("rebuild every job, deposit, bond, nonce and credit, without calldata (invariant 26)", async () => {
    for (const seed of ["first", "second"]) {
      const market = await networkHelpers.loadFixture(deploy);
      const { escrow, token, terms, owners, jobId } = market;
      const history = await live(market, drawFrom(seed));
      const { held, credits, jobs, nonces, names } = await rebuild(market);

      for (const job of history.jobs) {
        const holder = nonces.get(nonceKey(job));
        const state = escrow.stateOf(job);
        if (holder === undefined) expect(await state).to.equal(NONE);
        else if (holder === "revoked") expect(await state).to.equal(REVOKED);
        else if (holder === jobId(job)) expect(await state).to.equal(jobs.get(holder)!.state);
        else await expect(state).to.be.revertedWithCustomError(escrow, "JobTermsMismatch");
      }
      for (const [id, { job }] of jobs) expect([jobId(job), nonces.get(nonceKey(job))]).to.deep.equal([id, id]);
      for (const asset of [terms.token, NATIVE]) {
        for (const { address } of owners) {
          expect(await escrow.creditOf(address, asset)).to.equal(credits.of(`${address} ${asset}`));
        }
      }
      expect(await token.balanceOf(escrow)).to.equal(held.of(terms.token));
      expect(await ethers.provider.getBalance(escrow)).to.equal(held.of(NATIVE));
      expect([...names]).to.include.members([...EVENTS, "NonceRevoked", "Withdrawn"]);
      expect(history.refused).to.be.within(10, STEPS - 50);
      expect(new Set([...jobs.values()].map(({ state }) => state)).size).to.equal(4);
    }
  });
});
