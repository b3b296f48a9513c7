import { expect } from "chai";
import { network } from "hardhat";
import type { Job } from "../../src/codec/statement.ts";
import { ACCEPTED, BOND, FUNDED, NATIVE, NONE, REFUNDED, SETTLED, bondMarkets } from "./bondMarket.ts";
import { AMOUNT, ROYALTY_BPS, TOLL_BPS } from "./market.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { native: deploy, allowance } = bondMarkets(connection);
const FEES = (AMOUNT * (TOLL_BPS + ROYALTY_BPS)) / 10_000n;
const PAYOUT = AMOUNT - FEES;

/** A market whose provider is a contract that can call back when it is paid. */
async function deployPayee() {
  const market = await deploy();
  const { escrow, client, stranger, dollar } = market;
  const payee = await ethers.deployContract("ContractWallet", [client, 0]);
  const job: Job = { ...market.job, provider: await payee.getAddress() };
  const encode = (name: string, args: unknown[]) =>
    escrow.interface.encodeFunctionData(name as "settle", args as never);
  const act = (name: string, args: unknown[], value = 0n) => payee.execute(escrow, encode(name, args), { value });
  const open = (of: Job) => escrow.connect(client).open(of, "0x", { value: of.token === NATIVE ? of.amount : 0n });
  const settle = async (of: Job) => {
    await open(of);
    await act("accept", [of, "0x"], of.bond);
    await escrow.settle(of, market.words, market.prove(of));
  };
  await dollar.mint(payee, AMOUNT);
  await payee.execute(dollar, dollar.interface.encodeFunctionData("approve", [await escrow.collectorOf(1), AMOUNT]));
  return { ...market, job, payee, encode, act, open, settle, other: stranger };
}

