import { expect } from "chai";
import { network } from "hardhat";
import { AMOUNT, NO_ONE } from "./market.ts";
import { FUNDED, NONE, REFUNDED, REVOKED, SETTLED, bondMarkets } from "./bondMarket.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const { allowance: deploy } = bondMarkets(connection);

describe("revoke", () => {
  it("makes a nonce useless for whatever terms", async () => {
    const { escrow, dollar, job, open, client, provider, stranger } = await networkHelpers.loadFixture(deploy);
    await expect(escrow.connect(client).revoke(provider, job.nonce))
      .to.emit(escrow, "NonceRevoked")
      .withArgs(client.address, provider.address, job.nonce);
    for (const terms of [job, { ...job, amount: 1n }, { ...job, bond: 0n, acceptBy: 0n }]) {
      expect(await escrow.stateOf(terms)).to.equal(REVOKED);
      await expect(open(terms))
        .to.be.revertedWithCustomError(escrow, "NonceUsed")
        .withArgs(client.address, provider.address, job.nonce, REVOKED);
    }
    expect(await dollar.balanceOf(client)).to.equal(100n * AMOUNT);
    for (const other of [
      { ...job, nonce: 2n },
      { ...job, provider: stranger.address },
    ])
      await open(other);
  });

  it("beats a signature that was given away, and loses to one that was used", async () => {
    const { escrow, job, consent, client, provider, stranger } = await networkHelpers.loadFixture(deploy);
    const signature = await consent();
    const relay = escrow.connect(stranger);
    const snapshot = await networkHelpers.takeSnapshot();
    await escrow.connect(client).revoke(provider, job.nonce);
    await expect(relay.openWithSignature(job, signature, "0x")).to.be.revertedWithCustomError(escrow, "NonceUsed");
    await snapshot.restore();
    await relay.openWithSignature(job, signature, "0x");
    await expect(escrow.connect(client).revoke(provider, job.nonce))
      .to.be.revertedWithCustomError(escrow, "NonceUsed")
      .withArgs(client.address, provider.address, job.nonce, FUNDED);
    expect(await escrow.stateOf(job)).to.equal(FUNDED);
  });

  it("touches no job, in whatever state it is", async () => {
    const { escrow, job, open, accept, client, provider, words, prove } = await networkHelpers.loadFixture(deploy);
    const expectKept = async (state: bigint) => {
      await expect(escrow.connect(client).revoke(provider, job.nonce))
        .to.be.revertedWithCustomError(escrow, "NonceUsed")
        .withArgs(client.address, provider.address, job.nonce, state);
      expect(await escrow.stateOf(job)).to.equal(state);
    };
    await open();
    await expectKept(FUNDED);
    await accept();
    await expectKept(2n);
    const snapshot = await networkHelpers.takeSnapshot();
    await escrow.settle(job, words, prove(job));
    await expectKept(SETTLED);
    await snapshot.restore();
    await escrow.connect(provider).cancel(job);
    await expectKept(REFUNDED);
  });

  it("works once", async () => {
    const { escrow, client, provider } = await networkHelpers.loadFixture(deploy);
    await escrow.connect(client).revoke(provider, 9n);
    await expect(escrow.connect(client).revoke(provider, 9n))
      .to.be.revertedWithCustomError(escrow, "NonceUsed")
      .withArgs(client.address, provider.address, 9n, REVOKED);
  });

  it("by others has no effect on the client's nonces", async () => {
    const { escrow, job, open, client, provider, stranger } = await networkHelpers.loadFixture(deploy);
    await escrow.connect(stranger).revoke(provider, job.nonce);
    await escrow.connect(provider).revoke(provider, job.nonce);
    await escrow.connect(provider).revoke(client, job.nonce);
    await escrow.connect(client).revoke(NO_ONE, job.nonce);
    expect(await escrow.stateOf(job)).to.equal(NONE);
    await open();
    expect(await escrow.stateOf(job)).to.equal(FUNDED);
  });
});
