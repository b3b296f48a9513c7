import { expect } from "chai";
import { idOfOrder } from "../../src/agent/order.ts";
import type { Intent } from "../../src/agent/sender/sender.ts";
import { toCalldata } from "../../src/groth16/proof.ts";
import { PRICE } from "./agentMarket.ts";
import { until, withBench } from "./senderFixture.ts";

const PAYOUT = (PRICE * 9_950n) / 10_000n;

describe("a sender in a reorganisation", () => {
  const bench = withBench();

  /** The settlement of a job that is open. */
  async function settlement(): Promise<{ intent: Intent; jobId: string }> {
    const { chain, market } = bench();
    const opening = await market.opening();
    const order = await market.order(await market.job(opening));
    const { job, signature, fundingData } = order;
    const escrow = market.chain.escrow.connect(market.other);
    await (await escrow.openWithSignature(job, signature, fundingData)).wait();
    const jobId = idOfOrder(order, chain.chainId);
    const inference = market.infer(opening);
    const proof = await market.mint(inference, jobId);
    const data = escrow.interface.encodeFunctionData("settle", [job, [...inference.words], toCalldata(proof)]);
    return { intent: { purpose: `settle:${jobId}`, to: String(escrow.target), data }, jobId };
  }

  const credit = () => {
    const { market } = bench();
    return market.chain.escrow.creditOf(market.provider, market.token);
  };

  for (const depth of [1, 2, 7, 64]) {
    it(`settles again what was ${depth} deep, once, and is done with it when it is deeper than 64 (A3)`, async () => {
      const { market, sender, rows, attempts, mine, reorganise } = bench();
      const before = await credit();
      const { intent, jobId } = await settlement();
      const snapshot = await market.rpc("evm_snapshot");
      const undone = await sender({ wallet: market.provider }).submit(intent);
      await mine(depth - 1);
      expect(await credit()).to.equal(before + PAYOUT);

      await reorganise(snapshot, depth);
      await until(async () => (await credit()) === before + PAYOUT && rows()[0].state === "mined");
      const [{ block_number, block_hash }] = rows();
      expect(block_hash).to.not.equal(undone.blockHash);
      expect((await market.chain.provider.getBlock(Number(block_number)))!.hash).to.equal(block_hash);
      expect(attempts().map(({ hash }) => hash)).to.deep.equal([undone.hash]);

      const height = await market.chain.provider.getBlockNumber();
      await mine(63 - (height - Number(block_number)));
      const { escrow } = market.chain;
      expect(await escrow.queryFilter(escrow.filters.JobSettled(jobId))).to.have.lengthOf(1);
      expect(rows()[0].state).to.equal("mined");
      await mine();
      await until(() => rows()[0].state === "final");
    });
  }

  it("settles again what a reorganisation undid while no process ran, and joins who asks for it anew (A1, A3)", async () => {
    const { market, proxy, sender, rows, reorganise } = bench();
    const before = await credit();
    const { intent } = await settlement();
    const snapshot = await market.rpc("evm_snapshot");
    const killed = sender({ wallet: market.provider });
    const undone = await killed.submit(intent);
    await killed.close();
    await reorganise(snapshot, 3);
    expect(await credit()).to.equal(before);
    // The simulation comes after the transaction was sent again: it would find the job settled.
    let drops = 3;
    proxy.fate = ({ method }) => (method === "eth_estimateGas" && drops-- > 0 ? "dropBefore" : "pass");
    const again = await sender({ wallet: market.provider }).submit(intent);
    expect(again.hash).to.equal(undone.hash);
    expect(again.blockHash).to.not.equal(undone.blockHash);
    expect(rows()).to.have.lengthOf(1);
    expect(await credit()).to.equal(before + PAYOUT);
  });

  it("believes no receipt of a block that is not on the chain (A4)", async () => {
    const { sender, transfer, proxy, received, rows, mine, market } = bench();
    await market.rpc("evm_setAutomine", false);
    let forged = 0;
    proxy.answer = ({ method, params }, result) => {
      if (method === "eth_getTransactionCount" && rows().length > 0) return `0x${(Number(result) + 1).toString(16)}`;
      if (method !== "eth_getTransactionReceipt") return result;
      forged++;
      const block = { blockNumber: "0x1", blockHash: `0x${"11".repeat(32)}` };
      return { transactionHash: params[0], ...block, status: "0x1", gasUsed: "0x5208" };
    };
    let answered = false;
    const sent = sender()
      .submit(transfer(10n))
      .finally(() => void (answered = true));
    await until(() => forged > 2);
    expect(answered).to.equal(false);
    proxy.reset();
    await until(async () => {
      await mine();
      return answered;
    });
    expect((await market.chain.provider.getBlock((await sent).blockNumber))!.hash).to.equal((await sent).blockHash);
    expect(rows()).to.have.lengthOf(1);
    expect(await received()).to.equal(10n);
  });

  it("is not done with a transaction because the node names a high block (A4)", async () => {
    const { sender, transfer, proxy, rows } = bench();
    const one = sender();
    await one.submit(transfer(10n));
    let asked = 0;
    proxy.answer = ({ method, params }, result) => {
      if (method !== "eth_getBlockByNumber" || params[0] !== "latest") return result;
      asked++;
      return { ...(result as object), number: "0xffffff", hash: `0x${asked.toString(16).padStart(64, "0")}` };
    };
    await until(() => asked > 3);
    expect(rows()[0].state).to.equal("mined");
  });

  it("waits for a block that the node does not show yet and was reported too early (A4)", async () => {
    const { sender, transfer, proxy, received, rows, mine, market } = bench();
    // A lagging replica answers some questions: its chain lacks the newest block.
    let lagging = 6;
    proxy.answer = ({ method, params }, result) => {
      const asks = method === "eth_getBlockByNumber" && params[0] !== "latest";
      return asks && lagging-- > 0 ? null : result;
    };
    const mined = await sender().submit(transfer(9n));
    await mine(2);
    expect((await market.chain.provider.getBlock(mined.blockNumber))!.hash).to.equal(mined.blockHash);
    expect(rows()).to.have.lengthOf(1);
    expect(await received()).to.equal(9n);
  });
});
