import { expect } from "chai";
import { network } from "hardhat";
import type { Hex, Job } from "../../src/codec/statement.ts";
import { toBytes32 } from "../../src/codec/statement.ts";
import type { Delivery } from "./batchMarket.ts";
import { SKIP, deployBatchMarket } from "./batchMarket.ts";
import { ACCEPTED, FUNDED } from "./bondMarket.ts";
import { NO_ONE } from "./market.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { loadFixture } = networkHelpers;
/** Words of calldata: an item's head, and where in it are the job's funding and the words' offset. */
const [HEAD, FUNDING_AT, WORDS_AT] = [20, 9, 11];
/** Bytes from the start of the calldata to where the offsets of items count from. */
const LIST = 4 + 2 * 32;
const bytes = (words: number): bigint => 32n * BigInt(words);

/** A batch as the ABI lays it out, but with the offsets that are given: of items from the list's first word. */
const layOut = (selector: Hex, offsets: readonly bigint[], body: readonly bigint[]): Hex =>
  ethers.concat([
    selector,
    ...[32n, BigInt(offsets.length), ...offsets, ...body].map((word) => toBytes32(BigInt.asUintN(256, word))),
  ]);

/** An item without its words, which lie `wordsAt` bytes from its start. */
const headOf = ({ job, proof }: Pick<Delivery, "job" | "proof">, wordsAt: bigint): bigint[] => [
  ...Object.values(job).map((value) => BigInt(value as bigint | string | number)),
  wordsAt,
  ...proof,
];

/** A market with four jobs over one word, of which the last has a bond, and a way to send bytes to it. */
async function deploySender() {
  const market = await deployBatchMarket(connection);
  const { escrow, newJob, bonded, start, deliver, client, eventsOf } = market;
  const jobs = [newJob(), newJob(), newJob(), newJob(bonded)];
  await start(...jobs);
  const send = (data: Hex) => client.sendTransaction({ to: escrow, data });
  const selector = escrow.interface.getFunction("settleBatch").selector;
  const eventsOfData = (data: Hex) => eventsOf(send(data));
  const encode = (items: readonly Delivery[]): Hex => escrow.interface.encodeFunctionData("settleBatch", [[...items]]);
  return { ...market, jobs, items: jobs.map((job) => deliver(job)), send, selector, eventsOfData, encode };
}
type Sender = Awaited<ReturnType<typeof deploySender>>;

async function expectNothingPaid({ credits, escrow, jobs }: Sender): Promise<void> {
  expect(new Set(await credits())).to.deep.equal(new Set([0n]));
  const states = await Promise.all(jobs.map((job) => escrow.stateOf(job)));
  expect(states).to.deep.equal([FUNDED, FUNDED, FUNDED, ACCEPTED]);
}

