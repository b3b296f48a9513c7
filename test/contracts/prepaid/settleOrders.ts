import { expect } from "chai";
import type { ContractTransactionResponse } from "ethers";
import { network } from "hardhat";
import type { Job } from "../../../src/codec/statement.ts";
import { keyIdOf, modelIdOf, toBytes32 } from "../../../src/codec/statement.ts";
import { BASE_ORDER, SCALAR_ORDER } from "../../../src/field.ts";
import { keyOf, mintStatement, trapdoorOf } from "../../fixtures/mint.ts";
import { sweepGas } from "../gasSweep.ts";
import { AMOUNT, NO_ONE, REGISTER, ROYALTY_BPS, TOLL_BPS, commitmentTo, wordsOf } from "../market.ts";
import type { SignedOrder } from "./shop.ts";
import { DEPOSIT, LIFE, SKIP, deployShop } from "./shop.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { time } = networkHelpers;
const TOLL = (AMOUNT * TOLL_BPS) / 10_000n;
const ROYALTY = (AMOUNT * ROYALTY_BPS) / 10_000n;
const PAYOUT = AMOUNT - TOLL - ROYALTY;
const NOTHING = [0n, 0n, 0n, 0n, 0n];
/** Of a client in a random mix: few enough to repeat, enough for most orders to settle. */
const NONCES = 12;
const MAX = 2n ** 128n - 1n;
const oneWord = () => deployShop(connection);
const twoWords = () => deployShop(connection, 2);

/** What a number of settled orders credits to provider, toll collector, royalty receiver, client and stranger. */
const paid = (count: bigint) => [count * PAYOUT, count * TOLL, count * ROYALTY, 0n, 0n];

