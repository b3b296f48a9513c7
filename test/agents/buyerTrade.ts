import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { expect } from "chai";
import type { Buyer } from "../../src/agent/buyer/buyer.ts";
import { writeRecord } from "../../src/chain/record.ts";
import { erc20At } from "../../src/chain/erc20.ts";
import { projectPath } from "../../src/paths.ts";
import { developmentKey, openAgentMarket, PRICE, type AgentMarket } from "./agentMarket.ts";
import { digit, digitRequest, marketBuyer } from "./buyerMarket.ts";

describe("a buyer and the serve command, which proves", () => {
  let market: AgentMarket;
  let folder: string;
  let provider: ChildProcess;
  let url: string;
  let buyer: Buyer;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tollgate-trade-"));
    market = await openAgentMarket();
    await writeRecord(join(folder, "record.json"), market.record);
    ({ provider, url } = await serve());
    buyer = await marketBuyer(market);
  });
  after(async () => {
    buyer?.close();
    provider?.kill("SIGTERM");
    if (provider?.exitCode === null) await once(provider, "close");
    await market.close();
    await rm(folder, { recursive: true });
  });

  async function serve(): Promise<{ provider: ChildProcess; url: string }> {
    const options = ["--rpc", market.url, "--record", "record.json", "--token", String(market.token.target)];
    const rest = ["--port", "0", "--journal", "journal.sqlite", "--model", `digits-mlp=${PRICE}`];
    const child = spawn(process.execPath, [projectPath("scripts/tollgate.ts"), "serve", ...options, ...rest], {
      cwd: projectPath("."),
      env: { ...process.env, NODE_OPTIONS: "", INIT_CWD: folder, TOLLGATE_PROVIDER_KEY: developmentKey(3) },
      stdio: ["ignore", "pipe", "ignore"],
    });
    let text = "";
    child.stdout.on("data", (chunk) => (text += String(chunk)));
    while (child.exitCode === null) {
      const [, found] = /Serving (http:\S+)\/\.well-known/.exec(text) ?? [];
      if (found !== undefined) return { provider: child, url: found };
      await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
    }
    throw new Error(text);
  }

  it("buys for money that moves by ERC-3009 and from a prepaid deposit", async () => {
    const { chain, token, client, provider: seller } = market;
    const bought = await buyer.buyInference(await digitRequest(url, 0, { deadline: 600 }));
    expect(bought.outputs.find(({ name }) => name === "label")!.values[0]).to.equal((await digit(0)).truth);
    expect(bought).to.deep.include({ confirmed: true, paid: PRICE });
    await (await erc20At(String(token.target), client).approve(String(chain.prepaid.target), PRICE)).wait();
    await (await chain.prepaid.connect(client).deposit(client, seller, token, PRICE, "0x")).wait();
    const order = await buyer.buyInference(await digitRequest(url, 1, { method: "prepaid", deadline: 600 }));
    expect(order.outputs.find(({ name }) => name === "label")!.values[0]).to.equal((await digit(1)).truth);
    expect(order.proof).to.have.length(8);
  });

  it("sells to the plain x402 fetch client, too", async () => {
    const purchase = await buyer.prepare(await digitRequest(url, 2, { deadline: 600 }));
    const client = new x402Client().setSpendControls(false).register(purchase.network, purchase);
    const response = await wrapFetchWithPayment(fetch, client)(purchase.url, purchase.init);
    const bought = await buyer.accept(purchase, await response.json());
    expect(bought.confirmed).to.equal(true);
    expect(bought.outputs.find(({ name }) => name === "label")!.values[0]).to.equal((await digit(2)).truth);
  });
});
