import { expect } from "chai";
import { network } from "hardhat";
import { AMOUNT, ROYALTY_BPS, TOLL_BPS } from "../market.ts";
import { deployShop } from "./shop.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { time } = networkHelpers;
const PAYOUT = AMOUNT - (AMOUNT * (TOLL_BPS + ROYALTY_BPS)) / 10_000n;

type TokenName =
  "FeeOnTransferToken" | "NoReturnToken" | "FalseReturnToken" | "QuietToken" | "HookToken" | "BlocklistToken";

/** A shop whose payer holds and approved another token, not yet deposited. */
async function deployWith(name: TokenName) {
  const shop = await deployShop(connection);
  const { prepaid, payer, deposit, order, terms, client } = shop;
  const zoo = await ethers.deployContract(name as "HookToken");
  await zoo.mint(payer, 100n * AMOUNT);
  await zoo.connect(payer).approve(prepaid, 100n * AMOUNT);
  const token = await zoo.getAddress();
  const fill = (amount = AMOUNT) => deposit(amount, { token });
  const settle = (nonce = 1n) => prepaid.settleOrders([order({ token, nonce })]);
  const held = () => prepaid.depositOf(terms.client, terms.provider, token);
  /** Moves what is deposited to the client's credit. */
  const takeBack = async (amount: bigint) => {
    await prepaid.connect(client).announceWithdrawal(terms.provider, token, amount);
    const [, maturesAt] = await prepaid.announcementOf(terms.client, terms.provider, token);
    await time.increaseTo(maturesAt);
    await prepaid.connect(client).executeWithdrawal(terms.provider, token);
  };
  return { ...shop, token, fill, settle, held, takeBack };
}
const withFee = () => deployWith("FeeOnTransferToken");
const withoutReturn = () => deployWith("NoReturnToken");
const withFalse = () => deployWith("FalseReturnToken");
const withSilence = () => deployWith("QuietToken");
const withHook = () => deployWith("HookToken");
const withBlocklist = () => deployWith("BlocklistToken");

describe("PrepaidOrders: a token with a fee on transfers (E2)", () => {
  it("is refused when less arrives than was deposited", async () => {
    const { prepaid, token, fill, held } = await networkHelpers.loadFixture(withFee);
    await (await ethers.getContractAt("FeeOnTransferToken", token)).setFees(100, 0);
    await expect(fill())
      .to.be.revertedWithCustomError(prepaid, "DepositMismatch")
      .withArgs(AMOUNT - AMOUNT / 100n, AMOUNT);
    expect(await held()).to.equal(0n);
  });

  it("cannot take its fee out of others' deposits when it starts charging the sender later", async () => {
    const { prepaid, token, fill, settle, provider } = await networkHelpers.loadFixture(withFee);
    const zoo = await ethers.getContractAt("FeeOnTransferToken", token);
    await fill(2n * AMOUNT);
    await settle();
    await zoo.setFees(0, 100);
    await expect(prepaid.withdrawFor(token, provider))
      .to.be.revertedWithCustomError(prepaid, "WithdrawalMismatch")
      .withArgs(PAYOUT + PAYOUT / 100n, PAYOUT);
    await zoo.setFees(0, 0);
    await prepaid.withdrawFor(token, provider);
    expect(await zoo.balanceOf(provider)).to.equal(PAYOUT);
  });
});

describe("PrepaidOrders: a token without return values (E2)", () => {
  it("works", async () => {
    const { prepaid, token, fill, settle, takeBack, client, provider } =
      await networkHelpers.loadFixture(withoutReturn);
    await fill(2n * AMOUNT);
    await settle();
    await takeBack(AMOUNT);
    await prepaid.withdrawFor(token, provider);
    await prepaid.withdrawFor(token, client);
    const zoo = await ethers.getContractAt("NoReturnToken", token);
    expect([await zoo.balanceOf(provider), await zoo.balanceOf(client)]).to.deep.equal([PAYOUT, AMOUNT]);
  });
});

