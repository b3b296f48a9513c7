import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Transaction, type Interface, type Wallet } from "ethers";
import { connectAgent, type AgentChain } from "../../src/agent/agentChain.ts";
import { Journal } from "../../src/agent/journal/journal.ts";
import type { FeePolicy } from "../../src/agent/sender/fees.ts";
import { createSender, TRANSACTIONS_SCHEMA, type SenderOptions } from "../../src/agent/sender/journalSender.ts";
import type { Intent, Sender } from "../../src/agent/sender/sender.ts";
import { startProxy, type Fate, type RpcCall, type RpcProxy } from "../deployments/rpcProxy.ts";
import { openAgentMarket, type AgentMarket } from "./agentMarket.ts";

export const GWEI = 10n ** 9n;

export const POLICY: FeePolicy = {
  maxFeePerGas: 500n * GWEI,
  maxPriorityFeePerGas: 20n * GWEI,
  bumpBlocks: 2,
  maxBumps: 3,
};

/** A row of each table, as the journal has it. */
export interface Row {
  readonly [column: string]: string | number | null;
}

/** A market whose client sends through a proxy that a test controls. */
export interface SenderBench {
  readonly market: AgentMarket;
  readonly proxy: RpcProxy;
  readonly chain: AgentChain;
  readonly journal: Journal;
  readonly path: string;
  /** A sender over the bench's journal; all are closed with the bench. */
  readonly sender: (options?: Partial<SenderOptions>) => Sender;
  /** A transfer of tokens from the client to the other party: sent twice, it would show. */
  readonly transfer: (amount: bigint, purpose?: string) => Intent;
  /** What the other party got since the bench was opened. */
  readonly received: () => Promise<bigint>;
  readonly rows: () => Row[];
  readonly attempts: () => Transaction[];
  /** Resolves when there are so many attempts and the node has the last. */
  readonly pooled: (attempts: number) => Promise<void>;
  readonly mine: (blocks?: number) => Promise<void>;
  /** Undoes all blocks since `snapshot`, with what is in the pool, and goes on with other blocks. */
  readonly reorganise: (snapshot: unknown, blocks?: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function openSenderBench(market: AgentMarket): Promise<SenderBench> {
  const folder = await mkdtemp(join(tmpdir(), "tollgate-sender-"));
  const path = join(folder, "journal.sqlite");
  const journal = new Journal(path, [TRANSACTIONS_SCHEMA]);
  const proxy = await startProxy(market.url);
  const chain = await connectAgent(proxy.url, market.record);
  const senders: Sender[] = [];
  const { token, other, rpc } = market;
  const before = await token.balanceOf(other);
  const interfaces: Interface[] = [token.interface, chain.escrow.interface];
  const all = (sql: string) => journal.read((database) => database.prepare(sql).all()) as unknown as Row[];
  const attempts = () => all("SELECT raw FROM attempts ORDER BY rowid").map(({ raw }) => Transaction.from(String(raw)));
  return {
    market,
    proxy,
    chain,
    journal,
    path,
    sender: (options = {}) => {
      const wallet: Wallet = market.client;
      const sender = createSender({
        chain,
        wallet,
        journal,
        interfaces,
        fees: POLICY,
        pollMilliseconds: 20,
        ...options,
      });
      senders.push(sender);
      return sender;
    },
    transfer: (amount, purpose = `pay ${amount}`) => ({
      purpose,
      to: String(token.target),
      data: token.interface.encodeFunctionData("transfer", [other.address, amount]),
    }),
    received: async () => (await token.balanceOf(other)) - before,
    rows: () => all("SELECT * FROM transactions ORDER BY id"),
    attempts,
    pooled: (count) =>
      until(async () => {
        const last = attempts().at(count - 1);
        return last !== undefined && (await rpc("eth_getTransactionByHash", last.hash)) !== null;
      }),
    mine: async (blocks = 1) => {
      for (let block = 0; block < blocks; block++) await rpc("evm_mine");
    },
    reorganise: async (snapshot, blocks = 1) => {
      expect(await rpc("evm_revert", snapshot)).to.equal(true);
      // Other times, other hashes.
      await rpc("evm_increaseTime", 7);
      for (let block = 0; block < blocks; block++) await rpc("evm_mine");
    },
    close: async () => {
      await Promise.all(senders.map((sender) => sender.close()));
      // What is left in the pool would be in the way of the next test.
      await rpc("evm_mine");
      await rpc("evm_setAutomine", true);
      journal.close();
      chain.close();
      await proxy.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** Resolves when `condition` holds; fails after twenty seconds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const limit = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > limit) throw new Error(`never: ${condition}`);
    await new Promise((later) => setTimeout(later, 10));
  }
}

/** A fate of one method; the others pass. */
export const fateOf =
  (method: string, fate: Fate) =>
  (call: RpcCall): Fate =>
    call.method === method ? fate : "pass";

/** The error of a promise that must reject. */
export const refusalOf = (work: Promise<unknown>): Promise<Error> =>
  work.then(
    (value) => expect.fail(`resolved with ${String(value)}`),
    (error: unknown) => error as Error,
  );

/** Opens a market for a suite and a bench for each of its tests. */
export function withBench(): () => SenderBench {
  let market: AgentMarket;
  let bench: SenderBench;
  before(async () => void (market = await openAgentMarket()));
  after(() => market.close());
  beforeEach(async () => void (bench = await openSenderBench(market)));
  afterEach(() => bench.close());
  return () => bench;
}
