import { expect } from "chai";
import type { ContractTransactionResponse } from "ethers";
import fc from "fast-check";
import { network } from "hardhat";
import type { SettlementRegistry } from "../../build/hardhat/types/index.ts";
import type { Hex } from "../../src/codec/statement.ts";
import { hashWords, keyIdOf, modelIdOf, toBytes32 } from "../../src/codec/statement.ts";
import { SCALAR_ORDER } from "../../src/field.ts";
import type { Trapdoor } from "../fixtures/mint.ts";
import { keyOf, mintStatement, scalarOf, trapdoorOf } from "../fixtures/mint.ts";
import { NO_ONE, REGISTER, commitmentTo, deployMarket, wordsOf } from "./market.ts";

const connection = await network.create();
const { ethers, networkHelpers, provider } = connection;
const MAX_BATCH = 128;
const MAX_WORD = 2n ** 253n - 1n;
const [KEY_STOPPED, ALREADY_RECORDED, RECORD_CONFLICT] = [3n, 6n, 7n];
const NO_PROOF = Array.from({ length: 8 }, () => 0n);

interface Model {
  readonly modelId: bigint;
  readonly keyId: Hex;
  readonly trapdoor: Trapdoor;
  readonly wordCount: number;
}

interface Item {
  readonly modelId: bigint;
  readonly inputCommitment: Hex;
  readonly words: bigint[];
  readonly subject: Hex;
  readonly proof: bigint[];
}

/** Statement `number` of a model, proven; statements of other numbers have other inputs and subjects. */
function provenItem({ modelId, keyId, trapdoor, wordCount }: Model, number: number, words = wordsOf(wordCount)): Item {
  const inputCommitment = toBytes32(1_000n + BigInt(number));
  const subject = toBytes32(500n + BigInt(number));
  const proof = mintStatement(trapdoor, { keyId, inputCommitment, words, subject });
  return { modelId, inputCommitment, words, subject, proof };
}

/** The same statement with other words, proven as well: only who knows a trapdoor can do that. */
const contradiction = (model: Model, number: number): Item =>
  provenItem(
    model,
    number,
    wordsOf(model.wordCount).map((word) => word + 9n),
  );

/** Items in the form of the call: neighbours of one model share a group. */
function groupsOf(items: readonly Item[]) {
  const groups: { modelId: bigint; claims: Omit<Item, "modelId">[] }[] = [];
  for (const { modelId, ...claim } of items) {
    if (groups.at(-1)?.modelId !== modelId) groups.push({ modelId, claims: [] });
    groups.at(-1)!.claims.push(claim);
  }
  return groups;
}

const settleOne = (settlements: SettlementRegistry, { modelId, inputCommitment, words, subject, proof }: Item) =>
  settlements.verifyAndSettle(modelId, inputCommitment, words, subject, proof);

const settleAll = (settlements: SettlementRegistry, items: readonly Item[]) =>
  settlements.verifyAndSettleBatch(groupsOf(items));

/** What is stored for an item's statement: the hash of its words, or zero (ADR-0001). */
async function recordOf(settlements: SettlementRegistry, { modelId, inputCommitment, subject }: Item): Promise<Hex> {
  const encode = (types: string[], values: unknown[]) =>
    ethers.keccak256(ethers.AbiCoder.defaultAbiCoder().encode(types, values));
  const statement = encode(["uint256", "bytes32", "bytes32"], [modelId, inputCommitment, subject]);
  return ethers.provider.getStorage(settlements, encode(["bytes32", "uint256"], [statement, 0n]));
}

async function expectRecords(settlements: SettlementRegistry, items: readonly Item[]): Promise<void> {
  for (const item of items) expect(await recordOf(settlements, item)).to.equal(hashWords(item.words));
}

/** What a mined call recorded and what it skipped, in order. */
async function eventsOf(settlements: SettlementRegistry, sent: Promise<ContractTransactionResponse>) {
  const receipt = (await (await sent).wait())!;
  const events = receipt.logs.map((log) => settlements.interface.parseLog(log)!);
  const argumentsOf = (name: string) => events.filter((event) => event.name === name).map(({ args }) => args.toArray());
  return {
    settled: argumentsOf("InferenceSettled"),
    skipped: argumentsOf("StatementSkipped"),
    gasUsed: receipt.gasUsed,
  };
}

const skip = ({ modelId, inputCommitment, subject }: Item, index: number, reason: bigint) => [
  modelId,
  inputCommitment,
  subject,
  BigInt(index),
  reason,
];

