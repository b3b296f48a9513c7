import { expect } from "chai";
import { fateOf, GWEI, POLICY, refusalOf, until, withBench } from "./senderFixture.ts";
import { SimulationReverted } from "../../src/agent/sender/simulate.ts";

/** Of a block after which a transaction at the usual price waits. */
const DEAR = `0x${(40n * GWEI).toString(16)}`;

describe("a sender recovers", () => {
  const bench = withBench();

  /** Blocks at the pace of the test, for as long as the sender needs more of them. */
  const mineWhile = (condition: () => boolean) =>
    until(async () => {
      await bench().mine();
      return !condition();
    });

  /** Blocks that are too dear for what has been sent. */
  async function mineDear(blocks: number): Promise<void> {
    for (let block = 0; block < blocks; block++) {
      await bench().market.rpc("hardhat_setNextBlockBaseFeePerGas", DEAR);
      await bench().mine();
    }
  }

  beforeEach(() =>
    bench()
      .market.rpc("hardhat_setNextBlockBaseFeePerGas", `0x${GWEI.toString(16)}`)
      .then(() => bench().mine()),
  );

  it("raises the fees of a stuck transaction by an eighth or more, and it is mined once (A2)", async () => {
    const { sender, pooled, transfer, market, attempts, mine, rows, received } = bench();
    await market.rpc("evm_setAutomine", false);
    const sent = sender().submit(transfer(11n));
    await pooled(1);
    await mineDear(POLICY.bumpBlocks);
    await pooled(2);
    await mine();
    const mined = await sent;
    const [before, after] = attempts();
    expect(mined.hash).to.equal(after.hash);
    expect(after.nonce).to.equal(before.nonce);
    for (const fee of ["maxFeePerGas", "maxPriorityFeePerGas"] as const)
      expect(after[fee]! * 8n >= before[fee]! * 9n, fee).to.equal(true);
    expect(rows()).to.have.lengthOf(1);
    expect(await received()).to.equal(11n);
  });

  for (const [limit, fees] of [
    ["often", { ...POLICY, bumpBlocks: 1, maxBumps: 2 }],
    ["far", { ...POLICY, bumpBlocks: 1, maxBumps: 9, maxFeePerGas: 4n * GWEI }],
  ] as const) {
    it(`raises fees no more ${limit} than its policy says, and goes on sending (A2)`, async () => {
      const { sender, pooled, transfer, market, attempts, proxy, mine, received } = bench();
      await market.rpc("evm_setAutomine", false);
      const sent = sender({ fees }).submit(transfer(12n));
      await pooled(1);
      // The node sees no reason to pay more, so each raise is the smallest.
      proxy.answer = ({ method }, result) => {
        const block = method === "eth_getBlockByNumber" && result !== null;
        return block ? { ...(result as object), baseFeePerGas: "0x1" } : result;
      };
      let sends = 0;
      proxy.fate = ({ method }) => {
        if (method === "eth_sendRawTransaction") sends++;
        return "pass";
      };
      for (let block = 0; block < 6; block++) {
        const before = sends;
        await mineDear(1);
        await until(() => sends > before);
      }
      expect(attempts()).to.have.lengthOf(3);
      const dearest = attempts()[2].maxFeePerGas!;
      expect(dearest <= fees.maxFeePerGas).to.equal(true);
      expect(dearest + dearest / 8n > 4n * GWEI).to.equal(true);
      await market.rpc("hardhat_setNextBlockBaseFeePerGas", "0x1");
      await mine();
      await sent;
      expect(await received()).to.equal(12n);
    });
  }

  it("sends a transaction again that the node has dropped (A2)", async () => {
    const { sender, transfer, market, attempts, mine, received } = bench();
    await market.rpc("evm_setAutomine", false);
    const sent = sender().submit(transfer(13n));
    const known = async () =>
      attempts().length > 0 && (await market.rpc("eth_getTransactionByHash", attempts()[0].hash)) !== null;
    await until(known);
    await market.rpc("hardhat_dropTransaction", attempts()[0].hash);
    expect(await known()).to.equal(false);
    await mine();
    await until(known);
    await mine();
    expect((await sent).hash).to.equal(attempts()[0].hash);
    expect(await received()).to.equal(13n);
  });

  /** Puts a transaction of the client's that nobody journalled in the place of the first attempt. */
  async function takeNonce(data: string): Promise<void> {
    const { market, attempts, pooled } = bench();
    const { client, token } = market;
    await pooled(1);
    const fees = { maxFeePerGas: 100n * GWEI, maxPriorityFeePerGas: 50n * GWEI, gasLimit: 100_000n };
    const { nonce } = attempts()[0];
    const call = { type: 2, chainId: market.chain.chainId, to: String(token.target), data, nonce, ...fees };
    await market.rpc("eth_sendRawTransaction", await client.signTransaction(call));
  }

  it("signs an intent anew where another transaction took its nonce (A2)", async () => {
    const { sender, transfer, market, rows, received } = bench();
    await market.rpc("evm_setAutomine", false);
    const sent = sender({ finalDepth: 4 }).submit(transfer(14n));
    await takeNonce(market.token.interface.encodeFunctionData("approve", [market.provider.address, 0n]));
    await mineWhile(() => rows()[0].state !== "mined" && rows().at(-1)?.state !== "mined");
    const { hash } = await sent;
    const [first, second] = rows();
    expect(second.nonce).to.equal(Number(first.nonce) + 1);
    expect((await market.chain.provider.getTransaction(hash))!.nonce).to.equal(second.nonce);
    // Once the loss is as deep as a mined transaction must be, nothing is kept of it.
    expect(first.state).to.be.oneOf(["lost", "final"]);
    expect(await received()).to.equal(14n);
  });

  it("gives an intent up that lost its nonce and reverts by now (A2)", async () => {
    const { sender, transfer, market, rows, received } = bench();
    const { client, token, provider } = market;
    const all = await token.balanceOf(client);
    await market.rpc("evm_setAutomine", false);
    const refusal = refusalOf(sender({ finalDepth: 4 }).submit(transfer(all)));
    await takeNonce(token.interface.encodeFunctionData("transfer", [provider.address, 1n]));
    await mineWhile(() => rows()[0].state === "sent");
    expect(await refusal).to.be.instanceOf(SimulationReverted);
    expect((await refusal).message).to.match(/^pay \d+: reverts with ERC20InsufficientBalance\(/);
    expect(await received()).to.equal(0n);
  });

  it("sends what was journalled when the process ended before sending it, once (A1)", async () => {
    const { sender, transfer, proxy, attempts, received, rows } = bench();
    proxy.fate = fateOf("eth_sendRawTransaction", "dropBefore");
    const killed = sender();
    const lost = refusalOf(killed.submit(transfer(15n)));
    await until(() => attempts().length === 1);
    await killed.close();
    await lost;
    expect(await received()).to.equal(0n);
    proxy.reset();
    const next = sender();
    const joined = next.submit(transfer(15n));
    await next.resume();
    expect((await joined).hash).to.equal(attempts()[0].hash);
    expect(rows()).to.have.lengthOf(1);
    expect(await received()).to.equal(15n);
  });

  it("finds what was mined while it was away (A1)", async () => {
    const { sender, pooled, transfer, market, mine, received, rows } = bench();
    await market.rpc("evm_setAutomine", false);
    const killed = sender();
    const lost = refusalOf(killed.submit(transfer(16n)));
    await pooled(1);
    await killed.close();
    await lost;
    await mine();
    await sender().resume();
    expect(rows().map(({ state }) => state)).to.deep.equal(["mined"]);
    expect(await received()).to.equal(16n);
  });

  it("sends once where the connection breaks after the node took the transaction (A4)", async () => {
    const { sender, transfer, proxy, attempts, received } = bench();
    let sends = 0;
    proxy.fate = ({ method }) => (method === "eth_sendRawTransaction" && sends++ === 0 ? "dropAfter" : "pass");
    const { hash } = await sender().submit(transfer(17n));
    expect(sends).to.be.greaterThan(0);
    expect(attempts().map((attempt) => attempt.hash)).to.deep.equal([hash]);
    expect(await received()).to.equal(17n);
  });

  it("does not believe a nonce that a node names once (A4)", async () => {
    const { sender, transfer, proxy, received, rows } = bench();
    let lies = 1;
    proxy.answer = ({ method }, result) =>
      method === "eth_getTransactionCount" && lies-- > 0 ? `0x${(Number(result) + 40).toString(16)}` : result;
    await sender().submit(transfer(18n));
    expect(rows().map(({ state }) => state)).to.deep.equal(["mined"]);
    expect(await received()).to.equal(18n);
  });

  it("fills the nonces that a lying node made it leave out, and signs the intent no second time (A4)", async () => {
    const { sender, transfer, proxy, market, received, rows } = bench();
    let lies = 2;
    proxy.answer = ({ method }, result) =>
      method === "eth_getTransactionCount" && lies-- > 0 ? `0x${(Number(result) + 2).toString(16)}` : result;
    await market.rpc("evm_setAutomine", false);
    const sent = sender().submit(transfer(18n));
    await mineWhile(() => rows().filter(({ state }) => state === "mined").length < 3);
    await sent;
    expect(rows().map(({ purpose }) => String(purpose).replace(/\d+/, "N"))).to.deep.equal([
      "pay N",
      "fill:N",
      "fill:N",
    ]);
    expect(await received()).to.equal(18n);
  });

  it("pays each of twenty intents once over a connection that breaks every third time (A4)", async () => {
    const { sender, transfer, proxy, received, rows } = bench();
    let state = 20_261n;
    const random = (below: number) => {
      state = (state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n) & ((1n << 64n) - 1n);
      return Number(state >> 33n) % below;
    };
    proxy.fate = () => (["dropBefore", "dropAfter", "pass"] as const)[random(6)] ?? "pass";
    const one = sender();
    const amounts = Array.from({ length: 20 }, (_, index) => 1n << BigInt(index));
    await Promise.all(amounts.map((amount) => one.submit(transfer(amount))));
    expect(await received()).to.equal((1n << 20n) - 1n);
    expect(rows()).to.have.lengthOf(20);
  });
});