describe("PrepaidOrders: settleOrders", () => {
  it("pays the provider, which calls it, toll and royalty out of the deposit", async () => {
    const { prepaid, order, terms, words, credits, depositOf, provider, orderId } =
      await networkHelpers.loadFixture(oneWord);
    await expect(prepaid.connect(provider).settleOrders([order()]))
      .to.emit(prepaid, "OrderSettled")
      .withArgs(
        orderId(terms),
        terms.client,
        terms.provider,
        terms.token,
        terms.modelId,
        terms.nonce,
        terms.amount,
        words,
      );
    expect([await credits(), await depositOf()]).to.deep.equal([paid(1n), DEPOSIT - AMOUNT]);
    expect(await prepaid.isNonceUsed(terms.client, terms.provider, terms.nonce)).to.equal(true);
  });

  it("pays for an output of two words, in their order", async () => {
    const { prepaid, registry, order, words, credits } = await networkHelpers.loadFixture(twoWords);
    const item = order();
    await expect(prepaid.settleOrders([{ ...item, words: [...words].reverse() }])).to.be.revertedWithCustomError(
      registry,
      "BatchProofInvalid",
    );
    await prepaid.settleOrders([item]);
    expect(await credits()).to.deep.equal(paid(1n));
  });

  it("pays many orders of several clients, tokens and models at once", async () => {
    const { prepaid, order, terms, deposit, makeClient, token, payer, registerModel, tollCollector } =
      await networkHelpers.loadFixture(oneWord);
    const other = await makeClient("other");
    const secondToken = await ethers.deployContract("TestToken");
    await secondToken.mint(payer, DEPOSIT);
    await secondToken.connect(payer).approve(prepaid, DEPOSIT);
    const kind = await secondToken.getAddress();
    await deposit(AMOUNT, { client: other.address });
    await deposit(AMOUNT, { token: kind });
    const free = await registerModel(0n, NO_ONE);
    await prepaid.settleOrders([
      order(),
      order({ client: other.address }, other),
      order({ token: kind, nonce: 2n }),
      order({ modelId: free, nonce: 3n }),
      order({ nonce: 4n }),
    ]);
    const credit = (owner: string, of: string) => prepaid.creditOf(owner, of);
    expect([
      await credit(terms.provider, terms.token),
      await credit(terms.provider, kind),
      await credit(tollCollector.address, terms.token),
      await credit(tollCollector.address, kind),
    ]).to.deep.equal([3n * PAYOUT + (AMOUNT - TOLL), PAYOUT, 4n * TOLL, TOLL]);
    expect(await token.balanceOf(prepaid)).to.equal(DEPOSIT + AMOUNT);
  });

  it("rounds toll and royalty of each order, not of their sum", async () => {
    const { prepaid, order, credits } = await networkHelpers.loadFixture(oneWord);
    const amount = 399n;
    await prepaid.settleOrders([1n, 2n, 3n].map((nonce) => order({ amount, nonce })));
    const [toll, royalty] = [(amount * TOLL_BPS) / 10_000n, (amount * ROYALTY_BPS) / 10_000n];
    expect([toll, royalty]).to.deep.equal([1n, 9n]);
    expect(await credits()).to.deep.equal([3n * (amount - 10n), 3n, 27n, 0n, 0n]);
  });

  it("credits more than one deposit can hold when amounts of 2^128 - 1 add up", async () => {
    const { prepaid, token, payer, terms, order, deposit, credits } = await networkHelpers.loadFixture(oneWord);
    await token.mint(payer, 3n * MAX);
    await deposit(MAX - DEPOSIT);
    await prepaid.settleOrders([order({ amount: MAX }), order({ amount: MAX, nonce: 2n })]);
    await deposit(MAX);
    await prepaid.settleOrders([order({ amount: MAX, nonce: 2n })]);
    const sum = (await credits()).reduce((total, credit) => total + credit);
    expect([sum, await token.balanceOf(prepaid)]).to.deep.equal([2n * MAX, 2n * MAX]);
    await prepaid.withdrawFor(terms.token, terms.provider);
  });

  it("settles an order whose model was deprecated after it was signed", async () => {
    const { prepaid, registry, order, modelId, credits } = await networkHelpers.loadFixture(oneWord);
    const item = order();
    await registry.deprecateModel(modelId);
    await prepaid.settleOrders([item]);
    expect(await credits()).to.deep.equal(paid(1n));
  });

  it("takes 128 orders, and neither none nor 129", async () => {
    const { prepaid, order, deposit, credits } = await networkHelpers.loadFixture(oneWord);
    await deposit(128n * AMOUNT);
    const orders = Array.from({ length: 129 }, (_, nonce) => order({ nonce: BigInt(nonce) }));
    for (const wrong of [[], orders]) {
      await expect(prepaid.settleOrders(wrong))
        .to.be.revertedWithCustomError(prepaid, "BatchSizeOutOfRange")
        .withArgs(wrong.length, 128n);
    }
    await prepaid.settleOrders(orders.slice(0, 128));
    expect(await credits()).to.deep.equal(paid(128n));
  });

  it("reads each of the 256 nonces of a word, and the words beside it", async () => {
    const { prepaid, order, terms } = await networkHelpers.loadFixture(oneWord);
    const nonces = [0n, 1n, 254n, 255n, 256n, 511n, 2n ** 256n - 1n, 2n ** 256n - 256n];
    const used = () => Promise.all(nonces.map((nonce) => prepaid.isNonceUsed(terms.client, terms.provider, nonce)));
    for (const [index, nonce] of nonces.entries()) {
      await prepaid.settleOrders([order({ nonce })]);
      expect(await used()).to.deep.equal(nonces.map((_, other) => other <= index));
    }
    expect(await prepaid.isNonceUsed(terms.client, terms.client, 0n)).to.equal(false);
  });
});

