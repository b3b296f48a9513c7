import { expect } from "chai";
import { network } from "hardhat";
import { AMOUNT, NO_ONE } from "../market.ts";
import { DEPOSIT, deployShop } from "./shop.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const NATIVE = "0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE";
const MAX = 2n ** 128n - 1n;
const deploy = () => deployShop(connection);

/** A payer whose key is known, with tokens and without an allowance, and its permits. */
async function deployPermit() {
  const shop = await deploy();
  const { prepaid, token, chainId, makeClient, terms, address } = shop;
  const wallet = await makeClient("payer");
  await token.mint(wallet, DEPOSIT);
  const domain = { name: "Test Dollar", version: "1", chainId, verifyingContract: await token.getAddress() };
  const fields = [
    { name: "owner", type: "address" },
    { name: "spender", type: "address" },
    { name: "value", type: "uint256" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ];
  const deadline = terms.deadline;
  const sign = async (value: bigint, by: { signTypedData: typeof wallet.signTypedData } = wallet) => {
    const message = { owner: wallet.address, spender: address, value, nonce: 0n, deadline };
    return ethers.Signature.from(await by.signTypedData(domain, { Permit: fields }, message));
  };
  const encode = ({ v, r, s }: { v: number; r: string; s: string }): string =>
    ethers.AbiCoder.defaultAbiCoder().encode(["uint256", "uint8", "bytes32", "bytes32"], [deadline, v, r, s]);
  const pay = (permit: string) =>
    prepaid.connect(wallet).deposit(terms.client, terms.provider, terms.token, AMOUNT, permit);
  return { ...shop, wallet, sign, encode, pay };
}

describe("PrepaidOrders: deposit", () => {
  it("adds what the caller pays to the deposit of one client, provider and token, and to no other", async () => {
    const { prepaid, token, terms, deposit, payer, depositOf, stranger } = await networkHelpers.loadFixture(deploy);
    const call = deposit(AMOUNT);
    await expect(call).to.changeTokenBalances(ethers, token, [prepaid, payer, terms.client], [AMOUNT, -AMOUNT, 0n]);
    await expect(call)
      .to.emit(prepaid, "Deposited")
      .withArgs(terms.client, terms.provider, terms.token, payer.address, AMOUNT);
    expect(await depositOf()).to.equal(DEPOSIT + AMOUNT);
    const other = stranger.address;
    for (const [client, provider, kind] of [
      [other, terms.provider, terms.token],
      [terms.client, other, terms.token],
      [terms.client, terms.provider, other],
      [terms.provider, terms.client, terms.token],
    ]) {
      expect(await prepaid.depositOf(client, provider, kind)).to.equal(0n);
    }
    expect(await prepaid.creditOf(terms.client, token)).to.equal(0n);
  });

  it("takes nobody's allowance but the caller's", async () => {
    const { prepaid, token, terms, payer, stranger } = await networkHelpers.loadFixture(deploy);
    for (const client of [stranger.address, payer.address]) {
      await expect(
        prepaid.connect(stranger).deposit(client, terms.provider, terms.token, AMOUNT, "0x"),
      ).to.be.revertedWithCustomError(token, "ERC20InsufficientAllowance");
      expect(await prepaid.depositOf(client, terms.provider, terms.token)).to.equal(0n);
    }
  });

  it("refuses zero addresses, itself as a party, what is no token, and native ether (E12)", async () => {
    const { prepaid, deposit, stranger, address } = await networkHelpers.loadFixture(deploy);
    for (const zero of [{ client: NO_ONE }, { provider: NO_ONE }, { token: NO_ONE }]) {
      await expect(deposit(AMOUNT, zero)).to.be.revertedWithCustomError(prepaid, "ZeroAddress");
    }
    for (const self of [{ client: address }, { provider: address }]) {
      await expect(deposit(AMOUNT, self)).to.be.revertedWithCustomError(prepaid, "InvalidReceiver").withArgs(address);
    }
    for (const token of [stranger.address, NATIVE]) {
      await expect(deposit(AMOUNT, { token }))
        .to.be.revertedWithCustomError(prepaid, "TokenWithoutCode")
        .withArgs(token);
    }
    const data = prepaid.interface.encodeFunctionData("deposit", [address, address, address, 1n, "0x"]);
    await expect(stranger.sendTransaction({ to: prepaid, data, value: 1n })).to.revert(ethers);
  });

  it("holds 1 to 2^128 - 1 base units", async () => {
    const { prepaid, token, payer, deposit, depositOf } = await networkHelpers.loadFixture(deploy);
    await token.mint(payer, MAX);
    const room = MAX - DEPOSIT;
    for (const amount of [0n, room + 1n, 2n ** 128n, 2n ** 256n - 1n]) {
      await expect(deposit(amount)).to.be.revertedWithCustomError(prepaid, "AmountOutOfRange").withArgs(amount, room);
    }
    await deposit(room);
    await expect(deposit(1n)).to.be.revertedWithCustomError(prepaid, "AmountOutOfRange").withArgs(1n, 0n);
    expect(await depositOf()).to.equal(MAX);
  });

  it("leaves an announced withdrawal and its clock alone, whoever deposits", async () => {
    const { announce, announcement, deposit, depositOf } = await networkHelpers.loadFixture(deploy);
    await announce(AMOUNT);
    const before = await announcement();
    await networkHelpers.time.increase(1_000);
    await deposit(1n);
    expect([await announcement(), await depositOf()]).to.deep.equal([before, DEPOSIT + 1n]);
  });

  it("takes nothing when the payment fails", async () => {
    const { token, payer, deposit, depositOf, address } = await networkHelpers.loadFixture(deploy);
    await token.connect(payer).approve(address, AMOUNT - 1n);
    await expect(deposit(AMOUNT)).to.be.revertedWithCustomError(token, "ERC20InsufficientAllowance");
    expect(await depositOf()).to.equal(DEPOSIT);
  });

  describe("with the caller's ERC-2612 permit", () => {
    it("needs no allowance before", async () => {
      const { sign, encode, pay, depositOf } = await networkHelpers.loadFixture(deployPermit);
      await pay(encode(await sign(AMOUNT)));
      expect(await depositOf()).to.equal(DEPOSIT + AMOUNT);
    });

    it("works when somebody submitted the permit first (E7)", async () => {
      const { sign, encode, pay, depositOf, token, wallet, stranger, address, terms } =
        await networkHelpers.loadFixture(deployPermit);
      const permit = await sign(AMOUNT);
      const { v, r, s } = permit;
      await token.connect(stranger).permit(wallet, address, AMOUNT, terms.deadline, v, r, s);
      await pay(encode(permit));
      expect(await depositOf()).to.equal(DEPOSIT + AMOUNT);
    });

    it("refuses another's permit, one over another amount, and garbage", async () => {
      const { sign, encode, pay, token, depositOf } = await networkHelpers.loadFixture(deployPermit);
      const thief = new ethers.Wallet(ethers.id("thief"));
      for (const permit of [await sign(AMOUNT, thief), await sign(AMOUNT - 1n)]) {
        await expect(pay(encode(permit))).to.be.revertedWithCustomError(token, "ERC20InsufficientAllowance");
      }
      await expect(pay("0x1234")).to.revert(ethers);
      expect(await depositOf()).to.equal(DEPOSIT);
    });

    it("gives a thief nothing: the permit in the mempool pays only what its signer calls", async () => {
      const { sign, encode, prepaid, token, stranger, provider, terms, wallet } =
        await networkHelpers.loadFixture(deployPermit);
      const permit = encode(await sign(AMOUNT));
      await expect(
        prepaid.connect(stranger).deposit(stranger, provider, terms.token, AMOUNT, permit),
      ).to.be.revertedWithCustomError(token, "ERC20InsufficientAllowance");
      expect(await token.balanceOf(wallet)).to.equal(DEPOSIT);
    });
  });
});

describe("PrepaidOrders: constructor", () => {
  it("takes an order life of 10 minutes to 30 days", async () => {
    const { registry, prepaid, tollCollector } = await networkHelpers.loadFixture(deploy);
    const factory = await ethers.getContractFactory("PrepaidOrders");
    const [min, max] = [600n, 30n * 86_400n];
    for (const life of [min, max]) {
      const made = await factory.deploy(registry, tollCollector, 0, life);
      expect(await made.MAX_ORDER_LIFE()).to.equal(life);
    }
    for (const life of [0n, min - 1n, max + 1n, 2n ** 256n - 1n]) {
      await expect(factory.deploy(registry, tollCollector, 0, life))
        .to.be.revertedWithCustomError(prepaid, "OrderLifeOutOfRange")
        .withArgs(life, min, max);
    }
    expect([await prepaid.SHORTEST_ORDER_LIFE(), await prepaid.LONGEST_ORDER_LIFE()]).to.deep.equal([min, max]);
  });

  it("caps the toll, and refuses a collector that could not withdraw and what is no registry", async () => {
    const { registry, prepaid, tollCollector, token, payer } = await networkHelpers.loadFixture(deploy);
    const factory = await ethers.getContractFactory("PrepaidOrders", payer);
    await factory.deploy(registry, tollCollector, 100, 600);
    await expect(factory.deploy(registry, tollCollector, 101, 600))
      .to.be.revertedWithCustomError(prepaid, "TollTooHigh")
      .withArgs(101, 100);
    await expect(factory.deploy(registry, NO_ONE, 0, 600)).to.be.revertedWithCustomError(prepaid, "ZeroAddress");
    const itself = ethers.getCreateAddress({ from: payer.address, nonce: await payer.getNonce() });
    await expect(factory.deploy(registry, itself, 0, 600))
      .to.be.revertedWithCustomError(prepaid, "InvalidReceiver")
      .withArgs(itself);
    await expect(factory.deploy(token, tollCollector, 0, 600)).to.be.revertedWithCustomError(
      prepaid,
      "NotAModelRegistry",
    );
  });

  it("gives nobody a function that moves another's deposit or credit (E11)", async () => {
    const { prepaid } = await networkHelpers.loadFixture(deploy);
    const writers: string[] = [];
    prepaid.interface.forEachFunction(({ name, constant }) => {
      if (!constant) writers.push(name);
    });
    expect(writers.sort()).to.deep.equal([
      "announceWithdrawal",
      "cancelWithdrawal",
      "deposit",
      "executeWithdrawal",
      "settleOrders",
      "withdraw",
      "withdrawFor",
    ]);
    expect([prepaid.interface.fallback, prepaid.interface.receive]).to.deep.equal([null, false]);
  });
});
