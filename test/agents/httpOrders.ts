import { connect } from "node:net";
import {
  decodePaymentRequiredHeader,
  decodePaymentResponseHeader,
  encodePaymentSignatureHeader,
} from "@x402/core/http";
import type { PaymentPayload, PaymentRequired } from "@x402/core/types";
import { expect } from "chai";
import { describeError } from "../../src/agent/http/agentLog.ts";
import { PROBLEMS, type ProblemCode } from "../../src/agent/http/problems.ts";
import { Refusal, type RefusalCode } from "../../src/agent/provider/desk.ts";
import { paymentOf } from "../../src/agent/scheme/terms.ts";
import type { Job } from "../../src/codec/statement.ts";
import { job, openTestProvider, opening, refusal, RESULT, VALUES, type TestProvider } from "./httpDesk.ts";

const SIGNATURE = `0x${"ab".repeat(65)}`;

describe("the provider's HTTP face over a desk", () => {
  let provider: TestProvider;
  let terms: PaymentRequired;

  const infer = (headers: Record<string, string> = {}, signal?: AbortSignal) =>
    fetch(`${provider.url}/models/digits-mlp/infer`, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify(opening()),
      signal,
    });

  const payment = (changes: Partial<Job> = {}): PaymentPayload => ({
    x402Version: 2,
    accepted: terms.accepts[1],
    payload: paymentOf({ job: job(changes), signature: SIGNATURE }),
  });
  const pay = (payload: unknown, headers: Record<string, string> = {}) =>
    infer({ "PAYMENT-SIGNATURE": encodePaymentSignatureHeader(payload as PaymentPayload), ...headers });
  const bodyOf = async (response: Response) => (await response.json()) as Record<string, any>;
  const expectProblem = async (response: Response, code: ProblemCode) => {
    expect(response.headers.get("content-type")).to.equal("application/problem+json");
    const problem = await bodyOf(response);
    expect(problem).to.include({ code, status: PROBLEMS[code].status });
    expect(response.status).to.equal(PROBLEMS[code].status);
    return problem;
  };

  beforeEach(async () => {
    provider = await openTestProvider({ heartbeatSeconds: 0.05, streams: 2, requests: 8, graceSeconds: 0.1 });
    const response = await infer();
    terms = decodePaymentRequiredHeader(response.headers.get("PAYMENT-REQUIRED")!);
    await expectProblem(response, "payment-required");
  });
  afterEach(() => provider.close());

  it("asks for the price by each transfer method, ERC-3009 first", () => {
    expect(terms.x402Version).to.equal(2);
    expect(terms.resource.url).to.equal(`${provider.url}/models/digits-mlp/infer`);
    const methods = terms.accepts.map(({ extra }) => extra.assetTransferMethod);
    expect(methods).to.deep.equal(["eip3009", "allowance", "prepaid"]);
    for (const accept of terms.accepts) {
      expect(accept).to.include({ scheme: "tollgate-escrow", network: "eip155:31337", amount: "2000000" });
      expect(accept.extra).to.include({ paymentFlow: "escrow", model: "digits-mlp", modelId: "5" });
    }
  });

  it("answers 202 while a job is in work, and the result with its receipt afterwards", async () => {
    const early = await pay(payment(), { Prefer: "respond-async" });
    expect(early.status).to.equal(202);
    expect(early.headers.get("preference-applied")).to.equal("respond-async");
    const { jobId } = await bodyOf(early);
    expect(early.headers.get("location")).to.equal(`/jobs/${jobId}`);
    const waiting = pay(payment(), { Prefer: "wait=20" });
    const settled = { transaction: `0x${"1".repeat(64)}`, blockNumber: 7 };
    provider.desk.put({ ...provider.desk.job(jobId), status: "settled", result: RESULT, settled });
    const answer = await waiting;
    expect(answer.status).to.equal(200);
    const receipt = decodePaymentResponseHeader(answer.headers.get("PAYMENT-RESPONSE")!);
    expect(receipt).to.include({ success: true, transaction: settled.transaction, network: "eip155:31337" });
    expect(receipt.extra).to.deep.equal({ jobId, status: "settled" });
    const body = await bodyOf(answer);
    expect(body).to.deep.include({
      jobId,
      words: RESULT.words.map(String),
      settlement: settled,
      proof: RESULT.proof.map(String),
    });
    expect(body.outputs[0].values).to.deep.equal(VALUES);
    expect(await bodyOf(await fetch(`${provider.url}/jobs/${jobId}`))).to.deep.equal(body);
    expect(provider.desk.views).to.have.length(1);
  });

  it("answers a retry of an order that it has taken, also where its terms are not offered any more", async () => {
    const { jobId } = await bodyOf(await pay(payment(), { Prefer: "respond-async" }));
    const dearer = { ...payment(), accepted: { ...terms.accepts[1], amount: "1" } };
    const again = await pay(dearer, { Prefer: "respond-async" });
    expect(again.status).to.equal(202);
    expect((await bodyOf(again)).jobId).to.equal(jobId);
    const other = { ...dearer, payload: payment({ nonce: 2n }).payload };
    await expectProblem(await pay(other), "wrong-terms");
    expect(provider.desk.views).to.have.length(1);
  });

  it("tells the reason where a job ended without a payment", async () => {
    const { jobId } = await bodyOf(await pay(payment(), { Prefer: "wait=0" }));
    provider.desk.put({ ...provider.desk.job(jobId), status: "closed", reason: "the deposit was revoked" });
    const response = await pay(payment());
    const receipt = decodePaymentResponseHeader(response.headers.get("PAYMENT-RESPONSE")!);
    expect(receipt).to.include({ success: false, transaction: "" });
    expect((await expectProblem(response, "job-closed")).detail).to.equal("the deposit was revoked");
  });

  it("refuses headers that are no payment, and payments on other terms, with fresh terms", async () => {
    for (const header of ["%%%", "e30=", "bnVsbA==", "W10=", Buffer.from("{").toString("base64")])
      await expectProblem(await infer({ "PAYMENT-SIGNATURE": header }), "malformed-payment");
    const deep = Buffer.from("[".repeat(5_000)).toString("base64");
    await expectProblem(await infer({ "PAYMENT-SIGNATURE": deep }), "malformed-payment");
    await expectProblem(await pay({ ...payment(), x402Version: 1 }), "malformed-payment");
    const [, accepted] = terms.accepts;
    const others = [{ scheme: "exact" }, { network: "eip155:1" }, { amount: "1" }, { payTo: job().client }];
    for (const change of others) {
      const response = await pay({ ...payment(), accepted: { ...accepted, ...change } });
      const again = decodePaymentRequiredHeader(response.headers.get("PAYMENT-REQUIRED")!);
      expect(again.accepts).to.deep.equal(terms.accepts);
      const { detail } = await expectProblem(response, "wrong-terms");
      expect(again.error).to.equal(detail);
    }
    for (const change of [{ amount: 1n }, { provider: job().client }, { modelId: 6n }, { funding: 5 }])
      await expectProblem(await pay(payment(change)), "wrong-terms");
    expect(provider.desk.views).to.have.length(0);
  });

  it("answers each refusal of the desk with its status; where money could help, with the terms", async () => {
    for (const code of Object.keys(PROBLEMS).filter((code) => !code.startsWith("malformed")) as RefusalCode[]) {
      provider.desk.fails = refusal(code);
      const response = await pay(payment());
      expect(response.headers.has("PAYMENT-REQUIRED"), code).to.equal(response.status === 402);
      expect(response.headers.has("retry-after"), code).to.equal(response.status === 503);
      await expectProblem(response, code);
    }
  });

  it("shows of an unexpected error its id only, and logs no secret", async () => {
    const url = "https://node.example/v3/accesskey";
    const cause = Object.assign(new Error(`${url} failed with ${SIGNATURE}`), { opening: opening() });
    provider.desk.fails = cause;
    const problem = await expectProblem(await pay(payment()), "internal");
    expect(JSON.stringify(problem)).not.to.match(/accesskey|failed|\.ts/);
    provider.desk.fails = new Refusal("chain-unavailable", "the chain cannot be reached", { cause });
    await expectProblem(await pay(payment()), "chain-unavailable");
    const log = provider.log();
    expect(log).to.contain(problem.id).and.to.contain("unexpected error");
    expect(log).not.to.contain("accesskey").and.not.to.contain(opening().salt);
    expect(log).not.to.contain(SIGNATURE).and.not.to.contain("Bearer");
    expect(describeError(cause)).to.include({ message: "<url> failed with <bytes>" });
    for (const line of log.trim().split("\n")) expect(() => JSON.parse(line)).not.to.throw();
  });

  it("takes the input of a job that was opened on chain", async () => {
    const { jobId } = await bodyOf(await pay(payment(), { Prefer: "respond-async" }));
    const put = (body: unknown, id = jobId) =>
      fetch(`${provider.url}/jobs/${id}/input`, {
        method: "PUT",
        headers: { "Content-Type": "application/json; charset=utf-8" },
        body: JSON.stringify(body),
      });
    expect((await put(opening())).status).to.equal(200);
    expect((await put({ ...opening(), job: paymentOf({ job: job(), signature: "0x" }).job })).status).to.equal(200);
    await expectProblem(await put({ ...opening(), job: {} }), "input-invalid");
    await expectProblem(await put(opening(), `0x${"0".repeat(64)}`), "unknown-job");
    provider.desk.fails = refusal("input-known");
    await expectProblem(await put(opening()), "input-known");
  });

  it("streams each change of a job until it is over, with signs of life", async () => {
    const { jobId } = await bodyOf(await pay(payment(), { Prefer: "respond-async" }));
    const response = await fetch(`${provider.url}/jobs/${jobId}/events`);
    expect(response.headers.get("content-type")).to.contain("text/event-stream");
    let text = "";
    for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
      if (text === "") provider.desk.put({ ...provider.desk.job(jobId), status: "funded" });
      text += part;
      const settled = { transaction: `0x${"1".repeat(64)}`, blockNumber: 7 };
      if (text.includes(": waiting") && !text.includes("settled"))
        provider.desk.put({ ...provider.desk.job(jobId), status: "settled", result: RESULT, settled });
    }
    const statuses = [...text.matchAll(/^event: job\ndata: (.*)$/gm)].map(([, data]) => JSON.parse(data).status);
    expect(statuses).to.deep.equal(["accepted", "funded", "settled"]);
    expect(provider.desk.followers).to.equal(0);
  });

  it("keeps a place for each stream, and frees it when the client is gone", async () => {
    const { jobId } = await bodyOf(await pay(payment(), { Prefer: "respond-async" }));
    const { hostname, port } = new URL(provider.url);
    const silent = [1, 2].map(() => {
      const socket = connect(Number(port), hostname).pause();
      socket.write(`GET /jobs/${jobId}/events HTTP/1.1\r\nHost: a\r\n\r\n`);
      return socket;
    });
    while (provider.desk.followers < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    await expectProblem(await fetch(`${provider.url}/jobs/${jobId}/events`), "too-busy");
    expect((await fetch(`${provider.url}/jobs/${jobId}/events`, { method: "HEAD" })).status).to.equal(200);
    for (const socket of silent) socket.destroy();
    while (provider.desk.followers > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    const again = await fetch(`${provider.url}/jobs/${jobId}/events`);
    expect(again.status).to.equal(200);
    await again.body!.cancel();
  });

  it("ends a stream whose client never reads when its life is over", async () => {
    const short = await openTestProvider({ streamSeconds: 0.2, heartbeatSeconds: 0.001 });
    const view = { jobId: `0x${"1".repeat(64)}`, contract: terms.accepts[1].extra.contract as string };
    short.desk.put({ ...view, job: job(), model: "digits-mlp", status: "funded" });
    const { hostname, port } = new URL(short.url);
    const socket = connect(Number(port), hostname).pause();
    socket.write(`GET /jobs/${view.jobId}/events HTTP/1.1\r\nHost: a\r\n\r\n`);
    while (short.desk.followers === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    while (short.desk.followers > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    socket.destroy();
    await short.close();
  });

  it("holds so many requests at once, and frees those whose client is gone", async () => {
    const gone = new AbortController();
    const header = { "PAYMENT-SIGNATURE": encodePaymentSignatureHeader(payment()), Prefer: "wait=30" };
    const held = Array.from({ length: 8 }, () => infer(header, gone.signal).catch(() => undefined));
    await new Promise((resolve) => setTimeout(resolve, 300));
    const refused = await fetch(`${provider.url}/models`);
    expect(refused.headers.get("retry-after")).to.equal("5");
    await expectProblem(refused, "too-busy");
    gone.abort();
    await Promise.all(held);
    const answered = async () => (await fetch(`${provider.url}/models`)).status === 200;
    while (!(await answered())) await new Promise((resolve) => setTimeout(resolve, 10));
  });

  it("stops a stream and a request in work when it closes", async () => {
    const { jobId } = await bodyOf(await pay(payment(), { Prefer: "respond-async" }));
    const stream = await fetch(`${provider.url}/jobs/${jobId}/events`);
    const waiting = pay(payment(), { Prefer: "wait=30" }).catch((error: Error) => error);
    const read = stream.text().catch((error: Error) => error);
    await provider.close();
    expect(await waiting).to.be.instanceOf(Error);
    expect(await read).to.be.instanceOf(Error);
  });
});