describe("PrepaidOrders: a token that returns false (E2)", () => {
  it("makes neither a deposit nor a payment", async () => {
    const { prepaid, token, fill, settle, held, provider } = await networkHelpers.loadFixture(withFalse);
    const zoo = await ethers.getContractAt("FalseReturnToken", token);
    await zoo.setRefusing(true);
    await expect(fill()).to.be.revertedWithCustomError(prepaid, "SafeERC20FailedOperation");
    expect(await held()).to.equal(0n);
    await zoo.setRefusing(false);
    await fill();
    await settle();
    await zoo.setRefusing(true);
    await expect(prepaid.withdrawFor(token, provider)).to.be.revertedWithCustomError(
      prepaid,
      "SafeERC20FailedOperation",
    );
    expect(await prepaid.creditOf(provider, token)).to.equal(PAYOUT);
  });
});

describe("PrepaidOrders: a token that says it moved and did not (E2)", () => {
  it("burns no credit and pays once it moves again", async () => {
    const { prepaid, token, fill, settle, provider } = await networkHelpers.loadFixture(withSilence);
    const zoo = await ethers.getContractAt("QuietToken", token);
    await fill();
    await settle();
    for (const bonus of [0n, 1n]) {
      await zoo.setQuiet(true, bonus);
      await expect(prepaid.withdrawFor(token, provider))
        .to.be.revertedWithCustomError(prepaid, "WithdrawalMismatch")
        .withArgs(0n, PAYOUT);
    }
    await zoo.setQuiet(false, 0n);
    await prepaid.withdrawFor(token, provider);
    expect(await zoo.balanceOf(provider)).to.equal(PAYOUT);
  });
});

describe("PrepaidOrders: a token with a blocklist (E2, E3)", () => {
  it("that blocks the client while its withdrawal is due cannot make it miss its time", async () => {
    const { prepaid, token, fill, takeBack, client, stranger } = await networkHelpers.loadFixture(withBlocklist);
    const zoo = await ethers.getContractAt("BlocklistToken", token);
    await fill();
    await zoo.setBlocked(client, true);
    await takeBack(AMOUNT);
    await expect(prepaid.withdrawFor(token, client)).to.be.revertedWithCustomError(zoo, "AccountBlocked");
    await prepaid.connect(client).withdraw(token, stranger);
    expect(await zoo.balanceOf(stranger)).to.equal(AMOUNT);
  });

  it("that blocks the provider holds up no settlement and nobody else", async () => {
    const { prepaid, token, fill, settle, provider, tollCollector } = await networkHelpers.loadFixture(withBlocklist);
    const zoo = await ethers.getContractAt("BlocklistToken", token);
    await fill();
    await zoo.setBlocked(provider, true);
    await settle();
    await expect(prepaid.withdrawFor(token, provider)).to.be.revertedWithCustomError(zoo, "AccountBlocked");
    await prepaid.withdrawFor(token, tollCollector);
    expect(await prepaid.creditOf(provider, token)).to.equal(PAYOUT);
  });
});

