import { expect } from "chai";
import { network } from "hardhat";
import type { Job } from "../../src/codec/statement.ts";
import { ACCEPTED, FUNDED, SETTLED, deployBondMarket } from "./bondMarket.ts";
import { AMOUNT, ROYALTY_BPS, TOLL_BPS, deployMarket } from "./market.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const PAYOUT = AMOUNT - (AMOUNT * (TOLL_BPS + ROYALTY_BPS)) / 10_000n;

type TokenName = "FeeOnTransferToken" | "NoReturnToken" | "FalseReturnToken" | "QuietToken" | "BlocklistToken";

/** A market whose client holds and approved another token, and a job in it. */
async function deployWith(name: TokenName) {
  const market = await deployMarket(connection);
  const zoo = await ethers.deployContract(name as "QuietToken");
  await zoo.mint(market.client, 100n * AMOUNT);
  await zoo.approve(await market.escrow.collectorOf(1), 100n * AMOUNT);
  const job: Job = { ...market.terms, token: await zoo.getAddress() };
  return { ...market, job };
}
const withFee = () => deployWith("FeeOnTransferToken");
const withoutReturn = () => deployWith("NoReturnToken");
const withFalse = () => deployWith("FalseReturnToken");
const withSilence = () => deployWith("QuietToken");
const withBlocklist = () => deployWith("BlocklistToken");

