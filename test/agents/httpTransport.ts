import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { openTestProvider, opening, type TestProvider } from "./httpDesk.ts";

const JSON_TYPE = { "Content-Type": "application/json" };

/** What a raw connection got until it was closed, or until `until` appears. */
function raw(url: string, send: string | readonly string[], until?: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let got = "";
  for (const part of [send].flat()) socket.write(part);
  return new Promise((resolve) => {
    socket.setEncoding("utf8").on("data", (text: string) => {
      got += text;
      if (until !== undefined && got.includes(until)) socket.destroy();
    });
    socket.on("error", () => undefined).on("close", () => resolve(got));
  });
}

const lines = (...headers: string[]): string => `${headers.join("\r\n")}\r\n\r\n`;

/** The problem in an answer; every one is of the form that RFC 9457 has, with nothing of the program in it. */
async function problemIn(response: Response): Promise<{ code: string; detail: string; status: number; type: string }> {
  expect(response.headers.get("content-type")).to.equal("application/problem+json");
  const text = await response.text();
  expect(text).not.to.match(/\.ts:|node_modules|\\n\s+at /);
  const problem = JSON.parse(text);
  expect(problem.status).to.equal(response.status);
  expect(problem.type).to.equal(`/problems/${problem.code}`);
  return problem;
}

