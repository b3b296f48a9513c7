import { expect } from "chai";
import type { BaseContract } from "ethers";
import { network } from "hardhat";
import type { Hex, Job } from "../../src/codec/statement.ts";
import { keyIdOf, modelIdOf, toBytes32 } from "../../src/codec/statement.ts";
import { keyOf, trapdoorOf } from "../fixtures/mint.ts";
import { deployActor } from "./actor.ts";
import { BOND, PERMIT, REVOKED } from "./bondMarket.ts";
import { AMOUNT, INPUT_COMMITMENT, NO_ONE, REGISTER, commitmentTo } from "./market.ts";
import { deployShop } from "./prepaid/shop.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const SUBJECT = toBytes32(42n);

/** A shop beside an actor that has tokens. Whoever else has a role in a call sends the transaction, and that must not count. */
async function deployActors() {
  const shop = await deployShop(connection);
  const { token, escrow, address, stranger, payer } = shop;
  const actor = await deployActor(connection);
  const { self, actBy, wallet } = actor;
  await token.mint(self, 100n * AMOUNT);
  for (const spender of [await escrow.collectorOf(1), address]) {
    await actBy(stranger, token, "approve", [spender, 100n * AMOUNT]);
  }
  const act = (contract: BaseContract, name: string, args: readonly unknown[], value?: bigint) =>
    actBy(stranger, contract, name, args, value);
  /** A job of the escrow whose client is an account that sends transactions. */
  const job: Job = { ...shop.terms, client: payer.address, funding: 1 };
  const bonded = { bond: BOND, acceptBy: job.deadline - 1_800n };
  return { ...shop, ...actor, act, wallet, job, bonded };
}
const deployed = () => networkHelpers.loadFixture(deployActors);