/** A market; a model of the same setup with a key of two words; one of the same setup to be stopped; one of another. */
async function deployModels() {
  const market = await deployMarket(connection);
  const { registry, settlements, client, chainId } = market;
  const addModel = async (trapdoor: Trapdoor, wordCount: number): Promise<Model> => {
    await registry.publishKey(keyOf(trapdoor), wordCount);
    const keyId = keyIdOf(keyOf(trapdoor), wordCount);
    await registry[REGISTER](commitmentTo(keyId));
    const address = await registry.getAddress();
    const modelId = modelIdOf(chainId, address, client.address, commitmentTo(keyId), 0, NO_ONE);
    return { modelId, keyId, trapdoor, wordCount };
  };
  const { trapdoor, keyId, modelId } = market;
  const { alpha, beta } = trapdoor;
  const model: Model = { modelId, keyId, trapdoor, wordCount: 1 };
  const pair = await addModel({ ...trapdoorOf("pair"), alpha, beta }, 2);
  const doomed = await addModel({ ...trapdoorOf("doomed"), alpha, beta }, 1);
  const foreign = await addModel(trapdoorOf("foreign"), 1);
  const stop = ({ keyId: key, ...rest }: Model) =>
    registry.stop(key, provenItem({ keyId: key, ...rest }, 77), contradiction({ keyId: key, ...rest }, 77));
  const items = [0, 1, 2, 3].map((number) => provenItem(model, number));
  return { ...market, settlements, model, pair, doomed, foreign, stop, items };
}