describe("the provider's HTTP face against what is not an order (A7)", () => {
  let provider: TestProvider;
  const infer = () => `${provider.url}/models/digits-mlp/infer`;
  const post = (body: RequestInit["body"], headers: Record<string, string> = JSON_TYPE, url = infer()) =>
    fetch(url, { method: "POST", headers, body, duplex: "half" } as RequestInit);

  async function expectProblem(response: Response, status: number, code: string, detail = /./): Promise<void> {
    const problem = await problemIn(response);
    expect(problem).to.include({ status, code });
    expect(problem.detail).to.match(detail);
  }

  before(async () => {
    provider = await openTestProvider({ headersSeconds: 1, requestSeconds: 1, requestsPerMinute: 10_000 });
  });
  after(() => provider.close());

  it("refuses bodies that are not plain JSON", async () => {
    await expectProblem(await post("{"), 400, "malformed-request");
    await expectProblem(
      await post("a=1", { "Content-Type": "application/x-www-form-urlencoded" }),
      415,
      "unsupported-media-type",
    );
    await expectProblem(await post("{}", {}), 415, "unsupported-media-type");
    const bomb = gzipSync(Buffer.alloc(1 << 20, 32));
    await expectProblem(await post(bomb, { ...JSON_TYPE, "Content-Encoding": "gzip" }), 415, "unsupported-encoding");
  });

  it("refuses JSON that is deep, and JSON of another form, naming where", async () => {
    await expectProblem(await post("[".repeat(3_000)), 400, "malformed-request", /nested/);
    await expectProblem(await post(JSON.stringify({ ...opening(), extra: 1 })), 422, "input-invalid", /extra/);
    await expectProblem(await post(JSON.stringify({ ...opening(), salt: 1 })), 422, "input-invalid", /^salt: /);
    const inputs = [["0", "x"]];
    await expectProblem(await post(JSON.stringify({ ...opening(), inputs })), 422, "input-invalid", /^inputs: 0: 1: /);
    const brackets = JSON.stringify({ ...opening(), "[[[[[[[[": '"{{{{{{' });
    await expectProblem(await post(brackets), 422, "input-invalid", /Unrecognized/);
  });

  it("refuses a body that is larger than the model's input, declared or not", async () => {
    await expectProblem(await post(" ".repeat(100_000)), 413, "body-too-large");
    let sent = 0;
    const endless = new ReadableStream({
      pull: (controller) => {
        sent += 65_536;
        if (sent > 1 << 26) controller.close();
        else controller.enqueue(Buffer.alloc(65_536, 32));
      },
    });
    const response = await post(endless).catch(() => undefined);
    if (response !== undefined) await expectProblem(response, 413, "body-too-large");
    expect(sent).to.be.below(1 << 26);
  });

  it("takes a body in chunks", async () => {
    const bytes = Buffer.from(JSON.stringify(opening()));
    const halves = [bytes.subarray(0, 10), bytes.subarray(10)];
    const response = await post(ReadableStream.from(halves));
    await expectProblem(response, 402, "payment-required");
  });

  it("knows its paths and their methods", async () => {
    await expectProblem(await fetch(`${provider.url}/nothing`), 404, "not-found");
    await expectProblem(await fetch(`${provider.url}/models/digits-mlp/infer/x`), 404, "not-found");
    for (const path of ["/models/%zz", "/models/..%2f..%2fetc", `/models/${"a".repeat(300)}`])
      expect((await problemIn(await fetch(`${provider.url}${path}`))).status).to.equal(404);
    await expectProblem(await fetch(`${provider.url}/models/none`), 404, "unknown-model");
    await expectProblem(await post("{}", JSON_TYPE, `${provider.url}/models/none/infer`), 404, "unknown-model");
    await expectProblem(await fetch(`${provider.url}/jobs/0x12`), 404, "unknown-job");
    await expectProblem(await fetch(`${provider.url}/jobs/0x${"0".repeat(64)}/events`), 404, "unknown-job");
    const wrong = await fetch(infer(), { method: "DELETE" });
    expect(wrong.headers.get("allow")).to.equal("POST");
    await expectProblem(wrong, 405, "method-not-allowed", /DELETE/);
    await expectProblem(await fetch(infer()), 405, "method-not-allowed");
    const problem = await fetch(`${provider.url}/problems/nonce-used`);
    expect(await problem.json()).to.include({ status: 409, type: "/problems/nonce-used" });
    await expectProblem(await fetch(`${provider.url}/problems/toString`), 404, "not-found");
  });

  it("hangs up on headers and bodies that are too large or too slow", async () => {
    const huge = raw(provider.url, [`GET / HTTP/1.1\r\nHost: a\r\nPAYMENT-SIGNATURE: `, "A".repeat(10 << 20)]);
    expect(await huge).to.match(/^HTTP\/1\.1 431 .*application\/problem\+json.*headers-too-large/s);
    const slowHeaders = raw(provider.url, "GET / HTTP/1.1\r\nHost: a\r\n");
    const head = ["POST /models/digits-mlp/infer HTTP/1.1", "Host: a", "Content-Type: application/json"];
    const slowBody = raw(provider.url, [lines(...head, "Content-Length: 100"), "{"]);
    expect(await slowHeaders).to.match(/^HTTP\/1\.1 408 /);
    expect(await slowBody).to.match(/^HTTP\/1\.1 408 /);
    expect(await raw(provider.url, "nonsense\r\n\r\n")).to.match(/^HTTP\/1\.1 400 .*malformed-request/s);
    const smuggled = lines(...head, "Content-Length: 2", "Transfer-Encoding: chunked");
    expect(await raw(provider.url, `${smuggled}0\r\n\r\n`)).to.match(/^HTTP\/1\.1 400 /);
    const badHost = lines("GET /models HTTP/1.1", "Host: a b");
    expect(await raw(provider.url, badHost)).to.match(/^HTTP\/1\.1 400 .*malformed-request/s);
  });

  it("answers a flood on one connection request by request and then hangs up", async () => {
    const limited = await openTestProvider({ requestsPerConnection: 10, keepAliveSeconds: 0.1 });
    const got = await raw(limited.url, lines("GET /models HTTP/1.1", "Host: a").repeat(500));
    expect(got.match(/HTTP\/1\.1 200 /g)).to.have.length(10);
    await limited.close();
  });

  it("takes so many requests a minute from an address, whatever X-Forwarded-For says", async () => {
    const limited = await openTestProvider({ requestsPerMinute: 3 });
    const ask = (from: string, url = limited.url) => fetch(`${url}/models`, { headers: { "X-Forwarded-For": from } });
    for (const from of ["1.1.1.1", "2.2.2.2", "3.3.3.3"]) expect((await ask(from)).status).to.equal(200);
    const refused = await ask("4.4.4.4");
    expect(Number(refused.headers.get("retry-after"))).to.be.within(1, 60);
    await expectProblem(refused, 429, "rate-limited");
    await limited.close();
    const behind = await openTestProvider({ requestsPerMinute: 1 }, { trustProxy: true });
    expect((await ask("9.9.9.9, 1.1.1.1", behind.url)).status).to.equal(200);
    expect((await ask("9.9.9.9, 2.2.2.2", behind.url)).status).to.equal(200);
    expect((await ask("8.8.8.8, 1.1.1.1", behind.url)).status).to.equal(429);
    expect((await ask("2001:db8:1:2::5", behind.url)).status).to.equal(200);
    expect((await ask("2001:db8:1:2:ffff::6", behind.url)).status).to.equal(429);
    expect((await ask("2001:db8:1:3::5", behind.url)).status).to.equal(200);
    await behind.close();
  });

  it("says what it serves from the schemas that validate", async () => {
    const document = (await (await fetch(`${provider.url}/openapi.json`)).json()) as Record<string, never>;
    const { paths } = document as unknown as { paths: Record<string, Record<string, any>> };
    expect(Object.keys(paths)).to.include.members(["/models/{name}/infer", "/jobs/{id}/input", "/jobs/{id}/events"]);
    const body = paths["/models/{name}/infer"].post.requestBody.content["application/json"].schema;
    expect(body.properties.salt.pattern).to.be.a("string");
    expect(body.additionalProperties).to.equal(false);
    const model = (await (await fetch(`${provider.url}/models/digits-mlp`)).json()) as Record<string, any>;
    expect(model.inputs[0]).to.include.keys("name", "shape", "bits", "signed", "scale", "range");
    const card = (await (await fetch(`${provider.url}/.well-known/agent-card.json`)).json()) as Record<string, any>;
    expect(card).to.include.keys("name", "description", "version", "url", "skills", "defaultInputModes");
    const [{ params }] = card.capabilities.extensions;
    expect(params).to.include({ chainId: "31337", provider: provider.desk.provider });
    expect(params.models[0]).to.include({ name: "digits-mlp", price: "2000000", keyId: model.keyId });
  });

  it("tells its health, asking the desk once in a while, and metrics", async () => {
    const asked = provider.desk.healthAsked;
    const answers = await Promise.all(Array.from({ length: 20 }, () => fetch(`${provider.url}/health`)));
    expect(answers.map(({ status }) => status)).to.deep.equal(Array(20).fill(200));
    expect(provider.desk.healthAsked - asked).to.be.at.most(2);
    const text = await (await fetch(`${provider.url}/metrics`)).text();
    expect(text).to.match(/tollgate_jobs\{status="proven"\} 2/);
    expect(text).to.match(
      /tollgate_http_request_seconds_count\{method="POST",route="\/models\/:name\/infer",status="413"\}/,
    );
    expect(text).not.to.contain("/nothing");
    const ill = await openTestProvider();
    ill.desk.healthy = false;
    expect((await fetch(`${ill.url}/health`)).status).to.equal(503);
    await ill.close();
  });
});
