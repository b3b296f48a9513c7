import { expect } from "chai";
import { network } from "hardhat";
import type { Job } from "../../src/codec/statement.ts";
import { AMOUNT, ROYALTY_BPS, TOLL_BPS, deployMarket } from "./market.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const PAYOUT = AMOUNT - (AMOUNT * (TOLL_BPS + ROYALTY_BPS)) / 10_000n;

type TokenName =
  "FeeOnTransferToken" | "NoReturnToken" | "FalseReturnToken" | "QuietToken" | "HookToken" | "BlocklistToken";

/** A market whose client holds and approved another token, and a job in it. */
async function deployWith(name: TokenName) {
  const market = await deployMarket(connection);
  const zoo = await ethers.deployContract(name as "HookToken");
  await zoo.mint(market.client, 100n * AMOUNT);
  await zoo.approve(await market.escrow.collectorOf(1), 100n * AMOUNT);
  const job: Job = { ...market.terms, token: await zoo.getAddress() };
  return { ...market, job };
}
const withFee = () => deployWith("FeeOnTransferToken");
const withoutReturn = () => deployWith("NoReturnToken");
const withFalse = () => deployWith("FalseReturnToken");
const withSilence = () => deployWith("QuietToken");
const withHook = () => deployWith("HookToken");
const withBlocklist = () => deployWith("BlocklistToken");

describe("a token with a fee on transfers", () => {
  it("is refused at open when less arrives than was asked", async () => {
    const { escrow, job } = await networkHelpers.loadFixture(withFee);
    const token = await ethers.getContractAt("FeeOnTransferToken", job.token);
    await token.setFees(100, 0);
    await expect(escrow.open(job, "0x"))
      .to.be.revertedWithCustomError(escrow, "DepositMismatch")
      .withArgs(AMOUNT - AMOUNT / 100n, AMOUNT);
    expect(await escrow.stateOf(job)).to.equal(0n);
  });

  it("cannot take its fee out of others' deposits when it starts charging the sender later", async () => {
    const { escrow, job, words, prove, provider } = await networkHelpers.loadFixture(withFee);
    const token = await ethers.getContractAt("FeeOnTransferToken", job.token);
    await escrow.open(job, "0x");
    await escrow.open({ ...job, nonce: 2n }, "0x");
    await escrow.settle(job, words, prove(job));
    await token.setFees(0, 100);
    await expect(escrow.withdrawFor(token, provider))
      .to.be.revertedWithCustomError(escrow, "WithdrawalMismatch")
      .withArgs(PAYOUT + PAYOUT / 100n, PAYOUT);
    await token.setFees(0, 0);
    await escrow.withdrawFor(token, provider);
    expect(await token.balanceOf(provider)).to.equal(PAYOUT);
  });
});

describe("a token without return values", () => {
  it("works", async () => {
    const { escrow, job, words, prove, provider } = await networkHelpers.loadFixture(withoutReturn);
    const token = await ethers.getContractAt("NoReturnToken", job.token);
    await escrow.open(job, "0x");
    await escrow.settle(job, words, prove(job));
    await escrow.withdrawFor(token, provider);
    expect(await token.balanceOf(provider)).to.equal(PAYOUT);
  });
});

describe("a token that returns false", () => {
  it("moves no state: neither a job without its deposit nor a credit without its payment", async () => {
    const { escrow, job, words, prove, provider } = await networkHelpers.loadFixture(withFalse);
    const token = await ethers.getContractAt("FalseReturnToken", job.token);
    const failed = await ethers.getContractFactory("AllowanceCollector");
    await token.setRefusing(true);
    await expect(escrow.open(job, "0x")).to.be.revertedWithCustomError(failed, "SafeERC20FailedOperation");
    await token.setRefusing(false);
    await escrow.open(job, "0x");
    await escrow.settle(job, words, prove(job));
    await token.setRefusing(true);
    await expect(escrow.withdrawFor(token, provider)).to.be.revertedWithCustomError(escrow, "SafeERC20FailedOperation");
    expect(await escrow.creditOf(provider, token)).to.equal(PAYOUT);
  });
});

