import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Journal } from "../../src/agent/journal/journal.ts";
import type { Desk, JobView } from "../../src/agent/provider/desk.ts";
import type { Intent, Mined } from "../../src/agent/sender/sender.ts";
import { MAX_REORG } from "../../src/chaos/chain/chaosChain.ts";
import { openChaosMarket, type ChaosMarket } from "../../src/chaos/market/chaosMarket.ts";
import { afterEntries, differences } from "../../src/chaos/market/ledger.ts";
import { entriesOf } from "../../src/chaos/market/referenceModel.ts";
import { startProvider } from "../../src/chaos/provider/chaosProvider.ts";
import { runSchedule, type Start } from "../../src/chaos/rpc/runSchedule.ts";
import { sabotageBuyer } from "../../src/chaos/writes/buyerWrites.ts";
import { sabotageProvider } from "../../src/chaos/writes/providerWrites.ts";
import { openSabotaged } from "../../src/chaos/writes/sabotagedJournal.ts";
import { lastTransaction, tearLastTransaction } from "../../src/chaos/writes/tornWal.ts";
import { FUNDING, type Job } from "../../src/codec/statement.ts";
import { randomOf } from "../../src/fuzz/random.ts";

describe("agents under injected faults", () => {
  let market: ChaosMarket;
  before(async () => void (market = await openChaosMarket()));
  after(() => market.close());

  it("a reorganisation of any depth leaves another branch, and a reset the chain as it was", async () => {
    const { blocks, ask } = market;
    const hashAt = async (height: number) => (await block(height)).hash;
    const block = async (height: number) =>
      (await ask("eth_getBlockByNumber", [`0x${height.toString(16)}`, false])) as { hash: string };
    await blocks.reset();
    const { height } = blocks;
    const kept = await hashAt(height - MAX_REORG);
    const undone = await hashAt(height - MAX_REORG + 1);
    await blocks.reorg(MAX_REORG, randomOf(1));
    expect(blocks.height).to.be.greaterThan(height);
    expect(await hashAt(height - MAX_REORG)).to.equal(kept);
    expect(await hashAt(height - MAX_REORG + 1)).not.to.equal(undone);
    await blocks.reset();
    expect(blocks.height).to.equal(height);
    expect(Number(await ask("eth_blockNumber"))).to.equal(height);
  });

  it("a provider in a storm of its node and its chain loses no job and pays nobody twice (A2, A3, A4)", async () => {
    const result = await runSchedule(market, 7);
    expect(Object.values(result.faults).reduce((sum, count) => sum + count, 0)).to.be.greaterThan(0);
    expect(result.weather.reorgs).to.be.greaterThan(0);
    expect(result.violations).to.deep.equal([]);
  });

  it("a provider whose journal is torn goes on where it was (A1)", async () => {
    const { violations, restarts } = await sabotageProvider(market, { write: 12, kind: "torn" });
    expect(restarts).to.equal(1);
    expect(violations).to.deep.equal([]);
  });

  it("a buyer that is killed after it has journalled an order orders nothing twice (A1)", async () => {
    const { violations, restarts } = await sabotageBuyer(market, { write: 3, kind: "killAfter" });
    expect(restarts).to.equal(1);
    expect(violations).to.deep.equal([]);
  });

  /** A provider whose sender signs each transfer under two nonces. */
  const sendingTwice: Start = async (settings, rpcUrl, journal) => {
    const provider = await startProvider(settings, rpcUrl, journal);
    const submit = async (intent: Intent, signal?: AbortSignal): Promise<Mined> => {
      if (intent.purpose.startsWith("payout"))
        void provider.sender.submit({ ...intent, purpose: `${intent.purpose} again` }, signal).catch(() => undefined);
      return provider.sender.submit(intent, signal);
    };
    return { ...provider, sender: { ...provider.sender, address: provider.sender.address, submit } };
  };

  /** Such a provider, which also confirms prepaid orders and forgets them. */
  const forgettingToo: Start = async (settings, rpcUrl, journal) => {
    const provider = await sendingTwice(settings, rpcUrl, journal);
    const { desk } = provider;
    const accept = (...[order, opening]: Parameters<typeof desk.accept>) =>
      order.job.funding === FUNDING.prepaid ? Promise.resolve({} as JobView) : desk.accept(order, opening);
    const job = (id: string) => desk.job(id);
    const deliverInput = (...input: Parameters<typeof desk.deliverInput>) => desk.deliverInput(...input);
    return { ...provider, desk: { accept, job, deliverInput } as Desk };
  };

  it("are told from a sender that sends twice, and from a desk that forgets an order", async () => {
    const { violations } = await runSchedule(market, 2, forgettingToo);
    expect(violations.join("\n")).to.match(/^payout \d+: \w+, made 2 times$/m);
    expect(violations.join("\n")).to.match(/^prepaid 0x\w{64}: lost, the provider does not know it$/m);
  });

  it("are told from one that takes money for nothing, by the reference model", () => {
    const [client, escrow, tollCollector] = ["client", "escrow", "tollCollector"];
    const job = { client, provider: "provider", amount: 1_001n, funding: FUNDING.allowance } as Job;
    const terms = { escrow, prepaid: "prepaid", tollCollector, tollBps: 50 };
    const entries = entriesOf([{ job, state: "Settled" }], terms);
    const wanted = afterEntries(new Map(), entries);
    expect(Object.fromEntries(wanted)).to.deep.equal({
      "tokens of client": -1_001n,
      "tokens of escrow": 1_001n,
      "credit in the escrow of provider": 996n,
      "credit in the escrow of tollCollector": 5n,
    });
    const twice = afterEntries(wanted, [{ line: "credit in the escrow of provider", amount: 996n }]);
    expect(differences(twice, wanted)).to.deep.equal([
      "credit in the escrow of provider: 1992, the reference model says 996",
    ]);
  });
});