describe("a token with a fee on transfers (E2)", () => {
  it("is refused at open when less arrives than was asked", async () => {
    const { escrow, job } = await networkHelpers.loadFixture(withFee);
    const token = await ethers.getContractAt("FeeOnTransferToken", job.token);
    await token.setFees(100, 0);
    await expect(escrow.open(job, "0x"))
      .to.be.revertedWithCustomError(escrow, "DepositMismatch")
      .withArgs(AMOUNT - AMOUNT / 100n, AMOUNT);
    expect(await escrow.stateOf(job)).to.equal(0n);
  });

  it("is refused with the same error when it takes more than it brings", async () => {
    const { escrow, job } = await networkHelpers.loadFixture(withFee);
    const token = await ethers.getContractAt("FeeOnTransferToken", job.token);
    await escrow.open(job, "0x");
    await token.setFees(15_000, 0);
    await expect(escrow.open({ ...job, nonce: 2n }, "0x"))
      .to.be.revertedWithCustomError(escrow, "DepositMismatch")
      .withArgs(0, AMOUNT);
    expect(await token.balanceOf(escrow)).to.equal(AMOUNT);
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

describe("a token without return values (E2)", () => {
  it("works", async () => {
    const { escrow, job, words, prove, provider } = await networkHelpers.loadFixture(withoutReturn);
    const token = await ethers.getContractAt("NoReturnToken", job.token);
    await escrow.open(job, "0x");
    await escrow.settle(job, words, prove(job));
    await escrow.withdrawFor(token, provider);
    expect(await token.balanceOf(provider)).to.equal(PAYOUT);
  });
});

describe("a token that returns false (E2)", () => {
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

describe("a token that says it moved and did not (E2)", () => {
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

describe("a token with a blocklist (E2, E3)", () => {
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

describe("a token that calls back (E1)", () => {
  /** Calls from inside a transfer: what changes something, and views with what they must say then. */
  async function deployReentries() {
    const market = await deployBondMarket(connection);
    const { escrow, words, prove, client, provider, stranger, token, consent } = market;
    const hook = await ethers.deployContract("HookToken");
    for (const party of [client, provider]) {
      await hook.mint(party, 100n * AMOUNT);
      await hook.connect(party).approve(market.spender, 100n * AMOUNT);
    }
    const job: Job = { ...market.job, token: await hook.getAddress() };
    const free = { ...market.job, bond: 0n, acceptBy: 0n };
    const [settled, open, signed] = [51n, 52n, 54n].map((nonce) => ({ ...free, nonce }));
    for (const other of [settled, open]) await escrow.connect(client).open(other, "0x");
    await escrow.settle(settled, words, prove(settled));
    const calls: [string, unknown[]][] = [
      ["open", [{ ...job, nonce: 53n }, "0x"]],
      ["openWithSignature", [signed, await consent(signed), "0x"]],
      ["revoke", [provider.address, 55n]],
      ["accept", [job, "0x"]],
      ["cancel", [open]],
      ["settle", [open, words, prove(open)]],
      ["settleBatch", [[{ job: open, words, proof: prove(open) }]]],
      ["refund", [open]],
      ["withdraw", [token, client.address]],
      ["withdrawFor", [token, provider.address]],
    ];
    const own = { ...job, nonce: 60n };
    const signature = await consent(own);
    const accepted = { ...own, nonce: 61n };
    const credited = { ...own, nonce: 62n };
    for (const each of [accepted, credited]) await escrow.connect(client).open(each, "0x");
    await escrow.connect(provider).accept(credited, "0x");
    await escrow.settle(credited, words, prove(credited));
    const paid = PAYOUT + credited.bond;
    /** Every call in which the token's code runs, and what views must say in the middle of it. */
    const callbacks = {
      open: [() => escrow.connect(client).open(own, "0x"), own, FUNDED, paid],
      openWithSignature: [() => escrow.connect(stranger).openWithSignature(own, signature, "0x"), own, FUNDED, paid],
      accept: [() => escrow.connect(provider).accept(accepted, "0x"), accepted, ACCEPTED, paid],
      withdraw: [() => escrow.connect(provider).withdraw(hook, stranger), credited, SETTLED, 0n],
      withdrawFor: [() => escrow.withdrawFor(hook, provider), credited, SETTLED, 0n],
    } as Record<string, [() => Promise<unknown>, Job, bigint, bigint]>;
    const locked = escrow.interface.encodeErrorResult("ReentrancyGuardReentrantCall", []);
    const encode = (name: string, args: unknown[]) =>
      escrow.interface.encodeFunctionData(name as "settle", args as never);
    const holdings = () => Promise.all([escrow, client, provider, stranger].map((owner) => hook.balanceOf(owner)));
    return { ...market, job, hook, calls, callbacks, locked, encode, holdings };
  }

  for (const name of ["open", "openWithSignature", "accept", "withdraw", "withdrawFor"]) {
    it(`finds every function locked during ${name}, and nothing moves twice`, async () => {
      const { escrow, calls, callbacks, locked, hook, encode, holdings } =
        await networkHelpers.loadFixture(deployReentries);
      const [call] = callbacks[name];
      const snapshot = await networkHelpers.takeSnapshot();
      await call();
      const honest = await holdings();
      await snapshot.restore();
      for (const [inner, args] of calls) {
        await hook.setHook(escrow, encode(inner, args));
        await call();
        expect([await hook.hookSucceeded(), await hook.hookResult()], inner).to.deep.equal([false, locked]);
        expect(await holdings(), inner).to.deep.equal(honest);
        await snapshot.restore();
      }
    });
  }

  it("sees jobs and credits as storage has them, whatever call it is in (invariant 25)", async () => {
    const { escrow, callbacks, hook, encode, provider, job } = await networkHelpers.loadFixture(deployReentries);
    const snapshot = await networkHelpers.takeSnapshot();
    for (const [name, [call, of, state, credit]] of Object.entries(callbacks)) {
      for (const [view, args, wanted] of [
        ["stateOf", [of], state],
        ["creditOf", [provider.address, job.token], credit],
      ] as [string, unknown[], bigint][]) {
        await hook.setHook(escrow, encode(view, args));
        await call();
        expect(await hook.hookSucceeded(), name).to.equal(true);
        expect(BigInt(await hook.hookResult()), `${view} in ${name}`).to.equal(wanted);
        await snapshot.restore();
      }
    }
  });
});
