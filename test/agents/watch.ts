import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { Log } from "ethers";
import { connectAgent, type AgentChain } from "../../src/agent/agentChain.ts";
import { Journal } from "../../src/agent/journal/journal.ts";
import type { ChainWatch, Head } from "../../src/agent/watch/chainWatch.ts";
import { createWatch, CURSOR_SCHEMA, type WatchOptions } from "../../src/agent/watch/journalWatch.ts";
import { startProxy, type RpcProxy } from "../deployments/rpcProxy.ts";
import { openAgentMarket, type AgentMarket } from "./agentMarket.ts";
import { until } from "./senderFixture.ts";

const nameOf = ({ blockHash, index }: Log) => `${blockHash} ${index}`;

/** What somebody knows who does only what the heads say. */
class Ledger {
  readonly heads: Head[] = [];
  logs: Log[] = [];

  readonly take = async (head: Head): Promise<void> => {
    const { rewoundTo } = head;
    if (rewoundTo !== undefined) this.logs = this.logs.filter(({ blockNumber }) => blockNumber <= rewoundTo);
    this.logs.push(...head.logs);
    this.heads.push(head);
  };
}

describe("a chain watch", () => {
  let market: AgentMarket;
  let proxy: RpcProxy;
  let chain: AgentChain;
  let folder: string;
  let journal: Journal;
  let from: number;
  const watches: ChainWatch[] = [];

  before(async () => {
    market = await openAgentMarket();
    proxy = await startProxy(market.url);
    chain = await connectAgent(proxy.url, market.record);
  });
  after(async () => {
    chain.close();
    await proxy.close();
    await market.close();
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "tollgate-watch-"));
    journal = new Journal(join(folder, "journal.sqlite"), [CURSOR_SCHEMA]);
    from = (await market.chain.provider.getBlockNumber()) + 1;
  });
  afterEach(async () => {
    await Promise.all(watches.splice(0).map((watch) => watch.stop()));
    proxy.reset();
    journal.close();
    await rm(folder, { recursive: true });
  });

  const watching = (options: Partial<WatchOptions> = {}): ChainWatch => {
    const addresses = [String(market.token.target)];
    const watch = createWatch({ chain, journal, addresses, from, pollMilliseconds: 10, ...options });
    watches.push(watch);
    return watch;
  };

  /** Blocks, each `every`th with a transfer in it. */
  async function mine(blocks: number, every = 1): Promise<void> {
    for (let block = 0; block < blocks; block++)
      if (block % every === 0) await market.token.connect(market.client).transfer(market.other, 1n);
      else await market.rpc("evm_mine");
  }

  async function reorganise(snapshot: unknown): Promise<void> {
    await market.rpc("evm_revert", snapshot);
    await market.rpc("evm_increaseTime", 7);
  }

  /** Resolves when the ledger has come to the chain's head; then it must know exactly the chain's logs. */
  async function requireWhole(ledger: Ledger): Promise<void> {
    const latest = await market.chain.provider.getBlock("latest");
    await until(() => ledger.heads.at(-1)?.hash === latest!.hash);
    const range = { fromBlock: from, toBlock: "latest", address: String(market.token.target) };
    const logs = await market.chain.provider.getLogs(range);
    expect(ledger.logs.map(nameOf)).to.deep.equal(logs.map(nameOf));
  }

  it("gives each head with the logs since the last, and the present one to who begins", async () => {
    await mine(3);
    const ledger = new Ledger();
    const watch = watching();
    await watch.start(ledger.take);
    await requireWhole(ledger);
    expect(ledger.logs).to.have.lengthOf(3);
    await mine(5, 2);
    await requireWhole(ledger);
    const { timestamp, number, hash } = (await market.chain.provider.getBlock("latest"))!;
    expect(watch.head).to.deep.include({ number, hash, timestamp: BigInt(timestamp) });
    expect(ledger.heads.some(({ rewoundTo }) => rewoundTo !== undefined)).to.equal(false);
  });

  for (const depth of [1, 2, 7, 33, 64]) {
    it(`rewinds ${depth} blocks to where the chain forked (A3)`, async () => {
      await mine(2);
      const fork = await market.chain.provider.getBlockNumber();
      const snapshot = await market.rpc("evm_snapshot");
      await mine(depth, 8);
      const ledger = new Ledger();
      await watching().start(ledger.take);
      await requireWhole(ledger);
      await reorganise(snapshot);
      await mine(depth + 1, 5);
      await requireWhole(ledger);
      expect(ledger.heads.find(({ rewoundTo }) => rewoundTo !== undefined)!.rewoundTo).to.equal(fork);
    });
  }

  it("rewinds to its oldest block in a reorganisation deeper than its cursor", async () => {
    const snapshot = await market.rpc("evm_snapshot");
    const ledger = new Ledger();
    await mine(140, 20);
    await watching().start(ledger.take);
    await requireWhole(ledger);
    const top = ledger.heads.at(-1)!.number;
    await reorganise(snapshot);
    await mine(141, 50);
    await until(() => ledger.heads.at(-1)!.number === top + 1);
    expect(ledger.heads.find(({ rewoundTo }) => rewoundTo !== undefined)!.rewoundTo).to.equal(top - 128);
  });

  it("goes on from its cursor after a restart, and tells of a reorganisation in between", async () => {
    await mine(3);
    const snapshot = await market.rpc("evm_snapshot");
    const fork = await market.chain.provider.getBlockNumber();
    await mine(4);
    const ledger = new Ledger();
    const first = watching();
    await first.start(ledger.take);
    await first.stop();
    const known = ledger.heads.length;
    await reorganise(snapshot);
    await mine(6);
    await watching().start(ledger.take);
    expect(ledger.heads[known].rewoundTo).to.equal(fork);
    await requireWhole(ledger);
    expect(ledger.heads).to.have.lengthOf(known + 1);
  });

  it("tells again what its listener failed at, and nothing of it as done", async () => {
    await mine(3);
    const snapshot = await market.rpc("evm_snapshot");
    await mine(2);
    const ledger = new Ledger();
    let failures = 0;
    const fails = async (head: Head) => {
      if (head.rewoundTo !== undefined && failures++ < 2) throw new Error("the disk is full");
      await ledger.take(head);
    };
    await watching().start(fails);
    await reorganise(snapshot);
    await mine(4);
    await requireWhole(ledger);
    expect(failures).to.equal(3);
  });

  it("catches up over many blocks by ranges, and is not taken in by a node that answers twice (A4)", async () => {
    await mine(300, 30);
    const ledger = new Ledger();
    let ranges = 0;
    proxy.answer = ({ method, params }, result) => {
      if (method !== "eth_getLogs") return result;
      if ((params[0] as { fromBlock?: string }).fromBlock !== undefined) ranges++;
      return [...(result as unknown[]), ...(result as unknown[])].toReversed();
    };
    await watching().start(ledger.take);
    await requireWhole(ledger);
    expect(ledger.logs).to.have.lengthOf(10);
    expect(ranges).to.equal(1);
  });

  it("asks for fewer blocks at once where the node refuses many (A4)", async () => {
    await mine(300, 30);
    const ledger = new Ledger();
    const asked: number[] = [];
    proxy.fate = ({ method, params }) => {
      const { fromBlock, toBlock } = (params[0] ?? {}) as { fromBlock?: string; toBlock?: string };
      if (method !== "eth_getLogs" || fromBlock === undefined) return "pass";
      asked.push(Number(toBlock) - Number(fromBlock) + 1);
      return asked.at(-1)! > 100 ? "dropBefore" : "pass";
    };
    await watching().start(ledger.take);
    await requireWhole(ledger);
    expect(Math.max(...asked)).to.be.greaterThan(100);
  });

  it("takes no logs of another block than it asked for (A4)", async () => {
    await mine(3);
    const ledger = new Ledger();
    let lies = 3;
    proxy.answer = ({ method }, result) =>
      method === "eth_getLogs" && lies-- > 0
        ? (result as object[]).map((log) => ({ ...log, blockHash: `0x${"11".repeat(32)}` }))
        : result;
    await watching().start(ledger.take);
    await requireWhole(ledger);
    expect(lies).to.be.lessThan(1);
  });

  it("takes no block that does not follow the one before it (A4)", async () => {
    await mine(6, 2);
    const ledger = new Ledger();
    let asked = 0;
    proxy.answer = ({ method, params }, result) => {
      if (method !== "eth_getBlockByNumber" || Number(params[0]) !== from + 3) return result;
      return ++asked > 2 ? result : { ...(result as object), parentHash: `0x${"11".repeat(32)}` };
    };
    await watching().start(ledger.take);
    await requireWhole(ledger);
    expect(asked).to.equal(3);
  });

  it("names no older head than its cursor's after a restart at a node that lags (A4)", async () => {
    await mine(5);
    const ledger = new Ledger();
    const first = watching();
    await first.start(ledger.take);
    await first.stop();
    const known = ledger.heads.length;
    const old = await market.rpc("eth_getBlockByNumber", `0x${(from + 1).toString(16)}`, false);
    proxy.answer = ({ method, params }, result) =>
      method === "eth_getBlockByNumber" && params[0] === "latest" ? old : result;
    const second = watching();
    await second.start(ledger.take);
    expect(second.head?.number).to.equal(undefined);
    expect(ledger.heads).to.have.lengthOf(known);
    proxy.reset();
    await requireWhole(ledger);
  });

  it("waits for a node that lags behind what was seen (A4)", async () => {
    await mine(5);
    const ledger = new Ledger();
    await watching().start(ledger.take);
    await requireWhole(ledger);
    const old = await market.rpc("eth_getBlockByNumber", `0x${(from + 1).toString(16)}`, false);
    let asked = 0;
    proxy.answer = ({ method, params }, result) => {
      if (method !== "eth_getBlockByNumber" || params[0] !== "latest") return result;
      asked++;
      return old;
    };
    const known = ledger.heads.length;
    await until(() => asked > 5);
    expect(ledger.heads).to.have.lengthOf(known);
    proxy.reset();
    await mine(2);
    await requireWhole(ledger);
    expect(ledger.heads.some(({ rewoundTo }) => rewoundTo !== undefined)).to.equal(false);
  });

  it("follows reorganisations over a connection that breaks every third time (A4)", async () => {
    let state = 7n;
    proxy.fate = () => {
      state = (state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n) & ((1n << 64n) - 1n);
      return (["dropBefore", "dropAfter", "pass"] as const)[Number(state >> 33n) % 6] ?? "pass";
    };
    const ledger = new Ledger();
    const watch = watching();
    void watch.start(ledger.take);
    for (const depth of [1, 3, 5, 2]) {
      await mine(1);
      const snapshot = await market.rpc("evm_snapshot");
      await mine(depth);
      await until(() => ledger.heads.length > 0);
      await reorganise(snapshot);
      await mine(depth + 1);
    }
    await requireWhole(ledger);
  });
});
