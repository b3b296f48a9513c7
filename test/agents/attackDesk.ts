import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { Transaction } from "ethers";
import { idOfOrder, type Order } from "../../src/agent/order.ts";
import type { Desk } from "../../src/agent/provider/desk.ts";
import type { Intent, Mined } from "../../src/agent/sender/sender.ts";
import type { Opening } from "../../src/agent/serveJob.ts";
import { openJob } from "../../src/agent/openJob.ts";
import { FUNDING, type Job } from "../../src/codec/statement.ts";
import { openAgentMarket, PRICE, type AgentMarket } from "./agentMarket.ts";
import { deskOver, inFolder, MintingPool, refusalOf, WalletSender, whenIn, whenSeen, withDesk } from "./deskFixture.ts";

const never = new Promise<void>(() => {});

/** A promise that is resolved from outside. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

/** Sends without asking whether it would succeed: what is drained between simulation and block is mined and reverts. */
class BlindSender extends WalletSender {
  readonly #market: AgentMarket;

  constructor(market: AgentMarket) {
    super(market);
    this.#market = market;
  }

  override async submit(intent: Intent): Promise<Mined> {
    await this.beforeSending(intent);
    const { provider } = this.#market;
    const { to, data, value } = intent;
    const filled = await provider.populateTransaction({ to, data, value, gasLimit: 1_000_000n });
    const raw = await provider.signTransaction(filled);
    const hash = Transaction.from(raw).hash!;
    // The development chain answers with the revert, and has mined the transaction.
    await provider.provider!.broadcastTransaction(raw).catch(() => undefined);
    const receipt = (await provider.provider!.getTransactionReceipt(hash))!;
    this.mined.push(intent.purpose);
    const { blockNumber, blockHash, gasUsed } = receipt;
    return { hash, blockNumber, blockHash, succeeded: receipt.status === 1, gasUsed };
  }
}

/** Holds up or refuses settlements before they come to the wallet. */
class PickySender extends WalletSender {
  readonly tried: string[] = [];
  beforeSettling: (purpose: string) => Promise<void> = async () => undefined;

