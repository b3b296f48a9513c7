import type { ClientEvmSigner } from "@x402/evm";
import {
  decodePaymentRequiredHeader,
  decodePaymentResponseHeader,
  encodePaymentSignatureHeader,
} from "@x402/core/http";
import type { PaymentPayload, PaymentRequirements, SettleResponse } from "@x402/core/types";
import { wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { expect } from "chai";
import { privateKeyToAccount } from "viem/accounts";
import type { Order, TransferMethod } from "../../src/agent/order.ts";
import type { Opening } from "../../src/agent/serveJob.ts";
import { chainPort } from "../../src/agent/scheme/chainPort.ts";
import { TollgateEscrowClient, walletSigner, type PaymentGuard } from "../../src/agent/scheme/client.ts";
import { TollgateEscrowFacilitator, type EscrowPort } from "../../src/agent/scheme/facilitator.ts";
import { TollgateEscrowServer } from "../../src/agent/scheme/server.ts";
import { networkOf, orderOf, paymentOf, termsOf } from "../../src/agent/scheme/terms.ts";
import { openingToJson } from "../../src/agent/wireJson.ts";
import { FUNDING, JOB_STATES, type Job } from "../../src/codec/statement.ts";
import { toCalldata, type Proof } from "../../src/groth16/proof.ts";
import { developmentKey, openAgentMarket, PRICE, type AgentMarket } from "./agentMarket.ts";
import { openShop, provenAnswer, type Shop } from "./schemeShop.ts";

/** What is left of the price after the toll of 50 basis points. */
const PAYOUT = (PRICE * 9_950n) / 10_000n;

describe("the x402 scheme tollgate-escrow", () => {
  let market: AgentMarket;
  let port: EscrowPort;
  let shop: Shop;
  let broken: Error | undefined;
  before(async () => {
    market = await openAgentMarket();
    port = chainPort({ chain: market.chain, wallet: market.provider });
    shop = await openShop(market, port, async (order, inference) => {
      if (broken) throw broken;
      return provenAnswer(market, order, inference);
    });
  });
  after(async () => {
    shop.close();
    await market.close();
  });

  /** A buyer's allow-list: this market's provider, model, price and contracts, and nothing else. */
  const guardOf =
    (opening: Opening, permitNonce?: bigint): PaymentGuard =>
    async (terms) => {
      const { chain, provider, offer, record } = market;
      if (terms.provider !== provider.address) throw new Error(`provider ${terms.provider} is not allowed`);
      if (terms.amount > PRICE) throw new Error(`price ${terms.amount} is above ${PRICE}`);
      if (terms.modelId !== offer.modelId) throw new Error(`model ${terms.modelId} is not allowed`);
      const job = await market.job(opening);
      const { method } = terms;
      const common = { chainId: chain.chainId, ...job, tokenDomain: offer.tokenDomain, permitNonce };
      if (method === "prepaid") return { ...common, contract: record.contracts.PrepaidOrders.address };
      const collector = await chain.escrow.collectorOf(FUNDING[method === "eip3009" ? "authorization" : "allowance"]);
      return { ...common, contract: record.contracts.InferenceEscrow.address, collector };
    };

  const buyerOf = (
    opening: Opening,
    method: TransferMethod,
    signer: ClientEvmSigner,
    permitNonce?: bigint,
  ): x402Client =>
    new x402Client((_, accepts) => accepts.find(({ extra }) => extra.assetTransferMethod === method)!)
      .register(
        networkOf(market.chain.chainId),
        new TollgateEscrowClient({ signer, guard: guardOf(opening, permitNonce) }),
      )
      .setSpendControls(false);

  const bodyOf = (opening: Opening): RequestInit => ({
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(openingToJson(opening)),
  });

  const receiptOf = (response: Response): SettleResponse =>
    decodePaymentResponseHeader(response.headers.get("PAYMENT-RESPONSE")!);

  const buy = async (method: TransferMethod, signer: ClientEvmSigner, permitNonce?: bigint) => {
    const opening = await market.opening();
    const pay = wrapFetchWithPayment(fetch, buyerOf(opening, method, signer, permitNonce));
    const response = await pay(shop.url, bodyOf(opening));
    return { opening, response, receipt: receiptOf(response) };
  };

  /** Buys, and checks the receipt, the money and the proof on chain. */
  const expectBought = async (method: TransferMethod, signer: ClientEvmSigner, permitNonce?: bigint): Promise<void> => {
    const { chain, offer, provider, token } = market;
    const ledger = method === "prepaid" ? chain.prepaid : chain.escrow;
    const before = await ledger.creditOf(provider, token);
    const { opening, response, receipt } = await buy(method, signer, permitNonce);
    expect(receipt).to.include({ success: true, payer: signer.address, amount: String(PRICE) });
    expect(response.status).to.equal(200);
    expect((await chain.provider.getTransactionReceipt(receipt.transaction))?.status).to.equal(1);
    expect((await ledger.creditOf(provider, token)) - before).to.equal(PAYOUT);
    const { words, proof } = (await response.json()) as { words: string[]; proof: string[] };
    const { jobId, status } = receipt.extra as { jobId: string; status: string };
    expect(status).to.equal("settled");
    const { inputCommitment } = await market.job(opening);
    const calldata = toCalldata(proof.map(BigInt) as unknown as Proof);
    await chain.registry.verify(offer.model.keyId, inputCommitment, words.map(BigInt), jobId, calldata);
  };

  /** A payment for the shop as its client signed it. */
  const paymentBy = async (opening: Opening, method: TransferMethod, changes: Partial<Job> = {}) => {
    const accepted = shop.requirements.find(({ extra }) => extra.assetTransferMethod === method)!;
    const guard: PaymentGuard = async (terms) => ({ ...(await guardOf(opening)(terms)), ...changes });
    const client = new TollgateEscrowClient({ signer: walletSigner(market.client), guard });
    return { accepted, ...(await client.createPaymentPayload(2, accepted)) } as PaymentPayload;
  };

  const post = (opening: Opening, payload: PaymentPayload, url = shop.url): Promise<Response> =>
    fetch(url, {
      ...bodyOf(opening),
      headers: { "content-type": "application/json", "PAYMENT-SIGNATURE": encodePaymentSignatureHeader(payload) },
    });

  const orderIn = (payload: PaymentPayload): Order => orderOf(payload, payload.accepted);

  /** Why a payment was not taken: the error beside the requirements, or the failed settlement's reason. */
  const refusalIn = (response: Response): string => {
    const receipt = response.headers.get("PAYMENT-RESPONSE");
    if (receipt === null) return decodePaymentRequiredHeader(response.headers.get("PAYMENT-REQUIRED")!).error!;
    const { success, errorReason, errorMessage } = decodePaymentResponseHeader(receipt);
    return `${success} ${errorReason}: ${errorMessage}`;
  };

  const stateOf = async ({ job }: Order) => JOB_STATES[Number(await market.chain.escrow.stateOf(job))];

  const fundPrepaid = async (amount: bigint): Promise<void> => {
    const { chain, client, provider, token } = market;
    await (await token.connect(client).approve(chain.prepaid, amount)).wait();
    await (await chain.prepaid.connect(client).deposit(client, provider, token, amount, "0x")).wait();
  };

  it("is paid by an ERC-3009 authorization, signed by a viem account", () =>
    expectBought("eip3009", privateKeyToAccount(developmentKey(4) as `0x${string}`)));

  it("is paid by an ERC-3009 authorization, signed by an ethers wallet", () =>
    expectBought("eip3009", walletSigner(market.client)));

  it("is paid by an allowance, or by a permit in its place", async () => {
    const { chain, client, other, token } = market;
    await (await token.connect(client).approve(await chain.escrow.collectorOf(1), PRICE)).wait();
    await expectBought("allowance", walletSigner(client));
    await expectBought("allowance", walletSigner(other), await token.nonces(other));
  });

  it("is paid by an order against a prepaid deposit", async () => {
    await fundPrepaid(PRICE);
    await expectBought("prepaid", walletSigner(market.client));
  });

  it("tells a client what it costs in one requirement a transfer method", async () => {
    const response = await fetch(shop.url, bodyOf(await market.opening()));
    expect(response.status).to.equal(402);
    const { accepts, x402Version } = decodePaymentRequiredHeader(response.headers.get("PAYMENT-REQUIRED")!);
    expect(x402Version).to.equal(2);
    expect(accepts).to.deep.equal(shop.requirements);
    expect(accepts.map(termsOf).map(({ method }) => method)).to.deep.equal(["eip3009", "allowance", "prepaid"]);
  });

  describe("a server that asks for something else", () => {
    const stranger = "0x000000000000000000000000000000000000dEaD";
    const lies: Record<string, [change: (honest: PaymentRequirements) => PaymentRequirements, reason: RegExp]> = {
      "a higher price": [(honest) => ({ ...honest, amount: String(PRICE + 1n) }), /price 2000001 is above/],
      "another receiver": [(honest) => ({ ...honest, payTo: stranger }), /provider 0x\w+dEaD is not allowed/],
      "another model": [(honest) => withExtra(honest, { modelId: "7" }), /model 7 is not allowed/],
      "another contract": [
        (honest) => withExtra(honest, { contract: stranger }),
        /contract: the server wants 0x\w+dEaD/,
      ],
      "another collector": [(honest) => withExtra(honest, { collector: stranger }), /collector: the server wants/],
      "another chain": [(honest) => ({ ...honest, network: "eip155:1" }), /chainId: the server wants 1, /],
      "no collector": [(honest) => withExtra(honest, { collector: undefined }), /extra.collector: want/],
      "a model id that is no number": [(honest) => withExtra(honest, { modelId: "0x7" }), /extra.modelId: want/],
    };
    const withExtra = (honest: PaymentRequirements, change: object): PaymentRequirements => ({
      ...honest,
      extra: { ...honest.extra, ...change },
    });

    for (const [lie, [change, reason]] of Object.entries(lies))
      it(`gets no signature for ${lie}`, async () => {
        let signatures = 0;
        const account = walletSigner(market.client);
        const signTypedData: ClientEvmSigner["signTypedData"] = (data) => {
          signatures++;
          return account.signTypedData(data);
        };
        const guard = guardOf(await market.opening());
        const client = new TollgateEscrowClient({ signer: { ...account, signTypedData }, guard });
        const refusal = await client
          .createPaymentPayload(2, change(shop.requirements[0]))
          .catch((error: unknown) => error);
        expect((refusal as Error).message).to.match(reason);
        expect(signatures).to.equal(0);
        await client.createPaymentPayload(2, shop.requirements[0]);
        expect(signatures).to.equal(2);
      });
  });

  describe("a payment that was changed on its way", () => {
    const word = (nibble: string) => `0x${nibble.repeat(64)}`;
    const changes: Record<string, [value: unknown, refusal: RegExp]> = {
      "job.client": ["0x000000000000000000000000000000000000dEaD", /insufficient_funds|bad_signature/],
      "job.provider": ["0x000000000000000000000000000000000000dEaD", /wrong_terms: job.provider: got 0x\w+dEaD, want/],
      "job.token": ["0x000000000000000000000000000000000000dEaD", /wrong_terms: job.token: got/],
      "job.amount": ["1", /wrong_terms: job.amount: got 1, want 2000000/],
      "job.bond": ["1", /wrong_terms: job.bond: got 1, want 0/],
      "job.modelId": ["1", /wrong_terms: job.modelId: got 1/],
      "job.inputCommitment": [word("1"), /input_mismatch: the input commits to/],
      "job.acceptBy": ["1", /wrong_terms: job.acceptBy: got 1, want 0/],
      "job.deadline": ["4000000000", /bad_signature: InvalidSignature/],
      "job.funding": [1, /wrong_terms: job.funding: got 1, want 2/],
      "job.nonce": ["123456789", /bad_signature: InvalidSignature/],
      "job.deadline to a number": [5, /wrong_terms: payload: job.deadline: /],
      signature: [`${word("1")}${"2".repeat(66)}`, /bad_signature: InvalidSignature/],
      authorization: [undefined, /wrong_terms: authorization: is missing in a payment by eip3009/],
      "authorization.validAfter": ["1", /bad_signature: /],
      "authorization.validBefore": ["4000000001", /bad_signature: /],
      "authorization.signature": [word("1"), /bad_signature: /],
      permit: [{ deadline: "1", signature: word("1") }, /wrong_terms: permit: is in a payment by eip3009/],
      delivery: [
        { words: ["1"], proof: Array<string>(8).fill("1") },
        /wrong_terms: payload: Unrecognized key: "delivery"/,
      ],
    };

    for (const [path, [value, refusal]] of Object.entries(changes))
      it(`is refused: ${path}`, async () => {
        const opening = await market.opening();
        const honest = await paymentBy(opening, "eip3009");
        const [field, inner] = path.split(" ")[0].split(".");
        const payload = inner
          ? { ...honest.payload, [field]: { ...(honest.payload[field] as object), [inner]: value } }
          : { ...honest.payload, [field]: value };
        const response = await post(opening, { ...honest, payload });
        expect(response.status).to.equal(402);
        expect(refusalIn(response)).to.match(refusal);
        expect(await stateOf(orderIn(honest))).to.equal("None");
      });

    it("is refused where it is for other requirements than were offered", async () => {
      const opening = await market.opening();
      const honest = await paymentBy(opening, "eip3009");
      const response = await post(opening, { ...honest, accepted: { ...honest.accepted, amount: "1" } });
      expect(refusalIn(response)).to.equal("No matching payment requirements");
    });
  });

  it("is refused with the reason where it is late, unfunded, or over a nonce that is gone", async () => {
    const facilitator = new TollgateEscrowFacilitator(port);
    const verify = async (payload: PaymentPayload) => facilitator.verify(payload, payload.accepted);
    const opening = await market.opening();
    expect(await verify(await paymentBy(opening, "eip3009"))).to.deep.equal({
      isValid: true,
      payer: market.client.address,
    });
    const late = await verify(await paymentBy(opening, "eip3009", { deadline: 1_700_000_000n }));
    expect(late).to.include({ isValid: false, invalidReason: "order_expired" });
    const bare = await verify(await paymentBy(opening, "allowance"));
    expect(bare).to.include({ isValid: false, invalidReason: "insufficient_funds" });
    const empty = await verify(await paymentBy(opening, "prepaid"));
    expect(empty).to.include({ isValid: false, invalidReason: "insufficient_funds" });
    const { deadline } = await market.job(opening, {});
    const far = await verify(await paymentBy(opening, "prepaid", { deadline: deadline + 86_400n }));
    expect(far).to.include({ isValid: false, invalidReason: "deadline_too_far" });
    const taken = await paymentBy(opening, "eip3009", { nonce: 7_777n });
    await port.open(orderIn(taken));
    const again = await verify(await paymentBy(opening, "eip3009", { nonce: 7_777n, deadline: deadline - 60n }));
    expect(again).to.include({ isValid: false, invalidReason: "nonce_used" });
    const elsewhere = { ...taken, accepted: { ...taken.accepted, network: networkOf(1n) } };
    expect((await verify(elsewhere)).invalidMessage).to.equal("network: got eip155:1, want eip155:31337");
  });

  it("takes one deposit and pays once, however often the payment is sent", async () => {
    const { chain, client, provider, token } = market;
    const opening = await market.opening();
    const payload = await paymentBy(opening, "eip3009");
    const [credit, balance] = [await chain.escrow.creditOf(provider, token), await token.balanceOf(client)];
    const answers = await Promise.all([post(opening, payload), post(opening, payload), post(opening, payload)]);
    expect(answers.map(({ status }) => status)).to.include(200);
    const late = await post(opening, payload);
    expect(late.status).to.equal(402);
    expect(refusalIn(late)).to.equal("false job_not_open: the job is Settled, want None or Funded");
    expect(await chain.escrow.creditOf(provider, token)).to.equal(credit + PAYOUT);
    expect(await token.balanceOf(client)).to.equal(balance - PRICE);
  });

  it("gives the deposit back at once where the handler throws", async () => {
    const { chain, client, token } = market;
    const before = await chain.escrow.creditOf(client, token);
    const opening = await market.opening();
    const payload = await paymentBy(opening, "eip3009");
    broken = new Error("no prover");
    const response = await post(opening, payload).finally(() => (broken = undefined));
    expect(response.status).to.equal(500);
    expect(receiptOf(response)).to.deep.include({ success: true, amount: "0" });
    expect(receiptOf(response).extra).to.include({ status: "closed" });
    expect(await stateOf(orderIn(payload))).to.equal("Refunded");
    expect((await chain.escrow.creditOf(client, token)) - before).to.equal(PRICE);
  });

  it("settles nothing against a false proof or a body without one, and withholds the answer", async () => {
    const refused = async (answer: (order: Order) => Promise<Record<string, unknown>>) => {
      const cheat = await openShop(market, port, answer);
      const opening = await market.opening();
      const payload = await paymentBy(opening, "eip3009");
      const response = await post(opening, payload, cheat.url).finally(cheat.close);
      expect(response.status).to.equal(402);
      expect(await response.json()).to.deep.equal({});
      return `${refusalIn(response)} (${await stateOf(orderIn(payload))})`;
    };
    const other = market.infer(await market.opening());
    const falsely = await refused((order) => provenAnswer(market, order, other));
    expect(falsely).to.match(/^false invalid_payload: the proof is refused: InvalidProof\(.* \(Funded\)$/);
    expect(await refused(async () => ({ label: 3 }))).to.match(/^false words: .* \(Refunded\)$/);
  });

  it("prices in base units, or in dollars of a stablecoin that x402 knows", async () => {
    const server = new TollgateEscrowServer();
    const { asset, amount, extra } = await server.parsePrice("$0.10", "eip155:8453");
    expect({ asset, amount, extra }).to.deep.equal({
      asset: "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
      amount: "100000",
      extra: { name: "USD Coin", version: "2" },
    });
    const refusal = await server.parsePrice("$0.10", "eip155:31337").catch((error: unknown) => error);
    expect((refusal as Error).message).to.match(
      /^price \$0.10: names no token of eip155:31337; want \{asset, amount\}/,
    );
  });

  it("reads the order that it wrote", async () => {
    const job = await market.job(await market.opening(), { funding: FUNDING.allowance });
    const accepted = shop.requirements[1];
    const permit = { deadline: 5n, signature: (await market.order(job)).signature };
    const { signature } = permit;
    const order = orderOf({ accepted, payload: paymentOf({ job, signature, permit }) }, accepted);
    expect(order.job).to.deep.equal(job);
    expect(order.fundingData).to.have.length(2 + 4 * 64);
  });
});
