import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import {
  decodePaymentRequiredHeader,
  decodePaymentResponseHeader,
  encodePaymentSignatureHeader,
} from "@x402/core/http";
import type { PaymentPayload } from "@x402/core/types";
import { expect } from "chai";
import { agentLog } from "../../src/agent/http/agentLog.ts";
import { DEFAULT_POLICY } from "../../src/agent/provider/deskPolicy.ts";
import { runProvider, type RunningProvider } from "../../src/agent/runProvider.ts";
import { TollgateEscrowClient, walletSigner } from "../../src/agent/scheme/client.ts";
import type { Opening } from "../../src/agent/serveJob.ts";
import { tokenDomainOf } from "../../src/agent/tokenDomain.ts";
import { openingToJson } from "../../src/agent/wireJson.ts";
import { erc20At } from "../../src/chain/erc20.ts";
import { commitInput } from "../../src/codec/commitment.ts";
import { toBytes32 } from "../../src/codec/statement.ts";
import { openAgentMarket, PRICE, type AgentMarket } from "./agentMarket.ts";

/** What a payment is signed for, where it is not what was offered. */
interface Wishes {
  readonly nonce?: bigint;
  readonly deadline?: bigint;
  readonly inputCommitment?: string;
}

describe("a provider over HTTP, with a chain, a prover and a journal", () => {
  let market: AgentMarket;
  let folder: string;
  let provider: RunningProvider;
  const lines: string[] = [];
  let nonce = 100n;

  const open = () =>
    runProvider({
      chain: market.chain,
      wallet: market.provider,
      journalPath: join(folder, "journal.sqlite"),
      offers: [market.offer],
      policy: { ...DEFAULT_POLICY, confirmations: [{ blocks: 1 }], maxDelaySeconds: 1 },
      fees: {
        maxFeePerGas: 100_000_000_000n,
        maxPriorityFeePerGas: 3_000_000_000n,
        bumpBlocks: 3,
        maxBumps: 6,
      },
      pollMilliseconds: 50,
      http: { host: "127.0.0.1", port: 0 },
      version: "1.0.0",
      log: agentLog(new Writable({ write: (line, _, done) => done(void lines.push(String(line)) as undefined) })),
    });

  const post = (opening: Opening, headers: Record<string, string> = {}) =>
    fetch(`${provider.url}/models/digits-mlp/infer`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Prefer: "wait=60", ...headers },
      body: JSON.stringify(openingToJson(opening)),
    });

  /** A payment header for an opening, on the terms that the provider offers for a transfer method. */
  async function payFor(opening: Opening, method: string, wishes: Wishes = {}): Promise<Record<string, string>> {
    const terms = decodePaymentRequiredHeader((await post(opening)).headers.get("PAYMENT-REQUIRED")!);
    const accepted = terms.accepts.find(({ extra }) => extra.assetTransferMethod === method)!;
    const { chain, client, offer } = market;
    const { timestamp } = (await chain.provider.getBlock("latest"))!;
    const scheme = new TollgateEscrowClient({
      signer: walletSigner(client),
      guard: async ({ contract, collector, tokenDomain }) => ({
        chainId: chain.chainId,
        contract,
        collector,
        tokenDomain,
        inputCommitment: toBytes32(commitInput(offer.model.graph.inputs, opening.inputs, opening.salt)),
        deadline: BigInt(timestamp) + 3_000n,
        nonce: nonce++,
        ...wishes,
      }),
    });
    const signed = await scheme.createPaymentPayload(2, accepted);
    const payment = { ...signed, accepted } as PaymentPayload;
    return { "PAYMENT-SIGNATURE": encodePaymentSignatureHeader(payment) };
  }

  async function expectProblem(response: Response, status: number, code: string): Promise<void> {
    expect(await response.json()).to.include({ status, code });
  }

  const credit = () => market.chain.escrow.creditOf(market.provider.address, market.token.target);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tollgate-provider-"));
    market = await openAgentMarket();
    provider = await open();
  });

  after(async () => {
    await provider?.close();
    await market?.close();
    await rm(folder, { recursive: true });
  });

  it("reads the token's domain, and that a contract takes no authorizations", async () => {
    const { chain, token, offer } = market;
    expect(await tokenDomainOf(String(token.target), chain.chainId, chain.provider)).to.deep.equal(offer.tokenDomain);
    expect(await tokenDomainOf(String(chain.escrow.target), chain.chainId, chain.provider)).to.equal(undefined);
  });

  it("sells by an ERC-3009 authorization; the same order again is the same job", async () => {
    const opening = await market.opening(5);
    const payment = await payFor(opening, "eip3009");
    const before = await credit();
    const responses = await Promise.all([post(opening, payment), post(opening, payment)]);
    expect(responses.map(({ status }) => status)).to.deep.equal([200, 200]);
    const [body, again] = (await Promise.all(responses.map((response) => response.json()))) as any[];
    expect(again.jobId).to.equal(body.jobId);
    const receipt = decodePaymentResponseHeader(responses[0].headers.get("PAYMENT-RESPONSE")!);
    expect(receipt).to.include({
      success: true,
      transaction: body.settlement.transaction,
      payer: market.client.address,
    });
    expect(body.words).to.deep.equal(market.infer(opening).words.map(String));
    expect(await credit()).to.equal(before + (PRICE * 9_950n) / 10_000n);
    const signals = [toBytes32(market.infer(opening).inputCommitment), body.words, body.jobId, body.proof] as const;
    await market.chain.registry.verify(market.offer.model.keyId, ...signals);
    expect((await fetch(`${provider.url}/jobs/${body.jobId}`)).status).to.equal(200);
  });

  it("sells by an allowance, and by a prepaid order that is settled later", async () => {
    const { client, chain, token } = market;
    const collector = market.record.contracts.AllowanceCollector.address;
    await (await erc20At(String(token.target), client).approve(collector, PRICE)).wait();
    const opening = await market.opening(6);
    const paid = await post(opening, await payFor(opening, "allowance"));
    expect(paid.status).to.equal(200);
    await (await erc20At(String(token.target), client).approve(String(chain.prepaid.target), PRICE)).wait();
    const deposit = chain.prepaid
      .connect(client)
      .deposit(client.address, market.provider.address, token.target, PRICE, "0x");
    await (await deposit).wait();
    const prepaid = await post(opening, await payFor(opening, "prepaid"));
    expect(prepaid.status).to.equal(200);
    const { jobId, words } = (await prepaid.json()) as any;
    expect(words).to.deep.equal(market.infer(opening).words.map(String));
    const events = await (await fetch(`${provider.url}/jobs/${jobId}/events`)).text();
    expect(events).to.match(/"status":"settled"/);
  });

  it("refuses orders that it would not be paid for, before anything is journalled", async () => {
    const opening = await market.opening(1);
    const other = await market.opening(2);
    const used = await payFor(opening, "eip3009", { nonce: 100n });
    await expectProblem(await post(opening, used), 409, "nonce-used");
    await expectProblem(await post(other, await payFor(opening, "eip3009")), 422, "input-mismatch");
    await expectProblem(await post(opening, await payFor(opening, "eip3009", { deadline: 1n })), 402, "order-expired");
    await expectProblem(
      await post(opening, await payFor(opening, "eip3009", { deadline: 1n << 40n })),
      402,
      "deadline-too-far",
    );
    await expectProblem(await post(opening, await payFor(opening, "prepaid")), 402, "insufficient-funds");
    const wrong = { ...opening, inputs: [opening.inputs[0].slice(1)] };
    await expectProblem(await post(wrong, await payFor(opening, "eip3009")), 422, "input-invalid");
    const outOfRange = { ...opening, inputs: [opening.inputs[0].map(() => 32n)] };
    await expectProblem(await post(outOfRange, await payFor(opening, "eip3009")), 422, "input-invalid");
  });

  it("goes on from its journal, says how it is, and has logged no secret", async () => {
    const opening = await market.opening(7);
    const payment = await payFor(opening, "eip3009");
    const early = await post(opening, { ...payment, Prefer: "respond-async" });
    expect(early.status).to.equal(202);
    await provider.close();
    provider = await open();
    const late = await post(opening, payment);
    expect(late.status).to.equal(200);
    expect(`/jobs/${((await late.json()) as any).jobId}`).to.equal(early.headers.get("location"));
    const health = (await (await fetch(`${provider.url}/health`)).json()) as any;
    expect(health).to.include({ ok: true });
    expect(await (await fetch(`${provider.url}/metrics`)).text()).to.match(
      /tollgate_proofs_total\{model="digits-mlp",outcome="proven"\} [1-9]/,
    );
    const log = lines.join("");
    const { job, signature, authorization } = JSON.parse(
      Buffer.from(payment["PAYMENT-SIGNATURE"], "base64").toString(),
    ).payload;
    for (const secret of [String(opening.salt), signature, authorization.signature, market.provider.privateKey])
      expect(log).not.to.contain(secret);
    expect(job.client).to.equal(market.client.address);
    expect((await readFile(join(folder, "journal.sqlite"))).includes(market.provider.privateKey.slice(2))).to.equal(
      false,
    );
  });
});