describe("the calldata of settleBatch", () => {
  it("is laid out here as the ABI does it", async () => {
    const { items, selector, encode } = await loadFixture(deploySender);
    const [a, b] = items;
    const size = bytes(HEAD + 2);
    const body = [...headOf(a, bytes(HEAD)), 1n, a.words[0], ...headOf(b, bytes(HEAD)), 1n, b.words[0]];
    expect(Object.keys(a.job)).to.have.length(WORDS_AT);
    expect(layOut(selector, [bytes(2), bytes(2) + size], body)).to.equal(encode([a, b]));
  });

  it("may share words between items, which are proven and paid each", async () => {
    const { items, selector, eventsOfData, settled, credits, creditsFor, jobs } = await loadFixture(deploySender);
    const [a, b, , d] = items;
    const heads = [a, b, d].flatMap((item, index) => headOf(item, bytes(HEAD * (3 - index))));
    const offsets = [0, 1, 2].map((index) => bytes(3 + HEAD * index));
    const data = layOut(selector, offsets, [...heads, 1n, a.words[0]]);
    expect(await eventsOfData(data)).to.deep.equal([a, b, d].map(settled));
    expect(await credits()).to.deep.equal(creditsFor([jobs[0], jobs[1], jobs[3]]));
  });

  it("may name one item many times, which is paid once", async () => {
    const { items, selector, eventsOfData, settled, skipped, credits, creditsFor, jobs } =
      await loadFixture(deploySender);
    const [a] = items;
    const data = layOut(
      selector,
      [3, 3, 3].map((words) => bytes(words)),
      [...headOf(a, bytes(HEAD)), 1n, a.words[0]],
    );
    expect(await eventsOfData(data)).to.deep.equal([
      settled(a),
      skipped(jobs[0], 1, SKIP.notOpen),
      skipped(jobs[0], 2, SKIP.notOpen),
    ]);
    expect(await credits()).to.deep.equal(creditsFor([jobs[0]]));
  });

  it("may lie in any order, apart, and behind what nobody reads", async () => {
    const { items, selector, eventsOfData, settled } = await loadFixture(deploySender);
    const [a, b] = items;
    const body = [7n, ...headOf(b, bytes(HEAD + 1)), 8n, 1n, b.words[0], 9n, ...headOf(a, bytes(HEAD)), 1n, a.words[0]];
    const data = layOut(selector, [bytes(2 + 1 + HEAD + 4), bytes(2 + 1)], body);
    expect(await eventsOfData(data)).to.deep.equal([a, b].map(settled));
  });

  it("may have words that overlap its own item or lie before it: they are paid for only if proven", async () => {
    const { registry, items, jobs, selector, send, eventsOfData, deliver, settled, ...market } =
      await loadFixture(deploySender);
    // Funding 1 is a count of words, and the nonce behind it the word.
    const own = deliver(jobs[0], [jobs[0].nonce]);
    const others = deliver(jobs[1], [jobs[0].nonce]);
    const layOutBoth = (first: Delivery, second: Delivery) =>
      layOut(
        selector,
        [bytes(2), bytes(2 + HEAD)],
        [...headOf(first, bytes(FUNDING_AT)), ...headOf(second, bytes(FUNDING_AT - HEAD))],
      );
    for (const [first, second] of [
      [items[0], others],
      [own, items[1]],
    ]) {
      await expect(send(layOutBoth(first, second)))
        .to.be.revertedWithCustomError(registry, "BatchProofInvalid")
        .withArgs(2);
    }
    expect(await eventsOfData(layOutBoth(own, others))).to.deep.equal([own, others].map(settled));
    expect(await market.credits()).to.deep.equal(market.creditsFor([jobs[0], jobs[1]]));
  });

  it("of an item that starts before it is no open job's", async () => {
    const market = await loadFixture(deploySender);
    const { items, selector, send, eventsOfData, skipped } = market;
    const nobody: Job = {
      client: NO_ONE,
      provider: NO_ONE,
      token: NO_ONE,
      amount: 0n,
      bond: 0n,
      modelId: 0n,
      inputCommitment: toBytes32(0n),
      acceptBy: 0n,
      deadline: 0n,
      funding: 0,
      nonce: 0n,
    };
    const body = [...headOf(items[0], bytes(HEAD)), 1n, items[0].words[0]];
    // Far before it, and with its proof's or its nonce's end within.
    for (const start of [-(2n ** 254n), -(2n ** 64n), -bytes(HEAD), -bytes(HEAD) + 31n, -bytes(FUNDING_AT + 2) + 31n]) {
      const data = layOut(selector, [start - BigInt(LIST)], body);
      expect(await eventsOfData(data), `${start}`).to.deep.equal([skipped(nobody, 0, SKIP.notOpen)]);
    }
    // The selector is no part of an address.
    await expect(send(layOut(selector, [-bytes(1) - BigInt(LIST)], body))).to.revert(ethers);
    await expectNothingPaid(market);
  });

  it("must hold all that its offsets and lengths claim", async () => {
    const market = await loadFixture(deploySender);
    const { items, selector, send, encode } = market;
    const [a] = items;
    const tail = [1n, a.words[0]];
    const wrong = [
      // The item, past the end or with its last byte missing.
      ...[2n ** 64n, 2n ** 255n - 1n, bytes(2 + HEAD), 100_000n].map((at) =>
        layOut(selector, [at], [...headOf(a, 0n), ...tail]),
      ),
      layOut(selector, [bytes(1)], headOf(a, 0n)).slice(0, -2),
      // Its words, as a whole or in part.
      ...[2n ** 64n, 2n ** 255n - 1n, bytes(HEAD + 2), 100_000n].map((at) =>
        layOut(selector, [bytes(1)], [...headOf(a, at), ...tail]),
      ),
      ...[2n, 2n ** 59n, 2n ** 64n, 2n ** 255n, 2n ** 256n - 1n].map((count) =>
        layOut(selector, [bytes(1)], [...headOf(a, bytes(HEAD)), count, a.words[0]]),
      ),
      encode([a]).slice(0, -2),
      // The list.
      ethers.concat([selector, toBytes32(32n), toBytes32(2n), toBytes32(0n)]),
      ethers.concat([selector, toBytes32(2n ** 64n)]),
      selector,
    ];
    for (const data of wrong) await expect(send(data), data.slice(0, 400)).to.revert(ethers);
    await expectNothingPaid(market);
    await send(`${encode([a])}00ff`);
  });

  it("with stray high bits in a short field of the job is refused or left out as other terms", async () => {
    const market = await loadFixture(deploySender);
    const { items, send, encode, eventsOfData, escrow } = market;
    const data = encode([items[0]]);
    const start = 2 + 2 * (LIST + 32);
    for (const [field, refused] of [
      [0, true],
      [1, true],
      [2, false],
      [7, false],
      [8, false],
      [9, false],
    ] as const) {
      const at = start + 64 * field;
      const dirty = `${data.slice(0, at)}8${data.slice(at + 1)}`;
      if (refused) await expect(send(dirty)).to.revert(ethers);
      else {
        const [[name, , index, reason], ...more] = await eventsOfData(dirty);
        expect([name, index, reason, more]).to.deep.equal(["JobSkipped", 0n, SKIP.otherTerms, []]);
      }
    }
    await expectNothingPaid(market);
    expect(await escrow.settleBatch.staticCall([items[0]])).to.deep.equal([]);
  });
});