  override async submit(intent: Intent, signal?: AbortSignal): Promise<Mined> {
    this.tried.push(intent.purpose);
    const left = new Promise<never>((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
    if (intent.purpose.startsWith("settle")) await Promise.race([this.beforeSettling(intent.purpose), left]);
    return super.submit(intent, signal);
  }
}

describe("a provider's desk against hostile buyers", () => {
  let market: AgentMarket;
  let opening: Opening;
  let snapshot: unknown;
  before(async () => {
    market = await openAgentMarket();
    opening = await market.opening();
  });
  beforeEach(async () => void (snapshot = await market.rpc("evm_snapshot")));
  afterEach(() => market.rpc("evm_revert", snapshot));
  after(() => market.close());

  const orderOf = async (changes: Partial<Job> = {}): Promise<Order> =>
    market.order(await market.job(opening, changes));
  const accept = (desk: Desk, order: Order) => desk.accept(order, opening);
  /** Moves the client's money to somebody who gives it back when told to. */
  const drain = async (left = 0n): Promise<() => Promise<unknown>> => {
    const { client, other, token } = market;
    const amount = (await token.balanceOf(client)) - left;
    await (await token.connect(client).transfer(other, amount)).wait();
    return async () => (await token.connect(other).transfer(client, amount)).wait();
  };

  it("pays for one opening in vain of a client, and for no second while the first may still count", async () => {
    const sender = new BlindSender(market);
    await withDesk(market, { sender }, async ({ desk }) => {
      let giveBack!: () => Promise<unknown>;
      sender.beforeSending = async () => void (giveBack = await drain());
      const { jobId } = await accept(desk, await orderOf());
      await whenIn(desk, jobId, "closed");
      await giveBack();
      expect(sender.mined).to.deep.equal([`open:${jobId}`]);
      expect(await refusalOf(accept(desk, await orderOf()))).to.equal("insufficient-funds");
      await accept(desk, await orderOf({ client: market.other.address }));
    });
  });

  it("opens no two jobs with the same money, however they race", async () => {
    await drain(PRICE);
    await withDesk(market, {}, async ({ desk, sender }) => {
      sender.beforeSending = () => never;
      const orders = await Promise.all([orderOf(), orderOf(), orderOf()]);
      const outcomes = await Promise.allSettled(orders.map((order) => accept(desk, order)));
      expect(outcomes.filter(({ status }) => status === "fulfilled")).to.have.length(1);
      expect(await refusalOf(accept(desk, await orderOf()))).to.equal("too-busy");
    });
  });

  it("counts a settled order against its deposit until blocks as deep as the deposit's have seen it", async () => {
    const { chain, client, provider, token } = market;
    await (await token.connect(client).approve(chain.prepaid, PRICE)).wait();
    await (await chain.prepaid.connect(client).deposit(client, provider, token, PRICE, "0x")).wait();
    for (let block = 0; block < 10; block++) await market.rpc("evm_mine");
    const policy = { finalDepth: 3, confirmations: [{ blocks: 10 }] };
    await withDesk(market, { policy }, async ({ desk }) => {
      const { jobId } = await accept(desk, await orderOf({ funding: FUNDING.prepaid }));
      await whenIn(desk, jobId, "settled");
      for (let block = 0; block < 4; block++) await market.rpc("evm_mine");
      await whenSeen(market, desk);
      await sleep(300);
      const second = await orderOf({ funding: FUNDING.prepaid });
      expect(await refusalOf(desk.check(second))).to.equal("insufficient-funds");
    });
  });

  it("sends no words that waited for another settlement until their deadline was too near", async () => {
    await withDesk(market, { policy: { blockSeconds: 12 } }, async ({ desk, sender, pool }) => {
      const tried: string[] = [];
      const [firstProof, hastyProof, settling] = [gate(), gate(), gate()];
      sender.beforeSending = async ({ purpose }) => {
        tried.push(purpose);
        if (purpose.startsWith("settle")) await settling.opened;
      };
      const order = await orderOf();
      const first = idOfOrder(order, market.chain.chainId);
      pool.beforeProving = ({ subject }) => (subject === first ? firstProof : hastyProof).opened;
      await accept(desk, order);
      const { jobId: hasty } = await accept(desk, await orderOf({ deadline: order.job.deadline - 600n }));
      for (const id of [first, hasty]) await whenIn(desk, id, "funded");
      firstProof.open();
      while (!tried.includes(`settle:${first}`)) await sleep(10);
      hastyProof.open();
      await whenIn(desk, hasty, "proven");
      await market.rpc("evm_increaseTime", 3_600 - 600 - 8);
      await market.rpc("evm_mine");
      await whenSeen(market, desk);
      settling.open();
      await whenIn(desk, first, "settled");
      await sleep(300);
      expect(tried.filter((purpose) => purpose.startsWith("settle"))).to.deep.equal([`settle:${first}`]);
    });
  });

  it("settles each of a batch that cannot be settled together, whatever becomes of the others", async () => {
    const sender = new PickySender(market);
    await withDesk(market, { sender }, async ({ desk }) => {
      const [held, stuck, free] = await Promise.all([orderOf(), orderOf(), orderOf()]);
      const ids = [held, stuck, free].map((order) => idOfOrder(order, market.chain.chainId));
      const settling = gate();
      sender.beforeSettling = async (purpose) => {
        if (purpose === `settle:${ids[0]}`) return settling.opened;
        if (purpose === `settle:${ids[1]}`) return never;
        if (purpose !== `settle:${ids[2]}`) throw new Error("nothing together");
      };
      await accept(desk, held);
      while (!sender.tried.includes(`settle:${ids[0]}`)) await sleep(10);
      for (const order of [stuck, free]) await accept(desk, order);
      for (const id of ids.slice(1)) await whenIn(desk, id, "proven");
      settling.open();
      await whenIn(desk, ids[2], "settled");
      expect(sender.tried).to.include(`settle:${ids[1]}`);
    });
  });

  it("takes no more at once than it can prove by their deadlines", async () => {
    const pool = new MintingPool(market);
    const each = 100;
    pool.secondsUntilProven = async (_model?: string, ahead?: ReadonlyMap<string, number>) =>
      each * (1 + (ahead?.get(market.offer.name) ?? 0));
    await withDesk(market, { pool }, async ({ desk, sender }) => {
      sender.beforeSending = () => never;
      const { deadline } = await market.job(opening);
      const burst = await Promise.all(Array.from({ length: 6 }, () => orderOf({ deadline: deadline - 3_250n })));
      const outcomes = await Promise.allSettled(burst.map((order) => accept(desk, order)));
      // 350 seconds, of which the margin takes 60, are enough for two proofs.
      expect(outcomes.filter(({ status }) => status === "fulfilled")).to.have.length(2);
    });
  });

  it("takes back from the provers what an earlier process left them of a job that is over", async () => {
    await inFolder(async (folder) => {
      const first = await deskOver(folder, market);
      first.pool.beforeProving = () => never;
      const { jobId } = await accept(first.desk, await orderOf());
      await whenIn(first.desk, jobId, "funded");
      await first.end();
      await market.rpc("evm_increaseTime", 3_601);
      await market.rpc("evm_mine");
      const second = await deskOver(folder, market);
      await whenIn(second.desk, jobId, "closed");
      expect(second.pool.forgotten).to.include(jobId);
      await second.end();
    });
  });

  it("asks nothing of the chain at each block for jobs that wait for their clients", async () => {
    const forever = (1n << 63n) - 1n;
    const job = await market.job(opening, { funding: FUNDING.allowance, deadline: forever });
    await withDesk(market, {}, async ({ desk }) => {
      const { jobId } = await openJob(market.chain.escrow, market.client, job);
      await whenSeen(market, desk);
      await whenIn(desk, jobId, "waiting");
      let asked = 0;
      const { provider } = market.chain;
      const send = provider.send.bind(provider);
      provider.send = (method, params) => {
        if (method === "eth_call") asked++;
        return send(method, params);
      };
      for (let block = 0; block < 5; block++) {
        await market.rpc("evm_mine");
        await whenSeen(market, desk);
      }
      await sleep(200);
      provider.send = send;
      expect(asked).to.equal(0);
      expect(idOfOrder({ contract: String(market.chain.escrow.target), job }, market.chain.chainId)).to.equal(jobId);
    });
  });
});
