import { expect } from "chai";
import { Wallet } from "ethers";
import pino from "pino";
import { Journal } from "../../src/agent/journal/journal.ts";
import { TRANSACTIONS_SCHEMA } from "../../src/agent/sender/journalSender.ts";
import { InsufficientFunds, SimulationReverted } from "../../src/agent/sender/simulate.ts";
import { InputError } from "../../src/errors.ts";
import { fateOf, GWEI, POLICY, refusalOf, withBench } from "./senderFixture.ts";

describe("a sender", () => {
  const bench = withBench();

  it("journals a signed transaction before it reaches the node, and tells where it was mined", async () => {
    const { proxy, sender, transfer, attempts, chain, received } = bench();
    const journalled: boolean[] = [];
    proxy.fate = ({ method, params }) => {
      if (method === "eth_sendRawTransaction")
        journalled.push(attempts().some(({ serialized }) => serialized === params[0]));
      return "pass";
    };
    const mined = await sender().submit(transfer(5n));
    expect(journalled).to.deep.equal([true]);
    const receipt = await chain.provider.getTransactionReceipt(mined.hash);
    const { blockNumber, blockHash, gasUsed } = receipt!;
    expect(mined).to.deep.equal({ hash: attempts()[0].hash, blockNumber, blockHash, succeeded: true, gasUsed });
    expect(await received()).to.equal(5n);
  });

  it("names the custom error of an intent that reverts, and journals nothing", async () => {
    const { sender, rows, chain, market } = bench();
    const data = chain.escrow.interface.encodeFunctionData("withdraw", [market.token.target, market.other.address]);
    const intent = { purpose: "withdraw", to: String(chain.escrow.target), data };
    const refusal = await refusalOf(sender().submit(intent));
    expect(refusal).to.be.instanceOf(SimulationReverted);
    expect(refusal.message).to.match(/^withdraw: reverts with NothingToWithdraw\(owner: 0x\w{40}, token: 0x\w{40}\)$/);
    expect(rows()).to.deep.equal([]);
  });

  it("refuses what the key cannot pay for beside what is on its way, and journals nothing of it", async () => {
    const { sender, pooled, rows, market, transfer, attempts, mine } = bench();
    const poor = new Wallet(Wallet.createRandom().privateKey, market.chain.provider);
    const refusal = await refusalOf(sender({ wallet: poor }).submit({ ...transfer(0n), purpose: "nothing" }));
    expect(refusal).to.be.instanceOf(InsufficientFunds);
    expect(refusal.message).to.match(/^nothing: the sender has 0 wei to spend, want \d+$/);
    expect(rows()).to.deep.equal([]);

    await market.rpc("evm_setAutomine", false);
    const setBalance = (wei: bigint) => market.rpc("hardhat_setBalance", poor.address, `0x${wei.toString(16)}`);
    await setBalance(10n ** 18n);
    const rich = sender({ wallet: poor });
    const intent = { to: market.other.address, data: "0x" };
    const first = rich.submit({ ...intent, purpose: "first" });
    await pooled(1);
    const { gasLimit, maxFeePerGas } = attempts()[0];
    await setBalance((gasLimit * maxFeePerGas! * 3n) / 2n);
    expect(await refusalOf(rich.submit({ ...intent, purpose: "second" }))).to.be.instanceOf(InsufficientFunds);
    await mine();
    await first;
    expect(rows().map(({ purpose }) => purpose)).to.deep.equal(["first"]);
  });

  it("has several on their way with consecutive nonces, and one for a purpose that is submitted twice", async () => {
    const { sender, pooled, transfer, market, rows, mine, received } = bench();
    await market.rpc("evm_setAutomine", false);
    const one = sender();
    const sent = [1n, 20n, 300n, 20n].map((amount) => one.submit(transfer(amount)));
    for (const count of [1, 2, 3]) await pooled(count);
    const joined = one.submit(transfer(300n));
    await mine();
    const mined = await Promise.all([...sent, joined]);
    expect(new Set(mined.map(({ hash }) => hash)).size).to.equal(3);
    expect(mined[1]).to.equal(mined[3]);
    const nonces = rows().map(({ nonce }) => Number(nonce));
    expect(nonces).to.deep.equal([nonces[0], nonces[0] + 1, nonces[0] + 2]);
    expect(await received()).to.equal(321n);
  });

  it("takes a purpose that was mined as a new intent", async () => {
    const { sender, transfer, received, rows } = bench();
    const one = sender();
    const [first, second] = [await one.submit(transfer(3n)), await one.submit(transfer(3n))];
    expect(first.hash).to.not.equal(second.hash);
    expect(rows()).to.have.lengthOf(2);
    expect(await received()).to.equal(6n);
  });

  it("signs nothing that is too long for nodes to pass on, which would hold up all that comes after it", async () => {
    const { sender, transfer, rows, received } = bench();
    const one = sender();
    const long = { ...transfer(1n), data: `${transfer(1n).data}${"00".repeat(130_000)}` };
    const error = await one.submit(long).catch((reason: Error) => reason);
    expect(error).to.have.property("name", "SimulationReverted");
    expect(rows()).to.deep.equal([]);
    await one.submit(transfer(2n, "after"));
    expect(await received()).to.equal(2n);
  });

  it("tells of a transaction that was mined and reverted", async () => {
    const { sender, pooled, transfer, market, mine, received } = bench();
    const { token, client, provider } = market;
    await (await token.connect(client).approve(provider, 1n)).wait();
    await market.rpc("evm_setAutomine", false);
    const all = await token.balanceOf(client);
    const sent = sender().submit(transfer(all));
    await pooled(1);
    // First in the block, for its tip: one unit less for the transfer to move.
    const fees = { maxFeePerGas: 100n * GWEI, maxPriorityFeePerGas: 50n * GWEI, gasLimit: 100_000n };
    await token.connect(provider).transferFrom(client, provider, 1n, fees);
    await mine();
    expect((await sent).succeeded).to.equal(false);
    expect(await received()).to.equal(0n);
  });

  it("never pays more than its policy, whatever the node asks for", async () => {
    const { sender, transfer, proxy, attempts, received } = bench();
    proxy.answer = ({ method }, result) => {
      if (method === "eth_maxPriorityFeePerGas") return `0x${(10n ** 24n).toString(16)}`;
      if (method !== "eth_getBlockByNumber" || result === null) return result;
      return { ...(result as object), baseFeePerGas: `0x${(10n ** 24n).toString(16)}` };
    };
    await sender().submit(transfer(1n));
    const [{ maxFeePerGas, maxPriorityFeePerGas }] = attempts();
    expect({ maxFeePerGas, maxPriorityFeePerGas }).to.deep.equal({
      maxFeePerGas: POLICY.maxFeePerGas,
      maxPriorityFeePerGas: POLICY.maxPriorityFeePerGas,
    });
    expect(await received()).to.equal(1n);
  });

  it("stops waiting when its caller does, while the transaction stays on its way", async () => {
    const { sender, pooled, transfer, market, mine, received } = bench();
    await market.rpc("evm_setAutomine", false);
    const one = sender();
    const impatient = new AbortController();
    const refusal = refusalOf(one.submit(transfer(7n), impatient.signal));
    await pooled(1);
    impatient.abort();
    expect((await refusal).name).to.equal("AbortError");
    const again = one.submit(transfer(7n));
    await mine();
    expect((await again).succeeded).to.equal(true);
    expect(await received()).to.equal(7n);
  });

  it("signs nothing for a caller that has gone", async () => {
    const { sender, transfer, proxy, rows, received } = bench();
    proxy.fate = fateOf("eth_estimateGas", "dropBefore");
    const impatient = new AbortController();
    const one = sender();
    const refusal = refusalOf(one.submit(transfer(7n), impatient.signal));
    impatient.abort();
    expect((await refusal).name).to.equal("AbortError");
    proxy.reset();
    await one.submit(transfer(8n));
    expect(rows().map(({ purpose }) => purpose)).to.deep.equal(["pay 8"]);
    expect(await received()).to.equal(8n);
  });

  it("ends with AbortError for all who wait when it is closed", async () => {
    const { sender, pooled, transfer, market } = bench();
    await market.rpc("evm_setAutomine", false);
    const one = sender();
    const refusal = refusalOf(one.submit(transfer(7n)));
    await pooled(1);
    await one.close();
    expect((await refusal).name).to.equal("AbortError");
    expect((await refusalOf(one.submit(transfer(7n)))).name).to.equal("AbortError");
  });

  it("is refused a journal that another sender holds", () => {
    expect(() => new Journal(bench().path, [TRANSACTIONS_SCHEMA])).to.throw(InputError, /no other process uses/);
  });

  it("logs neither the node's URL nor a signed transaction", async () => {
    const { sender, transfer, proxy, attempts } = bench();
    const lines: string[] = [];
    const logger = pino({ level: "trace" }, { write: (line) => void lines.push(line) });
    let drops = 3;
    proxy.fate = ({ method }) => (method === "eth_estimateGas" && drops-- > 0 ? "dropBefore" : "pass");
    await sender({ logger }).submit(transfer(2n));
    const log = lines.join("");
    expect(log).to.include("NodeTrouble").and.to.include("transaction mined");
    expect(log).to.not.include(new URL(proxy.url).port).and.to.not.include("127.0.0.1");
    expect(log).to.not.include(attempts()[0].serialized);
  });
});