describe("PrepaidOrders: an order that settles no more", () => {
  /** What became of each item: settled, or why not. */
  async function outcomes(prepaid: Awaited<ReturnType<typeof oneWord>>["prepaid"], sent: ContractTransactionResponse) {
    const receipt = await sent.wait();
    return (receipt?.logs ?? []).map((log) => {
      const event = prepaid.interface.parseLog(log);
      return event?.name === "OrderSkipped" ? [event.args.index, event.args.reason] : event?.name;
    });
  }

  for (const [offset, settles] of [
    [-1n, true],
    [0n, false],
    [1n, false],
  ] as const) {
    it(`is ${settles ? "paid" : "skipped"} at its deadline ${offset < 0n ? "" : "+"}${offset} s`, async () => {
      const { prepaid, order, terms, credits, orderId } = await networkHelpers.loadFixture(oneWord);
      await time.setNextBlockTimestamp(terms.deadline + offset);
      const call = prepaid.settleOrders([order()]);
      if (settles) await expect(call).to.emit(prepaid, "OrderSettled");
      else await expect(call).to.emit(prepaid, "OrderSkipped").withArgs(orderId(terms), 0n, SKIP.deadlinePassed);
      expect(await credits()).to.deep.equal(settles ? paid(1n) : NOTHING);
      expect(await prepaid.isNonceUsed(terms.client, terms.provider, terms.nonce)).to.equal(settles);
    });
  }

  it("is skipped when its key is stopped, and its nonce stays unused", async () => {
    const { prepaid, order, terms, stopKey, credits, orderId } = await networkHelpers.loadFixture(oneWord);
    await stopKey();
    await expect(prepaid.settleOrders([order()]))
      .to.emit(prepaid, "OrderSkipped")
      .withArgs(orderId(terms), 0n, SKIP.keyStopped);
    expect(await credits()).to.deep.equal(NOTHING);
    expect(await prepaid.isNonceUsed(terms.client, terms.provider, terms.nonce)).to.equal(false);
  });

  it("is paid once, in one batch or two, whatever the encoding of the proof (Z7)", async () => {
    const { prepaid, order, credits, depositOf, provider } = await networkHelpers.loadFixture(oneWord);
    const item = order();
    const [ax, ay, bx1, bx0, by1, by0, cx, cy] = item.proof;
    const malleated = {
      ...item,
      proof: [ax, BASE_ORDER - ay, bx1, bx0, BASE_ORDER - by1, BASE_ORDER - by0, cx, cy],
    };
    const first = await outcomes(prepaid, await prepaid.settleOrders([malleated, item, malleated]));
    expect(first).to.deep.equal(["OrderSettled", [1n, SKIP.nonceUsed], [2n, SKIP.nonceUsed]]);
    const data = prepaid.interface.encodeFunctionData("settleOrders", [[item]]);
    await provider.sendTransaction({ to: prepaid, data: `${data}00ff` });
    expect([await credits(), await depositOf()]).to.deep.equal([paid(1n), DEPOSIT - AMOUNT]);
  });

  it("is skipped when another order took its nonce, whatever the terms", async () => {
    const { prepaid, order } = await networkHelpers.loadFixture(oneWord);
    const other = order({ amount: 2n * AMOUNT });
    const result = await outcomes(prepaid, await prepaid.settleOrders([order(), other]));
    expect(result).to.deep.equal(["OrderSettled", [1n, SKIP.nonceUsed]]);
  });

  it("is skipped when items before it left too little, and smaller ones after it are paid", async () => {
    const { prepaid, order, depositOf } = await networkHelpers.loadFixture(oneWord);
    const amounts = [6n * AMOUNT, 4n * AMOUNT + 1n, 3n * AMOUNT, AMOUNT + 1n, AMOUNT, 1n];
    const orders = amounts.map((amount, index) => order({ amount, nonce: BigInt(index) }));
    const result = await outcomes(prepaid, await prepaid.settleOrders(orders));
    const short = SKIP.depositTooSmall;
    expect(result).to.deep.equal([
      "OrderSettled",
      [1n, short],
      "OrderSettled",
      [3n, short],
      "OrderSettled",
      [5n, short],
    ]);
    expect(await depositOf()).to.equal(0n);
  });

  it("is skipped without a deposit, or with one for another provider, client or token", async () => {
    const { prepaid, order, stranger, makeClient, token } = await networkHelpers.loadFixture(oneWord);
    const other = await makeClient("other");
    const otherToken = await ethers.deployContract("TestToken");
    await token.mint(prepaid, 100n * DEPOSIT);
    const orders = [order({ client: other.address }, other), order({ token: await otherToken.getAddress() })];
    const result = await outcomes(prepaid, await prepaid.settleOrders(orders));
    expect(result).to.deep.equal([0n, 1n].map((index) => [index, SKIP.depositTooSmall]));
    const elsewhere = [order({ provider: stranger.address })];
    const skipped = await outcomes(prepaid, await prepaid.connect(stranger).settleOrders(elsewhere));
    expect(skipped).to.deep.equal([[0n, SKIP.depositTooSmall]]);
  });

  it("costs its whole settlement more than estimated once somebody fills up the deposit in front", async () => {
    const { prepaid, registry, order, deposit, credits } = await networkHelpers.loadFixture(oneWord);
    const orders = Array.from({ length: 11 }, (_, nonce) => order({ nonce: BigInt(nonce) }));
    const gasLimit = await prepaid.settleOrders.estimateGas(orders);
    await deposit(AMOUNT);
    await expect(prepaid.settleOrders(orders, { gasLimit })).to.be.revertedWithCustomError(
      registry,
      "BatchProofInvalid",
    );
    await prepaid.settleOrders(orders);
    expect(await credits()).to.deep.equal(paid(11n));
  });

  it("is skipped although its proof is false, and holds up nobody", async () => {
    const { prepaid, order, credits } = await networkHelpers.loadFixture(oneWord);
    const spent = { ...order({ amount: 2n * DEPOSIT, nonce: 2n }), proof: Array.from({ length: 8 }, () => 0n) };
    const result = await outcomes(prepaid, await prepaid.settleOrders([spent, order()]));
    expect(result).to.deep.equal([[0n, SKIP.depositTooSmall], "OrderSettled"]);
    expect(await credits()).to.deep.equal(paid(1n));
  });
});