describe("a token that says it moved and did not", () => {
  it("burns no credit, whoever asks for the payment, and pays once it moves again", async () => {
    const { escrow, job, words, prove, provider, stranger } = await networkHelpers.loadFixture(withSilence);
    const token = await ethers.getContractAt("QuietToken", job.token);
    await escrow.open(job, "0x");
    await escrow.settle(job, words, prove(job));
    for (const bonus of [0n, 1n]) {
      await token.setQuiet(true, bonus);
      await expect(escrow.connect(stranger).withdrawFor(token, provider))
        .to.be.revertedWithCustomError(escrow, "WithdrawalMismatch")
        .withArgs(0n, PAYOUT);
    }
    expect(await escrow.creditOf(provider, token)).to.equal(PAYOUT);
    await token.setQuiet(false, 0n);
    await escrow.withdrawFor(token, provider);
    expect(await token.balanceOf(provider)).to.equal(PAYOUT);
  });
});

describe("a token with a blocklist", () => {
  it("stops only the one it blocks, who can name another receiver", async () => {
    const { escrow, job, words, prove, provider, tollCollector, stranger } =
      await networkHelpers.loadFixture(withBlocklist);
    const token = await ethers.getContractAt("BlocklistToken", job.token);
    await escrow.open(job, "0x");
    await token.setBlocked(provider, true);
    await escrow.settle(job, words, prove(job));
    await expect(escrow.withdrawFor(token, provider)).to.be.revertedWithCustomError(token, "AccountBlocked");
    await escrow.withdrawFor(token, tollCollector);
    await escrow.connect(provider).withdraw(token, stranger);
    expect(await token.balanceOf(stranger)).to.equal(PAYOUT);
  });
});

describe("a token that calls back", () => {
  /** Every call that changes something in the escrow, ready to be made from inside a transfer. */
  async function reentries() {
    const market = await networkHelpers.loadFixture(withHook);
    const { escrow, job, words, prove, terms, token, client } = market;
    const [settled, open] = [
      { ...terms, nonce: 51n },
      { ...terms, nonce: 52n },
    ];
    for (const other of [settled, open]) await escrow.open(other, "0x");
    await escrow.settle(settled, words, prove(settled));
    const { interface: abi } = escrow;
    const calls = {
      open: abi.encodeFunctionData("open", [{ ...job, nonce: 53n }, "0x"]),
      settle: abi.encodeFunctionData("settle", [open, words, prove(open)]),
      refund: abi.encodeFunctionData("refund", [open]),
      withdraw: abi.encodeFunctionData("withdraw", [await token.getAddress(), client.address]),
      withdrawFor: abi.encodeFunctionData("withdrawFor", [await token.getAddress(), market.provider.address]),
    };
    const locked = abi.encodeErrorResult("ReentrancyGuardReentrantCall", []);
    return { ...market, calls, locked, hook: await ethers.getContractAt("HookToken", job.token) };
  }

  it("finds every function locked while a deposit is taken", async () => {
    const { escrow, job, calls, locked, hook } = await reentries();
    for (const [index, call] of Object.values(calls).entries()) {
      await hook.setHook(escrow, call);
      await escrow.open({ ...job, nonce: BigInt(60 + index) }, "0x");
      expect([await hook.hookSucceeded(), await hook.hookResult()]).to.deep.equal([false, locked]);
    }
  });

  it("finds every function locked while a credit is paid, and the credit already gone (invariant 25)", async () => {
    const { escrow, job, calls, locked, hook, words, prove, provider } = await reentries();
    const view = escrow.interface.encodeFunctionData("creditOf", [provider.address, job.token]);
    for (const [index, call] of [...Object.values(calls), view].entries()) {
      const next = { ...job, nonce: BigInt(60 + index) };
      await hook.setHook(ethers.ZeroAddress, "0x");
      await escrow.open(next, "0x");
      await escrow.settle(next, words, prove(next));
      await hook.setHook(escrow, call);
      await escrow.withdrawFor(hook, provider);
      const result = [await hook.hookSucceeded(), await hook.hookResult()];
      expect(result).to.deep.equal(call === view ? [true, ethers.ZeroHash] : [false, locked]);
    }
    expect(await hook.balanceOf(provider)).to.equal(PAYOUT * BigInt(Object.keys(calls).length + 1));
  });
});