describe("a torn write-ahead log", () => {
  const folder = mkdtempSync(join(tmpdir(), "tollgate-torn-"));
  after(() => rmSync(folder, { recursive: true }));

  /** A journal of rows 1, 2, 3 as a killed process leaves it. */
  function killedJournal(name: string): string {
    const path = join(folder, name);
    const journal = new Journal(path, ["CREATE TABLE rows (value INTEGER PRIMARY KEY)"]);
    for (const value of [1, 2, 3])
      journal.write((database) => database.prepare("INSERT INTO rows VALUES (?)").run(value));
    cpSync(path, `${path}.killed`);
    cpSync(`${path}-wal`, `${path}.killed-wal`);
    journal.close();
    return `${path}.killed`;
  }

  const rowsIn = (path: string): number[] => {
    const journal = new Journal(path, ["CREATE TABLE rows (value INTEGER PRIMARY KEY)"]);
    const rows = journal.read((database) => database.prepare("SELECT value FROM rows ORDER BY value").all());
    journal.close();
    return rows.map(({ value }) => Number(value));
  };

  it("loses its last transaction, whole, and no other (A1)", () => {
    expect(rowsIn(killedJournal("whole"))).to.deep.equal([1, 2, 3]);
    for (let seed = 0; seed < 16; ++seed) {
      const path = killedJournal(`torn-${seed}`);
      const { start, end } = lastTransaction(readFileSync(`${path}-wal`));
      expect(end).to.be.greaterThan(start);
      tearLastTransaction(`${path}-wal`, randomOf(seed));
      expect(rowsIn(path)).to.deep.equal([1, 2]);
    }
  });

  it("and a full disk undoes a write, whole, and says so (A1)", () => {
    const path = join(folder, "full");
    const written: number[] = [];
    const plan = { write: 3, kind: "full" as const };
    const journal = openSabotaged(path, ["CREATE TABLE rows (value INTEGER PRIMARY KEY)"], plan, (write) =>
      written.push(write),
    );
    const insert = (value: number) =>
      journal.write((database) => database.prepare("INSERT INTO rows VALUES (?)").run(value));
    insert(1);
    expect(() => insert(2)).to.throw(/database or disk is full/);
    journal.close();
    expect(written).to.deep.equal([1, 2]);
    expect(rowsIn(path)).to.deep.equal([1]);
  });
});