describe("native ether", () => {
  it("goes in with open and accept and out with withdraw, to the wei", async () => {
    const { escrow, job, open, accept, words, prove, provider, tollCollector, royaltyReceiver } =
      await networkHelpers.loadFixture(deploy);
    await open();
    await accept();
    expect(await ethers.provider.getBalance(escrow)).to.equal(AMOUNT + BOND);
    await escrow.settle(job, words, prove(job));
    const call = escrow.withdrawFor(NATIVE, provider);
    await expect(call).to.changeEtherBalances(ethers, [escrow, provider], [-PAYOUT - BOND, PAYOUT + BOND]);
    for (const owner of [tollCollector, royaltyReceiver]) await escrow.withdrawFor(NATIVE, owner);
    expect(await ethers.provider.getBalance(escrow)).to.equal(0n);
    expect(await ethers.provider.getBalance(await escrow.collectorOf(3))).to.equal(0n);
  });

  it("goes back to the client, who may name a receiver", async () => {
    const { escrow, job, open, client, stranger } = await networkHelpers.loadFixture(deploy);
    await open();
    await networkHelpers.time.increaseTo(job.acceptBy);
    await escrow.refund(job);
    const call = escrow.connect(client).withdraw(NATIVE, stranger);
    await expect(call).to.changeEtherBalances(ethers, [escrow, stranger], [-AMOUNT, AMOUNT]);
  });

  it("must come with exactly the amount and exactly the bond (E10)", async () => {
    const { escrow, job, open, accept, client, provider } = await networkHelpers.loadFixture(deploy);
    for (const value of [0n, 1n, AMOUNT - 1n, AMOUNT + 1n]) {
      await expect(escrow.connect(client).open(job, "0x", { value }))
        .to.be.revertedWithCustomError(escrow, "ValueMismatch")
        .withArgs(value, AMOUNT);
    }
    expect(await escrow.stateOf(job)).to.equal(NONE);
    await open();
    for (const value of [0n, BOND - 1n, BOND + 1n, AMOUNT]) {
      await expect(escrow.connect(provider).accept(job, "0x", { value }))
        .to.be.revertedWithCustomError(escrow, "ValueMismatch")
        .withArgs(value, BOND);
    }
    expect(await escrow.stateOf(job)).to.equal(FUNDED);
    await accept();
  });

  it("does not come with a job in tokens", async () => {
    const { escrow, job, open, client, provider } = await networkHelpers.loadFixture(allowance);
    await expect(escrow.connect(client).open(job, "0x", { value: AMOUNT }))
      .to.be.revertedWithCustomError(escrow, "ValueMismatch")
      .withArgs(AMOUNT, 0);
    await open();
    await expect(escrow.connect(provider).accept(job, "0x", { value: 1n }))
      .to.be.revertedWithCustomError(escrow, "ValueMismatch")
      .withArgs(1, 0);
    expect(await ethers.provider.getBalance(escrow)).to.equal(0n);
  });

  it("is the only token of its funding, and its funding's only token", async () => {
    const { escrow, job, client, token } = await networkHelpers.loadFixture(deploy);
    for (const terms of [
      { ...job, funding: 1 },
      { ...job, funding: 2 },
      { ...job, funding: 4 },
      { ...job, token },
    ]) {
      await expect(escrow.connect(client).open(terms, "0x", { value: AMOUNT }))
        .to.be.revertedWithCustomError(escrow, "TokenFundingMismatch")
        .withArgs(terms.token, terms.funding);
    }
  });

  it("needs no data", async () => {
    const { escrow, job, client } = await networkHelpers.loadFixture(deploy);
    const collector = await ethers.getContractAt("NativeCollector", await escrow.collectorOf(3));
    await expect(escrow.connect(client).open(job, "0x00", { value: AMOUNT }))
      .to.be.revertedWithCustomError(collector, "UnexpectedFundingData")
      .withArgs(1);
  });

  it("is refused from everybody else, with data or without", async () => {
    const { escrow, client, stranger } = await networkHelpers.loadFixture(deploy);
    const wallet = await ethers.deployContract("ContractWallet", [client, 0]);
    for (const caller of [client, stranger]) {
      await expect(caller.sendTransaction({ to: escrow, value: 1n }))
        .to.be.revertedWithCustomError(escrow, "UnexpectedEther")
        .withArgs(caller.address);
      await expect(caller.sendTransaction({ to: escrow, value: 1n, data: "0x12345678" })).to.revert(ethers);
    }
    await expect(wallet.execute(escrow, "0x", { value: 1n }))
      .to.be.revertedWithCustomError(escrow, "UnexpectedEther")
      .withArgs(await wallet.getAddress());
  });

  it("that is forced in changes no job and no credit, and pays for none (E9)", async () => {
    const { escrow, job, open, accept, words, prove, client, provider, credits } =
      await networkHelpers.loadFixture(deploy);
    // Code that sends all it has to the escrow and is gone: PUSH20 escrow SELFDESTRUCT.
    const force = async () => {
      const data = ethers.concat(["0x73", await escrow.getAddress(), "0xff"]);
      await client.sendTransaction({ data, value: 7n * AMOUNT });
    };
    await force();
    expect(await ethers.provider.getBalance(escrow)).to.equal(7n * AMOUNT);
    await expect(escrow.connect(client).open(job, "0x", { value: 0n })).to.be.revertedWithCustomError(
      escrow,
      "ValueMismatch",
    );
    await open();
    await force();
    await accept();
    await escrow.settle(job, words, prove(job));
    expect(await credits()).to.deep.equal({ client: 0n, provider: PAYOUT + BOND });
    await escrow.withdrawFor(NATIVE, provider);
    expect(await ethers.provider.getBalance(escrow)).to.equal(14n * AMOUNT + FEES);
    await expect(escrow.connect(client).withdraw(NATIVE, client)).to.be.revertedWithCustomError(
      escrow,
      "NothingToWithdraw",
    );
  });
});