describe("PrepaidOrders: a malformed order", () => {
  const cases: [string, Partial<Job>, string, unknown[]][] = [
    ["funding 0", { funding: 0 }, "NotPrepaid", [0, 5]],
    ["funding of an escrow's job", { funding: 1 }, "NotPrepaid", [1, 5]],
    ["a bond", { bond: 1n }, "BondNotPrepaid", [1n, 0n]],
    ["a bond beyond 64 bits", { bond: 2n ** 64n }, "BondNotPrepaid", [2n ** 64n, 0n]],
    ["a time to accept", { acceptBy: 1n }, "BondNotPrepaid", [0n, 1n]],
    ["no token", { token: NO_ONE }, "ZeroAddress", []],
    ["amount 0", { amount: 0n }, "AmountOutOfRange", [0n, MAX]],
    ["an amount of 2^128", { amount: MAX + 1n }, "AmountOutOfRange", [MAX + 1n, MAX]],
    [
      "native ether",
      { token: "0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE" },
      "TokenIsNative",
      ["0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE"],
    ],
  ];
  const inRegistry: [string, Partial<Job>, string, unknown[]][] = [
    ["an unknown model", { modelId: 1n }, "ModelNotFound", [1n]],
    ["model 0", { modelId: 0n }, "ModelNotFound", [0n]],
    ["input commitment 0", { inputCommitment: toBytes32(0n) }, "InputCommitmentOutOfRange", [0n, SCALAR_ORDER - 1n]],
    [
      "an input commitment of r",
      { inputCommitment: toBytes32(SCALAR_ORDER) },
      "InputCommitmentOutOfRange",
      [SCALAR_ORDER, SCALAR_ORDER - 1n],
    ],
  ];
  const reasonOf = (
    contract: { interface: { encodeErrorResult(name: string, args: unknown[]): string } },
    name: string,
    args: unknown[],
  ) => contract.interface.encodeErrorResult(name, args);

  /** Puts the item at each place among two good ones, and expects it to be named and nothing to happen. */
  async function expectRefused(item: SignedOrder, reason: string, shop: Awaited<ReturnType<typeof oneWord>>) {
    const good = [shop.order({ nonce: 101n }), shop.order({ nonce: 102n })];
    for (const index of [0, 1, 2]) {
      await expect(shop.prepaid.settleOrders(good.toSpliced(index, 0, item)))
        .to.be.revertedWithCustomError(shop.prepaid, "ItemRefused")
        .withArgs(index, reason);
    }
    expect([await shop.credits(), await shop.depositOf()]).to.deep.equal([NOTHING, DEPOSIT]);
  }

  for (const [name, changes, error, args] of cases) {
    it(`is refused at any place: ${name}`, async () => {
      const shop = await networkHelpers.loadFixture(oneWord);
      await expectRefused(shop.order(changes), reasonOf(shop.prepaid, error, args), shop);
    });
  }

  for (const [name, changes, error, args] of inRegistry) {
    it(`is refused at any place: ${name}`, async () => {
      const shop = await networkHelpers.loadFixture(oneWord);
      const values = args.map((value) => (error === "InputCommitmentOutOfRange" ? toBytes32(value as bigint) : value));
      if (error === "InputCommitmentOutOfRange") values[1] = args[1];
      await expectRefused(shop.order(changes), reasonOf(shop.registry, error, values), shop);
    });
  }

  it("is refused when its provider is not the caller: another one, nobody or the contract itself", async () => {
    const shop = await networkHelpers.loadFixture(oneWord);
    for (const provider of [shop.stranger.address, shop.terms.client, NO_ONE, shop.address]) {
      const reason = reasonOf(shop.prepaid, "NotProvider", [shop.provider.address, provider]);
      await expectRefused(shop.order({ provider }), reason, shop);
    }
  });

  it("is refused with another number of words, or one of 254 bits", async () => {
    const shop = await networkHelpers.loadFixture(oneWord);
    const [good, limit] = [shop.order(), 2n ** 253n];
    for (const words of [[], [...shop.words, 1n]]) {
      await expectRefused({ ...good, words }, reasonOf(shop.registry, "WordCountMismatch", [words.length, 1]), shop);
    }
    for (const word of [limit, shop.words[0] + SCALAR_ORDER]) {
      const reason = reasonOf(shop.registry, "WordTooLarge", [0, word, limit - 1n]);
      await expectRefused({ ...good, words: [word] }, reason, shop);
    }
  });

  for (const [extra, accepted] of [
    [0n, true],
    [1n, false],
  ] as const) {
    it(`is ${accepted ? "none" : "refused"} with a deadline one order life ${accepted ? "" : "and a second "}ahead`, async () => {
      const { prepaid, order, credits } = await networkHelpers.loadFixture(oneWord);
      const at = BigInt(await time.latest()) + 100n;
      const item = order({ deadline: at + LIFE + extra });
      await time.setNextBlockTimestamp(at);
      const call = prepaid.settleOrders([item]);
      if (accepted) await expect(call).to.emit(prepaid, "OrderSettled");
      else {
        await expect(call)
          .to.be.revertedWithCustomError(prepaid, "ItemRefused")
          .withArgs(0, reasonOf(prepaid, "OrderLifeTooLong", [at + LIFE + 1n, at + LIFE]));
        expect(await credits()).to.deep.equal(NOTHING);
      }
    });
  }

  it("is refused even where the chain's state would skip it", async () => {
    const shop = await networkHelpers.loadFixture(oneWord);
    const item = shop.order();
    await shop.prepaid.settleOrders([item]);
    const reason = reasonOf(shop.registry, "WordCountMismatch", [0, 1]);
    await expect(shop.prepaid.settleOrders([{ ...item, words: [] }]))
      .to.be.revertedWithCustomError(shop.prepaid, "ItemRefused")
      .withArgs(0, reason);
  });

  it("reverts with stray high bits in a short field", async () => {
    const { prepaid, order, provider } = await networkHelpers.loadFixture(oneWord);
    const data = prepaid.interface.encodeFunctionData("settleOrders", [[order()]]);
    // Selector, offset of the list, its length, offset of the item: then the job.
    const job = 10 + 64 * 3;
    for (const field of [0, 1, 2, 7, 8, 9]) {
      const at = job + 64 * field;
      const dirty = `${data.slice(0, at)}8${data.slice(at + 1)}`;
      await expect(provider.sendTransaction({ to: prepaid, data: dirty }), `field ${field}`).to.revert(ethers);
    }
    await provider.sendTransaction({ to: prepaid, data });
  });

  it("reverts when its words lie outside of the calldata", async () => {
    const { prepaid, order, provider } = await networkHelpers.loadFixture(oneWord);
    const data = prepaid.interface.encodeFunctionData("settleOrders", [[order()]]);
    const offset = 10 + 64 * (3 + 11);
    for (const value of [2n ** 255n, 2n ** 64n, 2n ** 256n - 32n, 100_000n]) {
      const far = data.slice(0, offset) + toBytes32(value).slice(2) + data.slice(offset + 64);
      await expect(provider.sendTransaction({ to: prepaid, data: far })).to.revert(ethers);
    }
    await expect(provider.sendTransaction({ to: prepaid, data: data.slice(0, -64) })).to.revert(ethers);
  });
});

