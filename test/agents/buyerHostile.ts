import { expect } from "chai";
import { groth16 } from "snarkjs";
import { Wallet, ZeroAddress } from "ethers";
import type { PaymentRequirements } from "@x402/core/types";
import { stream } from "hono/streaming";
import type { Context } from "hono";
import type { Buyer, BuyerOptions } from "../../src/agent/buyer/buyer.ts";
import { UnconfirmedPurchase } from "../../src/agent/buyer/unconfirmedPurchase.ts";
import { toBytes32, type Hex } from "../../src/codec/statement.ts";
import { InputError } from "../../src/errors.ts";
import { BASE_ORDER } from "../../src/field.ts";
import { proofToJson, toCalldata, type Proof } from "../../src/groth16/proof.ts";
import { signalsOf } from "../../src/model/infer.ts";
import vkey from "../../circuits/generated/digits-mlp/dealer/vkey.json" with { type: "json" };
import { openAgentMarket, PRICE, type AgentMarket } from "./agentMarket.ts";
import {
  bodyOf,
  digitRequest,
  marketBuyer,
  openSeller,
  refusalOf,
  type Sale,
  type Seller,
  type Tricks,
} from "./buyerMarket.ts";

const OTHER = `0x${"12".repeat(20)}`;

describe("a buyer and a hostile provider", () => {
  let market: AgentMarket;
  const opened: { close(): unknown }[] = [];
  before(async () => void (market = await openAgentMarket()));
  after(async () => {
    for (const each of opened.reverse()) await each.close();
    await market.close();
  });

  async function open(tricks: Tricks, changes: Partial<BuyerOptions> = {}): Promise<{ seller: Seller; buyer: Buyer }> {
    const seller = await openSeller(market, tricks);
    const buyer = await marketBuyer(market, changes);
    opened.push(seller, buyer);
    return { seller, buyer };
  }

  /** The buyer refuses, and neither signed nor sent anything. */
  async function expectNothingSigned(
    tricks: Tricks,
    message: RegExp,
    request: object = {},
    changes: Partial<BuyerOptions> = {},
  ): Promise<void> {
    const { seller, buyer } = await open(tricks, changes);
    const refusal = await refusalOf(buyer.buyInference(await digitRequest(seller.url, 0, request)));
    expect(refusal.message).to.match(message);
    expect(refusal).to.be.instanceOf(InputError);
    expect(seller.orders).to.deep.equal([]);
    expect(buyer.purchases()).to.deep.equal([]);
  }

  const terms = (change: (entry: PaymentRequirements) => object): Tricks => ({
    terms: (entry) => ({ ...entry, ...change(entry) }),
  });
  const extra = (changes: object): Tricks => terms((entry) => ({ extra: { ...entry.extra, ...changes } }));

  const TERMS: readonly [name: string, tricks: Tricks, message: RegExp, request?: object][] = [
    ["another model", extra({ modelId: "7" }), /^model id: got 7, want \d+; nothing was signed$/],
    ["another key", extra({ keyId: toBytes32(7n) }), /^key id: got 0x0+7, want 0x/],
    ["an inflated price", terms(() => ({ amount: String(PRICE + 1n) })), /^price: 2000001 is asked for, want at most/],
    ["a price of nothing", terms(() => ({ amount: "0" })), /^amount: want more than 0$/],
    ["a price that is no integer", terms(() => ({ amount: "1e6" })), /^amount: want a decimal number/],
    ["another contract", extra({ contract: OTHER }), /^contract: got 0x1212\w+, want 0x/],
    ["another collector", extra({ collector: OTHER }), /^collector: got 0x1212\w+, want 0x/],
    ["another chain", terms(() => ({ network: "eip155:1" })), /takes tollgate-escrow on eip155:1, .*want .*:31337/],
    ["another token", terms(() => ({ asset: OTHER })), /^token: got 0x1212\w+, want 0x/],
    ["nobody to pay", terms(() => ({ payTo: ZeroAddress })), /^payee: 0x0+ cannot be a provider$/],
    [
      "another payee",
      terms(() => ({ payTo: OTHER })),
      /^payee: got 0x1212\w+, want 0x34/,
      { provider: `0x${"34".repeat(20)}` },
    ],
    ["another scheme", terms(() => ({ scheme: "exact" })), /takes exact on eip155:31337, .*want tollgate-escrow/],
    ["another payment flow", extra({ paymentFlow: "upfront" }), /^extra\.paymentFlow: /],
    [
      "no time at all",
      terms(() => ({ maxTimeoutSeconds: 0.5 })),
      /^deadline: the provider takes orders of at most 0\.5/,
    ],
  ];

  for (const [name, tricks, message, request] of TERMS) {
    it(`signs nothing for ${name}`, () => expectNothingSigned(tricks, message, request));
  }

  it("signs nothing above its own cap of an inference", () =>
    expectNothingSigned(
      {},
      /^price: 2000000 is asked for, the cap of an inference is 1999999$/,
      {},
      {
        limits: { perDay: 100n * PRICE, perInference: PRICE - 1n },
      },
    ));

  it("signs nothing without the money for it", async () => {
    const wallet = Wallet.createRandom(market.chain.provider);
    await expectNothingSigned({}, /^0x\w{40} has 0 of the token 0x\w{40}, want 2000000$/, {}, { wallet });
  });

  const ANSWERS: readonly [
    name: string,
    unpaid: (context: Context) => Response | Promise<Response>,
    message: RegExp,
  ][] = [
    [
      "garbage for terms",
      (context) => context.body("", 402, { "PAYMENT-REQUIRED": "%%%" }),
      /PAYMENT-REQUIRED header is not one/,
    ],
    ["no terms", (context) => context.json({}, 402), /answers 402, want 402 with terms: \{\}/],
    ["an answer that costs nothing", (context) => context.json({ words: ["1"] }), /answers 200, want 402/],
    [
      "a redirect",
      (context) => context.redirect("http://127.0.0.1:1/", 307),
      /redirect to http:\/\/127\.0\.0\.1:1\/, which is not followed/,
    ],
    ["an endless body", (context) => endless(context, 402), /the body is longer than 1048576 bytes/],
    [
      "a body of control characters",
      (context) => context.text("\u001b[2J\n".repeat(9), 500),
      /^[^\p{Cc}]+answers 500[^\p{Cc}]+$/u,
    ],
  ];

  for (const [name, unpaid, message] of ANSWERS) {
    it(`signs nothing for ${name}`, () => expectNothingSigned({ unpaid }, message));
  }

  it("orders for no longer than it wants, however long the provider would like", async () => {
    const { seller, buyer } = await open(terms(() => ({ maxTimeoutSeconds: 864_000 })));
    const { transaction } = await buyer.buyInference(await digitRequest(seller.url, 1, { deadline: 60 }));
    const paid = await (await market.chain.provider.getTransactionReceipt(transaction!))!.getBlock();
    const [{ job }] = buyer.purchases();
    expect(job.deadline <= BigInt(paid.timestamp) + 60n).to.equal(true);
  });

  /** An order was signed and is answered badly: the error says so, and no money has left. */
  async function expectUnpaid(paid: Tricks["paid"], message: RegExp, index: number, seconds = 60): Promise<Buyer> {
    const { seller, buyer } = await open({ paid });
    const { token, client, chain } = market;
    const had = (await token.balanceOf(client)) + (await escrowed(chain, token));
    const refusal = await refusalOf(buyer.buyInference(await digitRequest(seller.url, index, { deadline: seconds })));
    expect(refusal.message).to.match(message);
    expect(refusal).to.be.instanceOf(UnconfirmedPurchase);
    expect(refusal.message).to.match(
      /; nobody can collect its 2000000 base units without a proof, from 20\S+Z on `reclaim` brings/,
    );
    expect(await chain.escrow.creditOf(market.provider, token)).to.equal(earnedBefore);
    expect((await token.balanceOf(client)) + (await escrowed(chain, token))).to.equal(had);
    expect(new Set(seller.orders).size).to.equal(1);
    return buyer;
  }
  let earnedBefore = 0n;
  beforeEach(async () => void (earnedBefore = await market.chain.escrow.creditOf(market.provider, market.token)));

  const escrowed = ({ escrow }: AgentMarket["chain"], token: AgentMarket["token"]) => token.balanceOf(escrow);

  /** What the seller answers where `change` has been at its words, its proof, or what the proof is for. */
  const tampered =
    (change: (words: bigint[], proof: Proof) => [bigint[], Proof], subject?: Hex): NonNullable<Tricks["paid"]> =>
    async (sale, context) => {
      const inference = market.infer(sale.opening);
      const proof = await market.mint(inference, subject ?? sale.jobId);
      return context.json(bodyOf(sale.jobId, ...change([...inference.words], proof)));
    };

  it("takes no proof that was made for something else", () =>
    expectUnpaid(
      tampered((words, proof) => [words, proof], toBytes32(5n)),
      /the registry refuses the proof/,
      2,
    ));

  it("takes no other words with a proof", () =>
    expectUnpaid(
      tampered((words, proof) => [[words[0] ^ 1n], proof]),
      /the registry refuses the proof/,
      2,
    ));

  it("takes no words that are no output of the model", () =>
    expectUnpaid(
      tampered((words, proof) => [[words[0] | (1n << 252n)], proof]),
      /the words are no output of the model/,
      2,
    ));

  it("takes no proof that a JavaScript verifier accepts and the chain refuses (Z9)", async () => {
    const aliased = ([ax, ...rest]: Proof): Proof => [ax + BASE_ORDER, ...rest] as unknown as Proof;
    const inference = market.infer(await market.opening());
    const proof = aliased(await market.mint(inference, toBytes32(1n)));
    const signals = signalsOf(inference, market.offer.model.keyId, toBytes32(1n)).map(String);
    expect(await groth16.verify(vkey as never, signals, proofToJson(proof) as never)).to.equal(true);
    await expectUnpaid(
      tampered((words, own) => [words, aliased(own)]),
      /the registry refuses the proof/,
      2,
    );
  });

  it("takes no answer to another order", () =>
    expectUnpaid(
      async (sale, context) => context.json({ ...(await honest(sale)), jobId: toBytes32(9n) }),
      /answers nonsense: jobId: got 0x0+9, want 0x/,
      2,
    ));

  /** The body of an honest answer, without opening or settling anything. */
  const honest = async (sale: Sale) => {
    const inference = market.infer(sale.opening);
    return bodyOf(sale.jobId, inference.words, await market.mint(inference, sale.jobId));
  };

  it("is told when its money comes back where the provider says nothing", () =>
    expectUnpaid(() => new Promise<Response>(() => {}), /the provider gave no answer/, 3, 1));

  it("reads no endless answer", () =>
    expectUnpaid((_sale, context) => endless(context, 200), /the body is longer than 1048576 bytes/, 3, 1));

  it("follows no redirect with a signed order", () =>
    expectUnpaid((_sale, context) => context.redirect("http://127.0.0.1:1/", 307), /which is not followed/, 3, 1));

  it("asks no other host for the job", async () => {
    const elsewhere = await openSeller(market);
    opened.push(elsewhere);
    const paid: Tricks["paid"] = ({ jobId }, context) =>
      context.json({}, 202, { Location: `${elsewhere.url}/jobs/${jobId}` });
    await expectUnpaid(paid, /Location: leads to http:\/\/127\.0\.0\.1:\d+, want http/, 3);
    expect(elsewhere.asked).to.deep.equal([]);
  });

  it("signs no second order where the provider asks for another payment", async () => {
    const again: Tricks["paid"] = (_sale, context) =>
      context.json({ detail: "once more" }, 402, { "PAYMENT-REQUIRED": "e30=" });
    const buyer = await expectUnpaid(again, /answers 402: once more/, 4);
    expect(buyer.purchases()).to.have.length(1);
  });

  it("gives a plug-in's order once, for the terms that it was signed for", async () => {
    const { seller, buyer } = await open({});
    const purchase = await buyer.prepare(await digitRequest(seller.url, 4));
    const { payment } = await purchase.order();
    const { accepted, payload } = JSON.parse(payment) as { accepted: PaymentRequirements; payload: object };
    expect((await purchase.createPaymentPayload(2, accepted)).payload).to.deep.equal(payload);
    const refusal = await refusalOf(purchase.createPaymentPayload(2, { ...accepted, payTo: OTHER }));
    expect(refusal.message).to.match(/is signed, for other terms; it is not signed twice$/);
    expect(buyer.purchases()).to.have.length(1);
  });

  it("sends the same order again where an answer was lost, and follows a job to its end", async () => {
    let round = 0;
    const { seller, buyer } = await open({
      paid: async (sale, context, own) => {
        round += 1;
        if (round === 1) return context.json({}, 503);
        void own.serve(sale);
        return context.json({}, 202, { Location: `/jobs/${sale.jobId}` });
      },
    });
    const bought = await buyer.buyInference(await digitRequest(seller.url, 5));
    expect(bought.confirmed).to.equal(true);
    expect(seller.orders).to.deep.equal([bought.jobId, bought.jobId]);
  });

  it("gets the words that it paid for from the chain where the provider keeps them back", async () => {
    const { seller, buyer } = await open({
      paid: async (sale, context, own) => {
        await own.serve(sale);
        return context.json({ detail: "nothing for you" }, 410);
      },
    });
    const bought = await buyer.buyInference(await digitRequest(seller.url, 6));
    expect(bought).to.deep.include({ confirmed: true, proof: undefined, jobId: seller.orders[0] });
    expect(bought.words).to.deep.equal(market.infer(seller.last().opening).words);
  });

  it("gets a deposit back after the deadline, once", async () => {
    const { client, token, chain } = market;
    const had = await token.balanceOf(client);
    const { seller, buyer } = await open({
      paid: async (sale, context, own) => {
        await own.fund(sale);
        return context.json({ detail: "thank you" }, 410);
      },
    });
    await refusalOf(buyer.buyInference(await digitRequest(seller.url, 7)));
    expect(had - (await token.balanceOf(client))).to.equal(PRICE);
    expect(await buyer.reclaim()).to.deep.equal({ refunded: [], withdrawn: [] });
    await market.rpc("evm_increaseTime", 65);
    await market.rpc("evm_mine");
    const { refunded, withdrawn } = await buyer.reclaim();
    expect(refunded.map(({ jobId, amount }) => [jobId, amount])).to.deep.equal([[seller.orders[0], PRICE]]);
    expect(withdrawn.map(({ amount }) => amount)).to.deep.equal([PRICE]);
    expect(await token.balanceOf(client)).to.equal(had);
    expect(await buyer.reclaim()).to.deep.equal({ refunded: [], withdrawn: [] });
    expect(buyer.purchases()[0].status).to.equal("signed");
    await market.rpc("evm_increaseTime", 900);
    await market.rpc("evm_mine");
    await buyer.reclaim();
    expect(buyer.purchases()[0].status).to.equal("released");
    expect(await chain.escrow.creditOf(client, token)).to.equal(0n);
  });

  it("trusts no key that its maker could forge under, unless it is told to (Z11)", async () => {
    const model = market.record.models["digits-mlp"];
    const record = { ...market.record, models: { "digits-mlp": { ...model, setup: "self" as const } } };
    await expectNothingSigned(
      {},
      /whoever made its key \(setup self\) can forge its proofs; allowed are ceremony$/,
      {},
      { record },
    );
    const { seller, buyer } = await open({}, { record, allowSetups: ["ceremony", "self"] });
    expect((await buyer.buyInference(await digitRequest(seller.url, 8))).confirmed).to.equal(true);
  });

  it("takes a model's program for its hash only", async () => {
    const { projectPath } = await import("../../src/paths.ts");
    const graphs = { "digits-mlp": projectPath("circuits/generated/credit-gbdt/graph.json") };
    await expectNothingSigned(
      {},
      /graph\.json: the model hash is 0x\w+, that of digits-mlp in the .* is 0x/,
      {},
      { graphs },
    );
  });

  it("says what is wrong with a request before anybody is asked", async () => {
    const cases: [object, RegExp][] = [
      [{ model: "nothing" }, /^model nothing: is not in the deployment record; it has digits-mlp$/],
      [{ input: [[1, 2]] }, /^input \w+: got 2 numbers, want 64/],
      [{ input: [[1n, 2n]] }, /got 2 elements, want 64/],
      [{ deadline: 0 }, /^deadline: 0, want a whole number/],
      [{ deadline: 1_795_273_635 }, /^deadline: 1795273635, want a whole number of seconds from 1 to 2592000$/],
      [{ maxPrice: 0n }, /^maxPrice: 0, want at least 1$/],
      [{ url: "ftp://a" }, /^url ftp:\/\/a: want http/],
      [{ url: "http://user:secret@127.0.0.1" }, /^url http:\/\/127\.0\.0\.1: want no user/],
    ];
    for (const [request, message] of cases) await expectNothingSigned({}, message, request);
  });

  it("buys from no model that the registry stopped, and has its deposits back at once", async () => {
    const { chain, client } = market;
    const { seller, buyer } = await open({
      paid: async (sale, context, own) => {
        await own.fund(sale);
        return context.json({}, 410);
      },
    });
    await refusalOf(buyer.buyInference(await digitRequest(seller.url, 9)));
    const inference = market.infer(await market.opening());
    const claim = async (words: readonly bigint[]) => ({
      inputCommitment: toBytes32(inference.inputCommitment),
      words: [...words],
      subject: toBytes32(1n),
      proof: toCalldata(await market.mint({ ...inference, words }, toBytes32(1n))),
    });
    const contradiction = [await claim(inference.words), await claim([inference.words[0] ^ 1n])] as const;
    await (await chain.registry.connect(client).stop(market.offer.model.keyId, ...contradiction)).wait();
    expect((await buyer.reclaim()).refunded).to.have.length(1);
    await expectNothingSigned({}, /^model digits-mlp: its key was stopped/);
  });
});

const endless = (context: Context, status: 200 | 402) => {
  context.status(status);
  return stream(context, async (body) => {
    const chunk = new Uint8Array(65_536);
    while (!body.aborted) await body.write(chunk);
  });
};
