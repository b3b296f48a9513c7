import { expect } from "chai";
import { connectAgent } from "../../src/agent/agentChain.ts";
import { idOfOrder } from "../../src/agent/order.ts";
import { InputError } from "../../src/errors.ts";
import { toCalldata } from "../../src/groth16/proof.ts";
import { openAgentMarket, PRICE, type AgentMarket } from "./agentMarket.ts";

describe("a signed order", () => {
  let market: AgentMarket;
  before(async () => void (market = await openAgentMarket()));
  after(() => market.close());

  it("opens its job by whoever submits it, and the proof for its id settles it", async () => {
    const { chain, provider, client, token } = market;
    const opening = await market.opening();
    const order = await market.order(await market.job(opening));
    const escrow = chain.escrow.connect(provider);
    await (await escrow.openWithSignature(order.job, order.signature, order.fundingData)).wait();
    const inference = market.infer(opening);
    const proof = await market.mint(inference, idOfOrder(order, chain.chainId));
    await (await escrow.settle(order.job, [...inference.words], toCalldata(proof))).wait();
    expect(await escrow.creditOf(provider, token)).to.equal((PRICE * 9_950n) / 10_000n);
    expect(await token.balanceOf(client)).to.equal(999n * PRICE);
  });

  it("is taken to no chain whose contracts have other code than the record says", async () => {
    const { url, record } = market;
    const InferenceEscrow = { ...record.contracts.InferenceEscrow, runtimeCodeHash: `0x${"00".repeat(32)}` };
    const other = { ...record, contracts: { ...record.contracts, InferenceEscrow } };
    const refusal = await connectAgent(url, other).catch((error: unknown) => error);
    expect(refusal).to.be.instanceOf(InputError);
    expect((refusal as Error).message).to.match(/^InferenceEscrow at 0x\w{40}: the code's hash is 0x\w{64}, /);
  });
});