describe("PrepaidOrders: a false proof", () => {
  it("at any place undoes everything: other output, input, subject, or none", async () => {
    const { prepaid, registry, order, words, mintFor, orderId, terms, credits, depositOf } =
      await networkHelpers.loadFixture(oneWord);
    const good = [order({ nonce: 11n }), order({ nonce: 12n })];
    const honest = order();
    const forged: SignedOrder[] = [
      { ...honest, words: [words[0] + 1n] },
      { ...honest, proof: mintFor(orderId(terms), words, toBytes32(5n)) },
      { ...honest, proof: mintFor(toBytes32(9n)) },
      { ...honest, proof: order({ nonce: 2n }).proof },
      { ...honest, proof: Array.from({ length: 8 }, () => 0n) },
    ];
    for (const [kind, item] of forged.entries()) {
      for (const index of [0, 1, 2]) {
        await expect(prepaid.settleOrders(good.toSpliced(index, 0, item)), `${kind} at ${index}`)
          .to.be.revertedWithCustomError(registry, "BatchProofInvalid")
          .withArgs(3);
      }
    }
    expect([await credits(), await depositOf()]).to.deep.equal([NOTHING, DEPOSIT]);
    expect(await prepaid.isNonceUsed(terms.client, terms.provider, 11n)).to.equal(false);
  });

  it("is not hidden by a pair of proofs whose errors cancel (Z13)", async () => {
    const { prepaid, registry, order } = await networkHelpers.loadFixture(oneWord);
    const [a, b] = [order({ nonce: 1n }), order({ nonce: 2n })];
    const swapped = [
      { ...a, proof: [...a.proof.slice(0, 6), ...b.proof.slice(6)] },
      { ...b, proof: [...b.proof.slice(0, 6), ...a.proof.slice(6)] },
    ];
    await expect(prepaid.settleOrders(swapped)).to.be.revertedWithCustomError(registry, "BatchProofInvalid");
  });

  it("of a key with another alpha and beta names the item, counted with those left out", async () => {
    const { prepaid, registry, order, signedOrder, terms, deposit, payer } = await networkHelpers.loadFixture(oneWord);
    const trapdoor = trapdoorOf("elsewhere");
    const keyId = keyIdOf(keyOf(trapdoor), 1);
    await registry.publishKey(keyOf(trapdoor), 1);
    await registry.connect(payer)[REGISTER](commitmentTo(keyId));
    const { chainId } = await ethers.provider.getNetwork();
    const modelId = modelIdOf(chainId, await registry.getAddress(), payer.address, commitmentTo(keyId), 0, NO_ONE);
    await deposit();
    const foreign = order({ modelId, nonce: 3n });
    const statement = { keyId, inputCommitment: terms.inputCommitment, words: wordsOf(1) };
    const subject = await prepaid.hashOrder(foreign.job);
    const item = { ...foreign, proof: mintStatement(trapdoor, { ...statement, subject }) };
    const first = keyIdOf(keyOf(trapdoorOf("market")), 1);
    const skipped = signedOrder({ ...terms, amount: 100n * DEPOSIT, nonce: 4n });
    await expect(prepaid.settleOrders([order(), skipped, item]))
      .to.be.revertedWithCustomError(prepaid, "ItemRefused")
      .withArgs(2, registry.interface.encodeErrorResult("BatchKeysDiffer", [keyId, first]));
    await prepaid.settleOrders([item]);
    expect(await prepaid.creditOf(terms.provider, terms.token)).to.equal(AMOUNT - TOLL);
  });

  it("is what a starved call looks like: it changes nothing at any gas limit that does not reach (Z8) (invariant 07)", async () => {
    const { prepaid, order, credits, depositOf, provider, terms } = await networkHelpers.loadFixture(oneWord);
    const orders = [order(), order({ nonce: 2n })];
    const call = {
      from: provider.address,
      to: await prepaid.getAddress(),
      data: prepaid.interface.encodeFunctionData("settleOrders", [orders]),
    };
    const { done, refused } = await sweepGas(
      connection,
      call,
      [80_000, 400_000, 13_700, 500_000, 1_900, 900_000, 50_000],
      async (ok) => {
        expect(await credits()).to.deep.equal(ok ? paid(2n) : NOTHING);
        expect(await depositOf()).to.equal(ok ? DEPOSIT - 2n * AMOUNT : DEPOSIT);
        expect(await prepaid.isNonceUsed(terms.client, terms.provider, 1n)).to.equal(ok);
      },
    );
    expect(Math.min(done, refused)).to.be.greaterThan(5);
  });
});