describe("who calls counts, not who sends the transaction:", () => {
  it("publishKey and stop say who called", async () => {
    const { registry, act, self, keyId, mintFor } = await deployed();
    const key = keyOf(trapdoorOf("caller"));
    await expect(act(registry, "publishKey", [key, 1]))
      .to.emit(registry, "KeyPublished")
      .withArgs(keyIdOf(key, 1), self, ethers.isAddress, 1);
    const [a, b] = [1n, 2n].map((word) => {
      const claim = { inputCommitment: INPUT_COMMITMENT, words: [word], subject: SUBJECT };
      return { ...claim, proof: mintFor(SUBJECT, [word]) };
    });
    await expect(act(registry, "stop", [keyId, a, b]))
      .to.emit(registry, "KeyStopped")
      .withArgs(keyId, self, Object.values(a), Object.values(b));
  });

  it("registerModel gives the model to the caller, and deprecateModel is the owner's alone", async () => {
    const { registry, act, actBy, self, keyId, modelId, chainId, payer, stranger } = await deployed();
    const commitment = commitmentTo(keyId);
    const own = modelIdOf(chainId, await registry.getAddress(), self, commitment, 0, NO_ONE);
    await expect(act(registry, REGISTER, [commitment]))
      .to.emit(registry, "ModelRegistered")
      .withArgs(own, self, Object.values(commitment));
    expect((await registry.getModel(own)).owner).to.equal(self);
    await expect(registry.connect(stranger).deprecateModel(own)).to.be.revertedWithCustomError(
      registry,
      "NotModelOwner",
    );
    await expect(act(registry, "deprecateModel", [own]))
      .to.emit(registry, "ModelDeprecated")
      .withArgs(own);
    await expect(actBy(payer, registry, "deprecateModel", [modelId]))
      .to.be.revertedWithCustomError(registry, "NotModelOwner")
      .withArgs(modelId, self);
  });

  it("verifyInference says who called", async () => {
    const { settlements, act, self, modelId, words, mintFor } = await deployed();
    const coder = ethers.AbiCoder.defaultAbiCoder();
    const output: Hex = coder.encode(["uint256[]"], [words]);
    const proof = coder.encode(["bytes32", "uint256[8]"], [SUBJECT, mintFor(SUBJECT)]);
    await expect(act(settlements, "verifyInference", [modelId, INPUT_COMMITMENT, output, proof]))
      .to.emit(settlements, "InferenceVerified")
      .withArgs(modelId, INPUT_COMMITMENT, output, self);
  });

  it("open and revoke are the client's", async () => {
    const { escrow, act, actBy, self, job, jobId, payer, provider } = await deployed();
    const own = { ...job, client: self };
    await expect(act(escrow, "open", [own, "0x"]))
      .to.emit(escrow, "JobOpened")
      .withArgs(jobId(own), self, job.provider, Object.values(own));
    await expect(actBy(payer, escrow, "open", [job, "0x"]))
      .to.be.revertedWithCustomError(escrow, "NotClient")
      .withArgs(self, payer.address);
    await expect(actBy(payer, escrow, "revoke", [provider.address, 9n]))
      .to.emit(escrow, "NonceRevoked")
      .withArgs(self, provider.address, 9n);
    await expect(actBy(payer, escrow, "revoke", [provider.address, 9n]))
      .to.be.revertedWithCustomError(escrow, "NonceUsed")
      .withArgs(self, provider.address, 9n, REVOKED);
    expect(await escrow.stateOf({ ...job, nonce: 9n })).to.equal(0n);
  });

  it("accept and cancel are the provider's", async () => {
    const { escrow, act, actBy, self, job, jobId, bonded, payer, provider } = await deployed();
    const others = { ...job, ...bonded, nonce: 2n };
    const own = { ...others, provider: self };
    for (const each of [own, others]) await escrow.connect(payer).open(each, "0x");
    await expect(act(escrow, "accept", [own, "0x"]))
      .to.emit(escrow, "JobAccepted")
      .withArgs(jobId(own), self, BOND);
    await expect(act(escrow, "cancel", [own]))
      .to.emit(escrow, "JobCancelled")
      .withArgs(jobId(own), self);
    for (const [name, args] of [
      ["accept", [others, "0x"]],
      ["cancel", [others]],
    ] as const) {
      await expect(actBy(provider, escrow, name, args))
        .to.be.revertedWithCustomError(escrow, "NotProvider")
        .withArgs(self, provider.address);
    }
  });

  it("a bare payment is refused in the name of its caller", async () => {
    const { escrow, wallet, self, stranger } = await deployed();
    await expect(wallet.connect(stranger).execute(escrow, "0x", { value: 1n }))
      .to.be.revertedWithCustomError(escrow, "UnexpectedEther")
      .withArgs(self);
  });

  it("withdraw takes the caller's credit", async () => {
    const { escrow, token, act, actBy, self, job, words, prove, payer, provider, stranger } = await deployed();
    const own = { ...job, provider: self };
    for (const each of [job, own]) {
      await escrow.connect(payer).open(each, "0x");
      await escrow.settle(each, words, prove(each));
    }
    const payout = await escrow.creditOf(self, token);
    await expect(act(escrow, "withdraw", [await token.getAddress(), stranger.address]))
      .to.emit(escrow, "Withdrawn")
      .withArgs(self, await token.getAddress(), stranger.address, payout);
    await expect(actBy(provider, escrow, "withdraw", [await token.getAddress(), self]))
      .to.be.revertedWithCustomError(escrow, "NothingToWithdraw")
      .withArgs(self, await token.getAddress());
  });

  it("deposit takes the caller's tokens and tries the caller's permit", async () => {
    const { prepaid, token, act, account, self, address, chainId, terms, stranger, provider } = await deployed();
    const domain = { name: "Test Dollar", version: "1", chainId, verifyingContract: terms.token };
    const permit = { owner: self, spender: address, value: AMOUNT, nonce: 0n, deadline: terms.deadline };
    const { v, r, s } = ethers.Signature.from(await account.signTypedData(domain, PERMIT, permit));
    const coder = ethers.AbiCoder.defaultAbiCoder();
    const data = coder.encode(["uint256", "uint8", "bytes32", "bytes32"], [terms.deadline, v, r, s]);
    await act(token, "approve", [address, 0n]);
    const call = act(prepaid, "deposit", [stranger.address, provider.address, terms.token, AMOUNT, data]);
    await expect(call).to.changeTokenBalances(ethers, token, [self, stranger, prepaid], [-AMOUNT, 0n, AMOUNT]);
    await expect(call)
      .to.emit(prepaid, "Deposited")
      .withArgs(stranger.address, provider.address, terms.token, self, AMOUNT);
  });

  it("settleOrders pays the provider that calls", async () => {
    const { prepaid, token, act, actBy, self, order, orderId, deposit, terms, words, provider } = await deployed();
    await deposit(AMOUNT, { provider: self });
    const own = order({ provider: self });
    await expect(act(prepaid, "settleOrders", [[own]]))
      .to.emit(prepaid, "OrderSettled")
      .withArgs(orderId(own.job), terms.client, self, terms.token, terms.modelId, terms.nonce, AMOUNT, words);
    expect(await prepaid.depositOf(terms.client, self, token)).to.equal(0n);
    expect((await prepaid.creditOf(self, token)) > 0n).to.equal(true);
    const refused = prepaid.interface.encodeErrorResult("NotProvider", [self, provider.address]);
    await expect(actBy(provider, prepaid, "settleOrders", [[order()]]))
      .to.be.revertedWithCustomError(prepaid, "ItemRefused")
      .withArgs(0, refused);
  });

  it("withdrawals of a deposit are the client's", async () => {
    const { prepaid, act, self, account, deposit, order, terms, settlementOf } = await deployedWithDeposit();
    const held = [terms.provider, terms.token] as const;
    for (const name of ["cancelWithdrawal", "executeWithdrawal"] as const) {
      await expect(act(prepaid, name, held))
        .to.be.revertedWithCustomError(prepaid, "NothingAnnounced")
        .withArgs(self, ...held);
    }
    const announce = async () => {
      const call = act(prepaid, "announceWithdrawal", [...held, AMOUNT]);
      await expect(call)
        .to.emit(prepaid, "WithdrawalAnnounced")
        .withArgs(self, ...held, AMOUNT, (at: bigint) => at > 0n);
      const [, maturesAt] = await prepaid.announcementOf(self, ...held);
      return maturesAt;
    };
    await announce();
    await expect(act(prepaid, "cancelWithdrawal", held))
      .to.emit(prepaid, "WithdrawalCancelled")
      .withArgs(self, ...held);
    const maturesAt = await announce();
    await settlementOf(order({ client: self }, account));
    await networkHelpers.time.increaseTo(maturesAt);
    await expect(act(prepaid, "executeWithdrawal", held))
      .to.be.revertedWithCustomError(prepaid, "NothingToWithdraw")
      .withArgs(self, terms.token);
    await deposit(AMOUNT, { client: self });
    await expect(act(prepaid, "executeWithdrawal", held))
      .to.emit(prepaid, "WithdrawalExecuted")
      .withArgs(self, ...held, AMOUNT);
    expect(await prepaid.creditOf(self, terms.token)).to.equal(AMOUNT);
  });
});

/** The actor has a deposit of one amount with the provider. */
async function deployedWithDeposit() {
  const shop = await deployed();
  await shop.deposit(AMOUNT, { client: shop.self });
  const settlementOf = (order: ReturnType<typeof shop.order>) =>
    shop.prepaid.connect(shop.provider).settleOrders([order]);
  return { ...shop, settlementOf };
}
