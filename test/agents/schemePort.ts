import { expect } from "chai";
import { idOfOrder, type Order } from "../../src/agent/order.ts";
import { chainPort } from "../../src/agent/scheme/chainPort.ts";
import type { EscrowPort } from "../../src/agent/scheme/facilitator.ts";
import { FUNDING, JOB_STATES, type Job } from "../../src/codec/statement.ts";
import { toCalldata } from "../../src/groth16/proof.ts";
import { openAgentMarket, PRICE, type AgentMarket } from "./agentMarket.ts";

describe("a port to the chain without a journal", () => {
  let market: AgentMarket;
  let port: EscrowPort;
  before(async () => {
    market = await openAgentMarket();
    port = chainPort({ chain: market.chain, wallet: market.provider });
  });
  after(() => market.close());

  it("takes a job that somebody else opened, and one that somebody else settled, as done", async () => {
    const { chain, other } = market;
    const opening = await market.opening();
    const order = await market.order(await market.job(opening));
    const escrow = chain.escrow.connect(other);
    await (await escrow.openWithSignature(order.job, order.signature, order.fundingData)).wait();
    expect(await port.open(order)).to.deep.equal({ transaction: "" });
    const inference = market.infer(opening);
    const proof = await market.mint(inference, idOfOrder(order, chain.chainId));
    const { words } = inference;
    await (await escrow.settle(order.job, [...words], toCalldata(proof))).wait();
    expect(await port.deliver(order, words, proof)).to.deep.equal({ transaction: "" });
  });

  it("does not end a job that another request is served for", async () => {
    const opening = await market.opening();
    const order = await market.order(await market.job(opening));
    await port.open(order);
    await port.open(order);
    const refusal = await port.cancel(order).catch((error: unknown) => error);
    expect((refusal as Error).message).to.equal("another request is being served for this order");
    const inference = market.infer(opening);
    await port.deliver(order, inference.words, await market.mint(inference, idOfOrder(order, market.chain.chainId)));
    expect(JOB_STATES[Number(await market.chain.escrow.stateOf(order.job))]).to.equal("Settled");
  });

  it("counts on a prepaid deposit for one order at a time", async () => {
    const { chain, client, provider, token } = market;
    await (await token.connect(client).approve(chain.prepaid, PRICE)).wait();
    await (await chain.prepaid.connect(client).deposit(client, provider, token, PRICE, "0x")).wait();
    const opening = await market.opening();
    const prepaid = async (changes: Partial<Job> = {}) =>
      market.order(await market.job(opening, { funding: FUNDING.prepaid, ...changes }));
    const first = await prepaid();
    const refused = async (order: Order) =>
      ((await port.open(order).catch((error: unknown) => error)) as Error).message;
    const forged = { ...first, signature: (await prepaid({ nonce: 1_000n })).signature };
    expect(await refused(forged)).to.match(/signed the order, want/);
    await port.open(first);
    expect(await refused(await prepaid())).to.match(/^the deposit secures 2000000 until \d+, want 4000000$/);
    expect(await refused(await prepaid({ nonce: first.job.nonce, amount: 1n }))).to.match(/is of another order/);
    await port.cancel(first);
    await port.open(await prepaid());
  });
});
