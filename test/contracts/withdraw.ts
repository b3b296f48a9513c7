import { expect } from "chai";
import { network } from "hardhat";
import { AMOUNT, NO_ONE, ROYALTY_BPS, TOLL_BPS, deployMarket } from "./market.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const TOLL = (AMOUNT * TOLL_BPS) / 10_000n;
const ROYALTY = (AMOUNT * ROYALTY_BPS) / 10_000n;
const PAYOUT = AMOUNT - TOLL - ROYALTY;

async function deploySettledJob() {
  const market = await deployMarket(connection);
  const { escrow, terms, words, prove } = market;
  await escrow.open(terms, "0x");
  await escrow.settle(terms, words, prove(terms));
  return market;
}

describe("withdraw", () => {
  it("pays the caller's whole credit to whom it names, once", async () => {
    const { escrow, token, provider, stranger } = await networkHelpers.loadFixture(deploySettledJob);
    const call = escrow.connect(provider).withdraw(token, stranger);
    await expect(call).to.changeTokenBalances(ethers, token, [escrow, stranger, provider], [-PAYOUT, PAYOUT, 0n]);
    await expect(call)
      .to.emit(escrow, "Withdrawn")
      .withArgs(provider.address, await token.getAddress(), stranger.address, PAYOUT);
    expect(await escrow.creditOf(provider, token)).to.equal(0n);
    await expect(escrow.connect(provider).withdraw(token, stranger))
      .to.be.revertedWithCustomError(escrow, "NothingToWithdraw")
      .withArgs(provider.address, await token.getAddress());
  });

  it("empties the escrow exactly when all have withdrawn", async () => {
    const { escrow, token, provider, tollCollector, royaltyReceiver } =
      await networkHelpers.loadFixture(deploySettledJob);
    for (const owner of [provider, tollCollector, royaltyReceiver]) await escrow.withdrawFor(token, owner);
    expect(await token.balanceOf(escrow)).to.equal(0n);
    expect(await token.balanceOf(tollCollector)).to.equal(TOLL);
    expect(await token.balanceOf(royaltyReceiver)).to.equal(ROYALTY);
  });

  it("gives a stranger nothing, and refuses zero and the escrow as receivers (invariant 11)", async () => {
    const { escrow, token, provider, stranger } = await networkHelpers.loadFixture(deploySettledJob);
    for (const call of [
      () => escrow.connect(stranger).withdraw(token, provider),
      () => escrow.withdrawFor(token, stranger),
    ]) {
      await expect(call())
        .to.be.revertedWithCustomError(escrow, "NothingToWithdraw")
        .withArgs(stranger.address, await token.getAddress());
    }
    await expect(escrow.connect(provider).withdraw(token, NO_ONE)).to.be.revertedWithCustomError(escrow, "ZeroAddress");
    for (const call of [
      () => escrow.connect(provider).withdraw(token, escrow),
      () => escrow.withdrawFor(token, escrow),
    ]) {
      await expect(call())
        .to.be.revertedWithCustomError(escrow, "InvalidReceiver")
        .withArgs(await escrow.getAddress());
    }
    expect(await escrow.creditOf(provider, token)).to.equal(PAYOUT);
  });

  it("keeps credits in different tokens apart", async () => {
    const { escrow, token, provider } = await networkHelpers.loadFixture(deploySettledJob);
    const other = await ethers.deployContract("TestToken");
    await other.mint(escrow, AMOUNT);
    await expect(escrow.connect(provider).withdraw(other, provider)).to.be.revertedWithCustomError(
      escrow,
      "NothingToWithdraw",
    );
    expect(await escrow.creditOf(provider, token)).to.equal(PAYOUT);
  });
});

describe("withdrawFor", () => {
  it("pays only the owner, whoever calls", async () => {
    const { escrow, token, provider, stranger } = await networkHelpers.loadFixture(deploySettledJob);
    const call = escrow.connect(stranger).withdrawFor(token, provider);
    await expect(call).to.changeTokenBalances(ethers, token, [escrow, stranger, provider], [-PAYOUT, 0n, PAYOUT]);
  });
});

describe("the escrow", () => {
  it("has no function by which anyone could move another's deposit or credit (E11) (invariant 23)", async () => {
    const { escrow } = await networkHelpers.loadFixture(deploySettledJob);
    const writers: string[] = [];
    escrow.interface.forEachFunction(({ name, constant }) => {
      if (!constant) writers.push(name);
    });
    const known = "accept cancel open openWithSignature refund revoke settle settleBatch withdraw withdrawFor";
    expect(writers.sort()).to.deep.equal(known.split(" "));
    expect([escrow.interface.fallback, escrow.interface.receive]).to.deep.equal([null, true]);
  });
});