describe("PrepaidOrders: a batch", () => {
  it("does what its items do one by one, in random mixes of good, late, repeated and uncovered orders (invariant 22)", async () => {
    const shop = await networkHelpers.loadFixture(oneWord);
    const { prepaid, order, deposit, makeClient, payer, token, terms } = shop;
    const clients = [shop.client, await makeClient("second")];
    const other = await ethers.deployContract("TestToken");
    await other.mint(payer, DEPOSIT);
    await other.connect(payer).approve(prepaid, DEPOSIT);
    const kinds = [await token.getAddress(), await other.getAddress()];
    for (const client of clients) {
      for (const kind of kinds) await deposit(3n * AMOUNT, { client: client.address, token: kind });
    }
    let seed = 1n;
    const draw = (below: number): number => {
      seed = BigInt(ethers.id(seed.toString()));
      return Number(seed % BigInt(below));
    };
    const now = BigInt(await time.latest());
    const randomOrder = (): SignedOrder => {
      const client = clients[draw(2)];
      const terms_ = {
        client: client.address,
        token: kinds[draw(2)],
        amount: BigInt(1 + draw(2_000_000)),
        nonce: BigInt(draw(NONCES)),
        deadline: draw(5) === 0 ? now : now + 3_000n,
      };
      return order(terms_, client);
    };
    const state = async (): Promise<[bigint[], bigint[], boolean[]]> => {
      const pairs = clients.flatMap((client) => kinds.map((kind) => [client.address, kind] as const));
      const deposits = await Promise.all(pairs.map(([c, kind]) => prepaid.depositOf(c, terms.provider, kind)));
      const nonces = await Promise.all(
        clients.flatMap((c) =>
          Array.from({ length: NONCES }, (_, nonce) => prepaid.isNonceUsed(c, terms.provider, nonce)),
        ),
      );
      const owners = [terms.provider, shop.tollCollector.address, shop.royaltyReceiver.address];
      const inOther = await Promise.all(owners.map((owner) => prepaid.creditOf(owner, kinds[1])));
      return [[...(await shop.credits()), ...inOther], deposits, nonces];
    };
    let settled = 0;
    for (let round = 0; round < 6; round++) {
      const orders = Array.from({ length: 3 + draw(10) }, randomOrder);
      const snapshot = await networkHelpers.takeSnapshot();
      const [before] = await state();
      for (const item of orders) await prepaid.settleOrders([item]);
      const oneByOne = await state();
      await snapshot.restore();
      await prepaid.settleOrders(orders);
      expect(await state()).to.deep.equal(oneByOne);
      if (oneByOne[0][0] > before[0]) settled++;
    }
    expect(settled).to.be.greaterThan(2);
  });
});

describe("PrepaidOrders: ids", () => {
  it("are those that the code off chain derives, and no escrow's", async () => {
    const { prepaid, escrow, terms, orderId } = await networkHelpers.loadFixture(oneWord);
    for (const job of [terms, { ...terms, bond: 1n, acceptBy: 2n, funding: 1 }]) {
      expect(await prepaid.hashOrder(job)).to.equal(orderId(job));
      expect(await escrow.hashJob(job)).to.not.equal(orderId(job));
    }
  });
});