describe("PrepaidOrders: a token that calls back (E1)", () => {
  /** Every call that changes something, ready to be made from inside a transfer by a token that is client and provider too. */
  async function reentries() {
    const shop = await networkHelpers.loadFixture(withHook);
    const { prepaid, order, token, terms, provider } = shop;
    const { interface: abi } = prepaid;
    // The token pays for a deposit of its own, as client, with a matured announcement.
    await shop.deposit(AMOUNT, { client: token });
    await shop.deposit(AMOUNT, { provider: token });
    await networkHelpers.setBalance(token, 10n ** 18n);
    await networkHelpers.impersonateAccount(token);
    const itself = await ethers.getSigner(token);
    await prepaid.connect(itself).announceWithdrawal(terms.provider, terms.token, AMOUNT);
    const [, maturesAt] = await prepaid.announcementOf(token, terms.provider, terms.token);
    const good = order({ provider: token, nonce: 71n, deadline: maturesAt + 3_000n });
    await time.increaseTo(maturesAt);
    await prepaid.settleOrders([order({ nonce: 70n, deadline: maturesAt + 3_000n })]);
    const calls = {
      deposit: abi.encodeFunctionData("deposit", [token, terms.provider, terms.token, 1n, "0x"]),
      announceWithdrawal: abi.encodeFunctionData("announceWithdrawal", [terms.provider, terms.token, 1n]),
      cancelWithdrawal: abi.encodeFunctionData("cancelWithdrawal", [terms.provider, terms.token]),
      executeWithdrawal: abi.encodeFunctionData("executeWithdrawal", [terms.provider, terms.token]),
      settleOrders: abi.encodeFunctionData("settleOrders", [[good]]),
      withdraw: abi.encodeFunctionData("withdraw", [terms.token, token]),
      withdrawFor: abi.encodeFunctionData("withdrawFor", [terms.token, provider.address]),
    };
    const locked = abi.encodeErrorResult("ReentrancyGuardReentrantCall", []);
    const hook = await ethers.getContractAt("HookToken", token);
    return { ...shop, calls, locked, hook, itself, maturesAt, good };
  }

  it("finds every function locked while a deposit is taken, and the deposit already there (invariant 25)", async () => {
    const { prepaid, calls, locked, hook, fill, held, terms, token } = await reentries();
    for (const [name, call] of Object.entries(calls)) {
      await hook.setHook(prepaid, call);
      await fill();
      expect([await hook.hookSucceeded(), await hook.hookResult()], name).to.deep.equal([false, locked]);
    }
    const before = await held();
    const view = prepaid.interface.encodeFunctionData("depositOf", [terms.client, terms.provider, token]);
    await hook.setHook(prepaid, view);
    await fill();
    const seen = ethers.toBeHex(before + AMOUNT, 32);
    expect([await hook.hookSucceeded(), await hook.hookResult()]).to.deep.equal([true, seen]);
  });

  it("finds every function locked while a credit is paid", async () => {
    const { prepaid, calls, locked, hook, fill, order, token, provider, maturesAt } = await reentries();
    await fill(10n * AMOUNT);
    for (const [index, [name, call]] of Object.entries(calls).entries()) {
      await hook.setHook(ethers.ZeroAddress, "0x");
      await prepaid.settleOrders([order({ token, nonce: BigInt(80 + index), deadline: maturesAt + 3_000n })]);
      await hook.setHook(prepaid, call);
      await prepaid.withdrawFor(token, provider);
      expect([await hook.hookSucceeded(), await hook.hookResult()], name).to.deep.equal([false, locked]);
    }
    expect(await hook.balanceOf(provider)).to.equal(PAYOUT * BigInt(Object.keys(calls).length));
  });

  it("would have succeeded with each of those calls otherwise", async () => {
    const { calls, itself, token, prepaid, terms, payer } = await reentries();
    const plain = await ethers.getContractAt("TestToken", terms.token);
    await plain.connect(payer).transfer(token, 10n * AMOUNT);
    await plain.connect(itself).approve(prepaid, 10n * AMOUNT);
    const { deposit, announceWithdrawal, cancelWithdrawal, executeWithdrawal, settleOrders, withdraw, withdrawFor } =
      calls;
    // Each from the same state but the withdrawal, which needs the credit of the execution before it.
    for (const sequence of [
      [deposit],
      [announceWithdrawal],
      [cancelWithdrawal],
      [executeWithdrawal, withdraw],
      [settleOrders],
      [withdrawFor],
    ]) {
      const snapshot = await networkHelpers.takeSnapshot();
      for (const data of sequence) await itself.sendTransaction({ to: prepaid, data });
      if (sequence.includes(settleOrders)) expect(await prepaid.creditOf(token, terms.token)).to.equal(PAYOUT);
      await snapshot.restore();
    }
  });

  it("is not called by announcing, cancelling, executing or settling", async () => {
    const { prepaid, hook, fill, takeBack, settle } = await networkHelpers.loadFixture(withHook).then(async (shop) => ({
      ...shop,
      hook: await ethers.getContractAt("HookToken", shop.token),
    }));
    await fill(3n * AMOUNT);
    await hook.setHook(prepaid, "0x");
    await settle();
    await takeBack(AMOUNT);
    expect(await hook.hookResult()).to.equal("0x");
    expect(await hook.hookSucceeded()).to.equal(false);
  });
});

describe("PrepaidOrders: tokens and ether that nobody owes (E9)", () => {
  it("change no deposit and no credit", async () => {
    const { prepaid, token, fill, held, settle, provider, client } = await networkHelpers.loadFixture(withBlocklist);
    const zoo = await ethers.getContractAt("BlocklistToken", token);
    await fill();
    await zoo.mint(prepaid, 50n * AMOUNT);
    await networkHelpers.setBalance(await prepaid.getAddress(), 10n ** 18n);
    expect(await held()).to.equal(AMOUNT);
    await settle();
    expect([await held(), await prepaid.creditOf(provider, token)]).to.deep.equal([0n, PAYOUT]);
    await expect(prepaid.connect(client).withdraw(token, client)).to.be.revertedWithCustomError(
      prepaid,
      "NothingToWithdraw",
    );
  });
});
