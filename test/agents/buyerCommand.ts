import { execFile } from "node:child_process";
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { readAgentRecord } from "../../scripts/terminal/agentRecord.ts";
import { purchase } from "../../scripts/terminal/buySteps.ts";
import type { Buyer, PurchaseRequest } from "../../src/agent/buyer/buyer.ts";
import { UnconfirmedPurchase } from "../../src/agent/buyer/unconfirmedPurchase.ts";
import { InputError } from "../../src/errors.ts";
import { recordPath, writeRecord } from "../../src/chain/record.ts";
import { runTollgate } from "../cli/runTollgate.ts";
import { developmentKey, openAgentMarket, PRICE, type AgentMarket } from "./agentMarket.ts";
import { digit, openSeller, refusalOf, type Seller } from "./buyerMarket.ts";

const KEY = developmentKey(4);

describe("tollgate buy", () => {
  let market: AgentMarket;
  let seller: Seller;
  let folder: string;
  before(async () => {
    market = await openAgentMarket();
    seller = await openSeller(market);
  });
  after(async () => {
    delete process.env.TOLLGATE_BUYER_KEY;
    await seller.close();
    await market.close();
  });

  beforeEach(async () => {
    process.env.TOLLGATE_BUYER_KEY = KEY;
    folder = await mkdtemp(join(tmpdir(), "tollgate-buy-"));
    await writeFile(join(folder, "record.json"), JSON.stringify(market.record));
    await writeFile(join(folder, "input.json"), JSON.stringify({ input_data: [(await digit(4)).row] }));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const common = (): string[] => {
    const token = String(market.token.target);
    return ["--record", "record.json", "--rpc", market.url, "--token", token, "--journal", "buyer.db"];
  };
  const buyArguments = (url = seller.url, ...more: string[]): string[] => {
    const price = String(PRICE);
    const request = ["buy", url, "--model", "digits-mlp", "--input", "input.json", "--max-price", price];
    return [...request, ...common(), ...more];
  };

  it("buys, says what it paid and for what, and does not pay twice", async () => {
    const first = await runTollgate(folder, ...buyArguments(seller.url, "--json", "bought.json"));
    expect(first.stderr).to.not.include("error");
    expect(first.code).to.equal(0);
    const bought = JSON.parse(await readFile(join(folder, "bought.json"), "utf8")) as { jobId: string; paid: string };
    expect(bought).to.deep.include({ jobId: seller.orders.at(-1), paid: String(PRICE), confirmed: true });
    const { truth } = await digit(4);
    expect(first.stdout).to.match(new RegExp(`^  label: ${truth}$`, "m"));
    expect(first.stdout).to.match(/^ +paid +2,000,000 base units$/m);
    const second = await runTollgate(folder, ...buyArguments());
    expect(second.stdout).to.match(/^ +paid +2,000,000 base units, before; nothing now$/m);
    expect(seller.orders).to.have.length(1);
    expect(first.stdout + second.stdout + JSON.stringify(bought)).to.not.include(KEY.slice(2));
    const reclaimed = await runTollgate(folder, "buy", "--reclaim", ...common());
    expect(reclaimed.stdout).to.include("Nothing to get back.");
  });

  it("signs for curl, in files that only their owner reads", async () => {
    const { stdout, code } = await runTollgate(folder, ...buyArguments(seller.url, "--sign-only", "order"));
    expect(code).to.equal(0);
    const { mode } = await stat(join(folder, "order/payment-signature.txt"));
    expect(mode & 0o077).to.equal(0);
    const command = stdout.split("\n").find((line) => line.startsWith("  curl "))!;
    const answer = await promisify(execFile)("sh", ["-c", command], { cwd: folder });
    const { jobId, words } = JSON.parse(answer.stdout) as { jobId: string; words: string[] };
    expect(jobId).to.equal(seller.orders.at(-1));
    const bought = await runTollgate(folder, ...buyArguments(seller.url, "--json", "bought.json"));
    expect(bought.stdout).to.match(/, before; nothing now$/m);
    expect(JSON.parse(await readFile(join(folder, "bought.json"), "utf8"))).to.deep.include({ jobId, words });
  });

  it("says in one line what was signed and not answered", async () => {
    const silent = await openSeller(market, { paid: (_sale, context) => context.json({ detail: "no" }, 410) });
    const { code, stderr } = await runTollgate(folder, ...buyArguments(silent.url));
    await silent.close();
    expect(stderr).to.match(/^error: order 0x\w{64}: http:\S+ answers 410: no; nobody can collect .* `reclaim`/m);
    expect(stderr).to.not.match(/^\s+at /m);
    expect(code).to.equal(1);
  });

  it("refuses bad input in one line, with nothing written", async () => {
    await writeFile(join(folder, "chain.json"), JSON.stringify({ ...market.record, chainId: 1 }));
    const present = await readdir(folder);
    const cases: [RegExp, string[]][] = [
      [/^error: give either --record FILE or --network NAME/, buyArguments(seller.url, "--network", "nowhere")],
      [/^error: the node is of chain 31337, .* of chain 1$/, buyArguments(seller.url, "--record", "chain.json")],
      [/^error: want <url>, --model, --input and --max-price, or --reclaim$/, ["buy", ...common()]],
      [
        /^error: the buyer's own node gives no answer \(ECONNREFUSED\)$/,
        buyArguments(seller.url, "--rpc", "http://127.0.0.1:1"),
      ],
    ];
    for (const [message, args] of cases) {
      const { code, stderr } = await runTollgate(folder, ...args);
      const errors = stderr.split("\n").filter((line) => line.startsWith("error:"));
      expect(errors, stderr).to.have.length(1);
      expect(errors[0]).to.match(message);
      expect(stderr).to.not.match(/^\s+at /m);
      expect(code, stderr).to.equal(2);
      expect(await readdir(folder)).to.deep.equal(present);
    }
  });

  it("finds the record that deploy wrote for a network", async () => {
    const network = `buyer-test-${process.pid}`;
    const path = recordPath(network, market.record.chainId);
    await writeRecord(path, { ...market.record, network });
    const found = await readAgentRecord(undefined, network);
    await rm(path);
    expect(found).to.deep.equal({ ...market.record, network });
    expect((await refusalOf(readAgentRecord(undefined, network))).message).to.match(
      /: no deployment record, want \S+ or \S+$/,
    );
    expect((await refusalOf(readAgentRecord(undefined, "../x"))).message).to.equal(
      "--network ../x: is no name of a network",
    );
  });

  it("refuses an input and a price that it did not agree to, before it signs", async () => {
    await writeFile(join(folder, "two.json"), '{"input_data": [[1, 2]]}');
    const cases: [RegExp, string[]][] = [
      [/^error: input pixels: got 2 numbers, want 64/, ["--input", "two.json"]],
      [/^error: price: 2000000 is asked for, want at most 1$/, ["--max-price", "1"]],
    ];
    const orders = seller.orders.length;
    for (const [message, more] of cases) {
      const { code, stderr } = await runTollgate(folder, ...buyArguments(seller.url, ...more));
      expect(stderr).to.match(new RegExp(message.source, "m"));
      expect(code).to.equal(2);
    }
    expect(seller.orders).to.have.length(orders);
  });

  it("does not call what fails after signing bad input: the order stands", async () => {
    const signed = { jobId: "0x01", job: { amount: 5n, deadline: 1_800_000_000n } };
    const cut = new InputError("the connection to the node broke");
    const buyer = {
      known: async () => undefined,
      prepare: async () => ({ order: async () => signed }),
      buyInference: () => Promise.reject(cut),
    } as unknown as Buyer;
    const failure = await refusalOf(purchase(buyer, {} as PurchaseRequest, undefined));
    expect(failure).to.be.instanceOf(UnconfirmedPurchase);
    expect(failure.message).to.match(/^order 0x01: the connection to the node broke; /);
  });
});