describe("a payee of ether", () => {
  for (const [name, code] of [
    ["reverts", "0x5f5ffd"],
    ["burns all its gas", "0xfe"],
    ["never ends", "0x5b5f56"],
    ["reverts with a huge payload", "0x620400005ffd"],
  ]) {
    it(`that ${name} keeps its credit and holds up nobody (E3)`, async () => {
      const { escrow, job, settle, payee, tollCollector, royaltyReceiver } =
        await networkHelpers.loadFixture(deployPayee);
      await settle(job);
      const original = await ethers.provider.getCode(payee);
      await networkHelpers.setCode(await payee.getAddress(), code);
      await expect(escrow.withdrawFor(NATIVE, payee, { gasLimit: 2_000_000 })).to.revert(ethers);
      expect(await escrow.creditOf(payee, NATIVE)).to.equal(PAYOUT + BOND);
      for (const owner of [tollCollector, royaltyReceiver]) await escrow.withdrawFor(NATIVE, owner);
      await networkHelpers.setCode(await payee.getAddress(), original);
      await escrow.withdrawFor(NATIVE, payee);
      expect(await ethers.provider.getBalance(payee)).to.equal(PAYOUT + BOND);
    });
  }

  it("that cannot take ether names a receiver that can", async () => {
    const { escrow, job, settle, payee, act, other } = await networkHelpers.loadFixture(deployPayee);
    await settle(job);
    const call = act("withdraw", [NATIVE, other.address]);
    await expect(call).to.changeEtherBalances(ethers, [escrow, payee, other], [-PAYOUT - BOND, 0n, PAYOUT + BOND]);
  });

  it("that calls back finds every function locked, though each call would work later; nothing moves twice (E1)", async () => {
    const market = await networkHelpers.loadFixture(deployPayee);
    const { escrow, job, settle, open, act, payee, encode, token, consent, client, words, prove, other } = market;
    const [running, accepted, fresh] = [2n, 3n, 4n].map((nonce) => ({ ...job, nonce }));
    const inTokens = { ...job, token, funding: 1, bond: 0n, acceptBy: 0n };
    const own = { ...inTokens, client: job.provider, provider: client.address, nonce: 5n };
    const signed = { ...inTokens, client: job.provider, provider: client.address, nonce: 6n };
    await open(running);
    await open(accepted);
    await act("accept", [accepted, "0x"], accepted.bond);
    await settle(job);
    const credited = await networkHelpers.takeSnapshot();
    const calls: [string, unknown[], bigint?][] = [
      ["open", [own, "0x"]],
      ["openWithSignature", [signed, await consent(signed), "0x"]],
      ["revoke", [client.address, 9n]],
      ["accept", [running, "0x"], running.bond],
      ["cancel", [running]],
      ["settle", [accepted, words, prove(accepted)]],
      ["settleBatch", [[{ job: accepted, words, proof: prove(accepted) }]]],
      ["refund", [running]],
      ["withdraw", [NATIVE, other.address]],
      ["withdrawFor", [NATIVE, job.provider]],
    ];
    const locked = escrow.interface.encodeErrorResult("ReentrancyGuardReentrantCall", []);
    for (const [name, args, value = 0n] of calls) {
      await payee.setHook(escrow, encode(name, args));
      const call = escrow.withdrawFor(NATIVE, payee);
      await expect(call, name).to.changeEtherBalances(ethers, [escrow, payee], [-PAYOUT - BOND, PAYOUT + BOND]);
      expect([await payee.hookSucceeded(), await payee.hookResult()], name).to.deep.equal([false, locked]);
      expect(await escrow.creditOf(payee, NATIVE)).to.equal(0n);
      await credited.restore();
      // The same call from the same account, but not from inside.
      if (name === "refund") await networkHelpers.time.increaseTo(running.acceptBy);
      await act(name, args, value);
      await credited.restore();
    }
    expect([await escrow.stateOf(job), await escrow.stateOf(fresh)]).to.deep.equal([SETTLED, NONE]);
  });

  it("sees its credit gone and every job where it stands while it is paid", async () => {
    const { escrow, job, settle, open, act, payee, encode, tollCollector } =
      await networkHelpers.loadFixture(deployPayee);
    const [running, accepted, closed] = [2n, 3n, 4n].map((nonce) => ({ ...job, nonce }));
    for (const each of [running, accepted, closed]) await open(each);
    await act("accept", [accepted, "0x"], accepted.bond);
    await act("cancel", [closed]);
    await settle(job);
    const credited = await networkHelpers.takeSnapshot();
    for (const [name, args, wanted] of [
      ["creditOf", [job.provider, NATIVE], 0n],
      ["creditOf", [tollCollector.address, NATIVE], (AMOUNT * TOLL_BPS) / 10_000n],
      ["stateOf", [job], SETTLED],
      ["stateOf", [running], FUNDED],
      ["stateOf", [accepted], ACCEPTED],
      ["stateOf", [closed], REFUNDED],
    ] as [string, unknown[], bigint][]) {
      await payee.setHook(escrow, encode(name, args));
      await escrow.withdrawFor(NATIVE, payee);
      expect(await payee.hookSucceeded()).to.equal(true);
      expect(BigInt(await payee.hookResult()), name).to.equal(wanted);
      await credited.restore();
    }
  });
});
