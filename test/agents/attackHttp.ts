import { connect, type Socket } from "node:net";
import { expect } from "chai";
import { client, offer, openTestProvider, RECORD, type TestProvider } from "./httpDesk.ts";
import type { JobView } from "../../src/agent/provider/desk.ts";
import { FUNDING, toBytes32 } from "../../src/codec/statement.ts";

const JOB_ID = toBytes32(99n);

describe("the provider's HTTP face against one address that wants all of it (A7)", () => {
  let provider: TestProvider;
  const open: Socket[] = [];
  before(async () => {
    provider = await openTestProvider({
      connections: 12,
      connectionsPerClient: 4,
      streams: 8,
      streamsPerClient: 2,
      graceSeconds: 0.1,
    });
    const { contracts } = RECORD;
    const job: JobView["job"] = {
      client: client.address,
      provider: provider.desk.provider,
      token: offer.token,
      amount: offer.price,
      bond: 0n,
      modelId: offer.modelId,
      inputCommitment: toBytes32(1n),
      acceptBy: 0n,
      deadline: 1n,
      funding: FUNDING.authorization,
      nonce: 1n,
    };
    provider.desk.put({
      jobId: JOB_ID,
      contract: contracts.InferenceEscrow.address,
      job,
      model: offer.name,
      status: "accepted",
    });
  });
  afterEach(() => open.splice(0).forEach((socket) => socket.destroy()));
  after(() => provider.close());

  /** A connection from an address of this machine; resolves with what it got when `until` appears or it ends. */
  function ask(from: string, request: string, until: string): Promise<string> {
    const { hostname, port } = new URL(provider.url);
    const socket = connect({ port: Number(port), host: hostname, localAddress: from });
    open.push(socket);
    let got = "";
    socket.write(request);
    return new Promise((resolve) => {
      socket.setEncoding("utf8").on("data", (text: string) => {
        got += text;
        if (got.includes(until)) resolve(got);
      });
      socket.on("error", () => undefined).on("close", () => resolve(got));
    });
  }
  const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;

  it("hangs up on its connections beyond its share, and answers others", async () => {
    const held = await Promise.all(Array.from({ length: 4 }, () => ask("127.0.0.1", get("/models"), "200 OK")));
    for (const answer of held) expect(answer).to.match(/^HTTP\/1\.1 200 /);
    expect(await ask("127.0.0.1", get("/models"), "200 OK")).to.equal("");
    expect(await ask("127.0.0.2", get("/models"), "200 OK")).to.match(/^HTTP\/1\.1 200 /);
  });

  it("gives it its share of the streams of events, and others theirs", async () => {
    const events = get(`/jobs/${JOB_ID}/events`);
    for (let stream = 0; stream < 2; stream++)
      expect(await ask("127.0.0.3", events, "event: job")).to.include("event: job");
    expect(await ask("127.0.0.3", events, "too-busy")).to.match(/^HTTP\/1\.1 503 /);
    expect(await ask("127.0.0.4", events, "event: job")).to.include("event: job");
  });
});