describe("verifyAndSettleBatch", () => {
  it("records what was proven and says so, item by item, whoever sends it", async () => {
    const { settlements, items, stranger } = await networkHelpers.loadFixture(deployModels);
    const { settled, skipped } = await eventsOf(settlements, settleAll(settlements.connect(stranger), items));
    expect(skipped).to.deep.equal([]);
    expect(settled).to.deep.equal(
      items.map(({ modelId, inputCommitment, subject, words }) => [modelId, inputCommitment, subject, words]),
    );
    await expectRecords(settlements, items);
    for (const { modelId, inputCommitment, subject, words } of items) {
      expect(await settlements.isSettled(modelId, inputCommitment, subject, words)).to.equal(true);
    }
  });

  it("takes one item, models in turns, groups without claims and groups of one model", async () => {
    const { settlements, model, pair, items } = await networkHelpers.loadFixture(deployModels);
    await settleAll(settlements, [items[0]]);
    const turns = [1, 2, 3, 4, 5].map((number) => provenItem(number % 2 === 0 ? pair : model, number));
    await settleAll(settlements, turns);
    const more = [6, 7].flatMap((number) => [provenItem(pair, number), provenItem(pair, 10 + number)]);
    const [first, second] = [groupsOf(more.slice(0, 2))[0], groupsOf(more.slice(2))[0]];
    await settlements.verifyAndSettleBatch([{ modelId: 5n, claims: [] }, first, { modelId: 0n, claims: [] }, second]);
    await expectRecords(settlements, [items[0], ...turns, ...more]);
  });

  it("goes on under a deprecated model", async () => {
    const { settlements, registry, modelId, items } = await networkHelpers.loadFixture(deployModels);
    await registry.deprecateModel(modelId);
    await settleAll(settlements, items);
    await expectRecords(settlements, items);
  });

  describe("leaves out, at every position and without a look at the proof,", () => {
    /** Batches of four whose item `position` is replaced by `excluded`: it is skipped, the others are recorded. */
    async function expectSkipped(
      exclude: (models: Awaited<ReturnType<typeof deployModels>>) => Promise<Item>,
      reason: bigint,
    ) {
      for (const position of [0, 1, 2, 3]) {
        const models = await networkHelpers.loadFixture(deployModels);
        const { settlements, items } = models;
        const excluded = await exclude(models);
        const record = await recordOf(settlements, excluded);
        const batch = items.map((item, index) => (index === position ? { ...excluded, proof: NO_PROOF } : item));
        const { settled, skipped } = await eventsOf(settlements, settleAll(settlements, batch));
        expect(skipped).to.deep.equal([skip(excluded, position, reason)]);
        expect(settled).to.have.length(3);
        expect(await recordOf(settlements, excluded)).to.equal(record);
        await expectRecords(
          settlements,
          items.filter((_, index) => index !== position),
        );
      }
    }

    it("what is on record already", () =>
      expectSkipped(async ({ settlements, model }) => {
        const recorded = provenItem(model, 9);
        await settleOne(settlements, recorded);
        return recorded;
      }, ALREADY_RECORDED));

    it("what a record contradicts", () =>
      expectSkipped(async ({ settlements, model }) => {
        await settleOne(settlements, provenItem(model, 9));
        return contradiction(model, 9);
      }, RECORD_CONFLICT));

    it("what has a stopped key", () =>
      expectSkipped(async ({ stop, doomed }) => {
        await stop(doomed);
        return provenItem(doomed, 9);
      }, KEY_STOPPED));

    it("what was on record before its key was stopped", () =>
      expectSkipped(async ({ settlements, stop, doomed }) => {
        await settleOne(settlements, provenItem(doomed, 9));
        await stop(doomed);
        return provenItem(doomed, 9);
      }, KEY_STOPPED));
  });

  it("leaves out what an earlier item of the batch says again or contradicts", async () => {
    const { settlements, model, items } = await networkHelpers.loadFixture(deployModels);
    const other = contradiction(model, 1);
    const batch = [items[0], items[1], items[1], items[2], other, items[0]];
    const { settled, skipped } = await eventsOf(settlements, settleAll(settlements, batch));
    expect(settled).to.have.length(3);
    expect(skipped).to.deep.equal([
      skip(items[1], 2, ALREADY_RECORDED),
      skip(other, 4, RECORD_CONFLICT),
      skip(items[0], 5, ALREADY_RECORDED),
    ]);
    await expectRecords(settlements, items.slice(0, 3));
  });

  it("succeeds without a pairing where everything is left out", async () => {
    const { settlements, items } = await networkHelpers.loadFixture(deployModels);
    await settleAll(settlements, items);
    const { settled, skipped, gasUsed } = await eventsOf(settlements, settleAll(settlements, items));
    expect(settled).to.deep.equal([]);
    expect(skipped).to.deep.equal(items.map((item, index) => skip(item, index, ALREADY_RECORDED)));
    expect(gasUsed, "a pairing of two points costs 113,000").to.be.lessThan(113_000n);
  });

  it("goes through whatever part of it a copier settles first, alone, in a batch or twice", async () => {
    for (let part = 1; part < 16; part++) {
      const { settlements, items, stranger } = await networkHelpers.loadFixture(deployModels);
      const copier = settlements.connect(stranger);
      const copied = items.filter((_, index) => (part >> index) % 2 === 1).reverse();
      if (part % 3 === 0) for (const item of copied) await settleOne(copier, item);
      else await settleAll(copier, part % 3 === 1 ? copied : [...copied, ...copied]);
      const { settled, skipped } = await eventsOf(settlements, settleAll(settlements, items));
      expect(skipped.map(([, , , index]) => index)).to.deep.equal(
        copied.map((item) => BigInt(items.indexOf(item))).reverse(),
      );
      expect(settled).to.have.length(items.length - copied.length);
      await expectRecords(settlements, items);
    }
  });

  it("records nothing where one proof is false, at any position, though others be left out", async () => {
    const { settlements, registry, model, items } = await networkHelpers.loadFixture(deployModels);
    const recorded = provenItem(model, 9);
    await settleOne(settlements, recorded);
    for (const position of [0, 1, 2, 3]) {
      const forged = { ...items[position], proof: items[(position + 1) % 4].proof };
      const batch = [recorded, ...items.map((item, index) => (index === position ? forged : item))];
      await expect(settleAll(settlements, batch))
        .to.be.revertedWithCustomError(registry, "BatchProofInvalid")
        .withArgs(items.length);
      for (const item of items) expect(await recordOf(settlements, item)).to.equal(toBytes32(0n));
    }
    await settleAll(settlements, [recorded, ...items]);
  });

  describe("of what is wrong with the calldata itself", () => {
    /** Every way to be malformed, as an item and the error that a call with it alone deserves. */
    async function flawsOf({ registry, pair }: Awaited<ReturnType<typeof deployModels>>): Promise<[Item, Hex][]> {
      const item = provenItem(pair, 20);
      const error = (name: string, values: unknown[]) =>
        registry.interface.encodeErrorResult(registry.interface.getError(name)!, values);
      const commitments = [0n, SCALAR_ORDER, 2n ** 256n - 1n].map((commitment): [Item, Hex] => [
        { ...item, inputCommitment: toBytes32(commitment) },
        error("InputCommitmentOutOfRange", [commitment, SCALAR_ORDER - 1n]),
      ]);
      const counts = [[], [1n], [1n, 2n, 3n]].map((words): [Item, Hex] => [
        { ...item, words },
        error("WordCountMismatch", [words.length, 2]),
      ]);
      return [
        [{ ...item, modelId: 0n }, error("ModelNotFound", [0n])],
        [{ ...item, modelId: 5n }, error("ModelNotFound", [5n])],
        [{ ...item, subject: toBytes32(0n) }, error("ZeroSubject", [])],
        ...commitments,
        ...counts,
        [{ ...item, words: [1n, MAX_WORD + 1n] }, error("WordTooLarge", [1n, MAX_WORD + 1n, MAX_WORD])],
      ];
    }

    it("refuses an item that is malformed, by its index and for its own reason", async () => {
      const models = await networkHelpers.loadFixture(deployModels);
      const { settlements, items } = models;
      for (const [malformed, reason] of await flawsOf(models)) {
        for (const position of [0, 1, 2, 3, 4]) {
          const batch = [...items.slice(0, position), malformed, ...items.slice(position)];
          await expect(settleAll(settlements, batch))
            .to.be.revertedWithCustomError(settlements, "ItemRefused")
            .withArgs(position, reason);
        }
      }
      for (const item of items) expect(await recordOf(settlements, item)).to.equal(toBytes32(0n));
    });

    it("refuses it just so where all other items are left out", async () => {
      const models = await networkHelpers.loadFixture(deployModels);
      const { settlements, items } = models;
      await settleAll(settlements, items);
      for (const [malformed, reason] of await flawsOf(models)) {
        for (const position of [0, 2, 4]) {
          const batch = [...items.slice(0, position), malformed, ...items.slice(position)];
          await expect(settleAll(settlements, batch))
            .to.be.revertedWithCustomError(settlements, "ItemRefused")
            .withArgs(position, reason);
        }
      }
    });

    it("refuses it just so where it would be left out itself: on record, repeated, of a stopped key", async () => {
      const models = await networkHelpers.loadFixture(deployModels);
      const { settlements, items, pair, stop } = models;
      await settleOne(settlements, provenItem(pair, 20));
      for (const [malformed, reason] of await flawsOf(models)) {
        await expect(settleAll(settlements, [items[0], malformed]))
          .to.be.revertedWithCustomError(settlements, "ItemRefused")
          .withArgs(1, reason);
        const again = settleAll(settlements, [items[0], malformed, malformed]);
        await expect(again).to.be.revertedWithCustomError(settlements, "ItemRefused");
      }
      await stop(pair);
      for (const [malformed, reason] of await flawsOf(models)) {
        await expect(settleAll(settlements, [items[0], malformed]))
          .to.be.revertedWithCustomError(settlements, "ItemRefused")
          .withArgs(1, reason);
      }
    });

    it("refuses keys of another setup, by the caller's index though earlier items were left out", async () => {
      const { settlements, registry, items, foreign, model } = await networkHelpers.loadFixture(deployModels);
      await settleAll(settlements, [items[0], items[2]]);
      const reason = registry.interface.encodeErrorResult("BatchKeysDiffer", [foreign.keyId, model.keyId]);
      const stray = provenItem(foreign, 8);
      const batches: [Item[], number][] = [
        [[items[1], stray], 1],
        [[items[0], items[1], items[2], items[3], stray], 4],
        [[items[0], items[1], items[2], stray, items[3]], 3],
      ];
      for (const [batch, index] of batches) {
        await expect(settleAll(settlements, batch))
          .to.be.revertedWithCustomError(settlements, "ItemRefused")
          .withArgs(index, reason);
      }
      await settleAll(settlements, [items[0], stray, items[2]]);
      await expectRecords(settlements, [stray]);
    });

    it("refuses a batch of nothing and one of more than 128, however it is divided", async () => {
      const { settlements, model, items } = await networkHelpers.loadFixture(deployModels);
      const groups = (...sizes: number[]) =>
        sizes.map((size) => ({ modelId: model.modelId, claims: Array.from({ length: size }, () => items[0]) }));
      for (const sizes of [[], [0], [0, 0], [129], [1, 128], [64, 0, 65]]) {
        const count = sizes.reduce((sum, size) => sum + size, 0);
        await expect(settlements.verifyAndSettleBatch(groups(...sizes)))
          .to.be.revertedWithCustomError(settlements, "BatchSizeOutOfRange")
          .withArgs(count, MAX_BATCH);
      }
    });
  });

  it("settles 128 items in one transaction, and says of 128 more that they are on record", async () => {
    const { settlements, model, pair } = await networkHelpers.loadFixture(deployModels);
    const items = Array.from({ length: MAX_BATCH }, (_, number) => provenItem(number < 100 ? model : pair, number));
    expect((await eventsOf(settlements, settleAll(settlements, items))).settled).to.have.length(MAX_BATCH);
    expect((await eventsOf(settlements, settleAll(settlements, items))).skipped).to.have.length(MAX_BATCH);
    await expectRecords(settlements, items);
  });

  it("does what the same calls do one by one, those left out that state excludes", async () => {
    const { registry, settlements, model, pair, doomed, stop } = await networkHelpers.loadFixture(deployModels);
    const twin = await ethers.deployContract("SettlementRegistry", [registry]);
    const pool = [model, pair, doomed].flatMap((owner) =>
      [0, 1].flatMap((number) => [provenItem(owner, number), contradiction(owner, number)]),
    );
    const drawn = fc.record({
      before: fc.uniqueArray(fc.nat(pool.length - 1), { maxLength: 4 }),
      items: fc.array(fc.nat(pool.length - 1), { minLength: 1, maxLength: 10 }),
      stopped: fc.boolean(),
    });

    /** The single calls in turn: what they recorded, and the reason for which each other one would be left out. */
    async function settleOneByOne(items: readonly Item[]) {
      const settled: unknown[][] = [];
      const skipped: unknown[][] = [];
      for (const [index, item] of items.entries()) {
        const { modelId, inputCommitment, words, subject, proof } = item;
        const call = [modelId, inputCommitment, words, subject, proof] as const;
        const error = await twin.verifyAndSettle.staticCall(...call).then(
          () => undefined,
          ({ data }: { data: string }) =>
            (twin.interface.parseError(data) ?? registry.interface.parseError(data))!.name,
        );
        if (error !== undefined) {
          const reasons: Record<string, bigint> = { KeyIsStopped: KEY_STOPPED, RecordConflict: RECORD_CONFLICT };
          skipped.push(skip(item, index, reasons[error]));
          continue;
        }
        const events = await eventsOf(settlements, settleOne(twin, item));
        settled.push(...events.settled);
        if (events.settled.length === 0) skipped.push(skip(item, index, ALREADY_RECORDED));
      }
      return { settled, skipped };
    }

    const start = await networkHelpers.takeSnapshot();
    await fc.assert(
      fc.asyncProperty(drawn, async ({ before, items: picks, stopped }) => {
        await start.restore();
        for (const index of before) {
          for (const target of [settlements, twin]) await settleOne(target, pool[index]).catch(() => undefined);
        }
        if (stopped) await stop(doomed);
        const items = picks.map((index) => pool[index]);
        const singles = await settleOneByOne(items);
        const { settled, skipped } = await eventsOf(settlements, settleAll(settlements, items));
        expect({ settled, skipped }).to.deep.equal(singles);
        for (const item of pool) expect(await recordOf(settlements, item)).to.equal(await recordOf(twin, item));
      }),
      { seed: 22, numRuns: 25, endOnFailure: true },
    );
  });

  it("reverts at every gas limit that does not reach, and records nothing then (Z8)", async () => {
    const { settlements, items, client } = await networkHelpers.loadFixture(deployModels);
    const batch = items.slice(0, 2);
    const data = settlements.interface.encodeFunctionData("verifyAndSettleBatch", [groupsOf(batch)]);
    const call = { from: client.address, to: await settlements.getAddress(), data };
    let accepted = 0;
    for (let gas = 35_000; gas <= 480_000; gas += 3_700) {
      const limit = ethers.toQuantity(gas);
      const returned = await provider.request({ method: "eth_call", params: [{ ...call, gas: limit }] }).then(
        (result) => result,
        () => "reverted",
      );
      if (returned === "0x") accepted++;
      expect(returned, `gas ${gas}`).to.equal(accepted > 0 ? "0x" : "reverted");
    }
    expect(accepted).to.be.within(1, 100);
    for (const gasLimit of [60_000n, 120_000n, 250_000n]) {
      await settlements.verifyAndSettleBatch(groupsOf(batch), { gasLimit }).catch(() => undefined);
      for (const item of batch) expect(await recordOf(settlements, item)).to.equal(toBytes32(0n));
    }
  });

  it("reads no calldata but its own: words that lie beyond its end are refused", async () => {
    const { settlements, items, client } = await networkHelpers.loadFixture(deployModels);
    const data = settlements.interface.encodeFunctionData("verifyAndSettleBatch", [groupsOf([items[0]])]);
    const send = (bytes: string) => client.sendTransaction({ to: settlements, data: bytes, gasLimit: 1_000_000n });
    const place = data.length - 2 * 64;
    for (const length of [toBytes32(2n), toBytes32(2n ** 64n), toBytes32(scalarOf("length"))]) {
      const changed = data.slice(0, place) + length.slice(2) + data.slice(place + 64);
      await expect(send(changed)).to.be.revert(ethers);
    }
    await expect(send(data.slice(0, -2))).to.be.revert(ethers);
    await send(`${data}00ff`);
    await expectRecords(settlements, [items[0]]);
  });
});
