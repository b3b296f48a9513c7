import { expect } from "chai";
import { network } from "hardhat";
import { ACCEPTED, BOND, FUNDED, NONE, bondMarkets } from "./bondMarket.ts";
import { AMOUNT } from "./market.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { authorization: deploy } = bondMarkets(connection);

/** What the client signs for the job, to be spoiled in one part. */
async function deploySigning() {
  const market = await deploy();
  const { client, spender, jobId, job } = market;
  return { ...market, right: { signer: client, amount: AMOUNT, nonce: BigInt(jobId(job)), spender } };
}

describe("an ERC-3009 authorization", () => {
  it("pays for the job whose id is its nonce, and is used up", async () => {
    const { escrow, dollar, job, open, accept, client, provider, jobId, spender } =
      await networkHelpers.loadFixture(deploySigning);
    await expect(await open())
      .to.emit(dollar, "AuthorizationUsed")
      .withArgs(client.address, jobId(job));
    await expect(await accept())
      .to.emit(dollar, "AuthorizationUsed")
      .withArgs(provider.address, jobId(job));
    expect(await dollar.balanceOf(spender)).to.equal(0n);
    expect(await dollar.balanceOf(escrow)).to.equal(AMOUNT + BOND);
    expect(await dollar.allowance(client, spender)).to.equal(0n);
  });

  it("refuses any other nonce, amount, payer, receiver, token and kind, and consumes nothing", async () => {
    const { escrow, dollar, job, right, sign, client, provider, jobId } =
      await networkHelpers.loadFixture(deploySigning);
    const other = await (await ethers.deployContract("AuthorizationToken")).getAddress();
    const wrong = {
      "nonce zero": { ...right, nonce: 0n },
      "another job's nonce": { ...right, nonce: BigInt(jobId({ ...job, nonce: 2n })) },
      "a unit less": { ...right, amount: AMOUNT - 1n },
      "a unit more": { ...right, amount: AMOUNT + 1n },
      "the provider's": { ...right, signer: provider },
      "to the escrow": { ...right, spender: await escrow.getAddress() },
      "another token's": { ...right, token: other },
      "for transferWithAuthorization": { ...right, type: "TransferWithAuthorization" as const },
    };
    for (const [name, signing] of Object.entries(wrong)) {
      await expect(
        escrow.connect(client).open(job, await sign.authorization(signing)),
        name,
      ).to.be.revertedWithCustomError(dollar, "ERC3009InvalidSignature");
    }
    expect(await escrow.stateOf(job)).to.equal(NONE);
    await escrow.connect(client).open(job, await sign.authorization(right));
    expect(await escrow.stateOf(job)).to.equal(FUNDED);
  });

  for (const [name, after, until, works] of [
    ["before its time", 0n, 9n, false],
    ["at its end", -9n, 0n, false],
    ["within its time", -1n, 1n, true],
  ] as const) {
    it(`${works ? "works" : "is refused"} ${name}`, async () => {
      const { escrow, dollar, job, right, sign, client } = await networkHelpers.loadFixture(deploySigning);
      const now = BigInt(await networkHelpers.time.latest()) + 10n;
      const times = { validAfter: now + after, until: now + until };
      const data = await sign.authorization({ ...right, ...times });
      await networkHelpers.time.setNextBlockTimestamp(now);
      const call = escrow.connect(client).open(job, data);
      if (works) await expect(call).to.emit(escrow, "JobOpened");
      else await expect(call).to.be.revertedWithCustomError(dollar, "ERC3009InvalidAuthorizationTime");
    });
  }

  it("refuses data of another shape", async () => {
    const { escrow, job, client } = await networkHelpers.loadFixture(deploySigning);
    for (const data of ["0x", "0x12", `0x${"0".repeat(64 * 4)}`, `0x${"f".repeat(64 * 5)}`]) {
      await expect(escrow.connect(client).open(job, data)).to.revert(ethers);
    }
  });

  describe("seen in the mempool (E16)", () => {
    it("moves nothing without the job: only the collector may use it, and only the escrow the collector", async () => {
      const { dollar, job, right, sign, collector, spender, escrow, stranger, client, jobId } =
        await networkHelpers.loadFixture(deploySigning);
      const data = await sign.authorization(right);
      const [validAfter, validBefore, v, r, s] = ethers.AbiCoder.defaultAbiCoder().decode(
        ["uint256", "uint256", "uint8", "bytes32", "bytes32"],
        data,
      );
      const parts = [client, spender, AMOUNT, validAfter, validBefore, jobId(job), v, r, s] as const;
      await expect(dollar.connect(stranger).receiveWithAuthorization(...parts)).to.be.revertedWithCustomError(
        dollar,
        "ERC20InvalidReceiver",
      );
      await expect(dollar.connect(stranger).transferWithAuthorization(...parts)).to.be.revertedWithCustomError(
        dollar,
        "ERC3009InvalidSignature",
      );
      await expect(collector.connect(stranger).collect(job, jobId(job), data)).to.be.revertedWithCustomError(
        collector,
        "NotEscrow",
      );
      await expect(escrow.connect(stranger).open(job, data)).to.be.revertedWithCustomError(escrow, "NotClient");
      await expect(escrow.connect(stranger).openWithSignature(job, "0x", data)).to.be.revertedWithCustomError(
        escrow,
        "InvalidSignature",
      );
      expect(await dollar.authorizationState(client, jobId(job))).to.equal(false);
      await escrow.connect(client).open(job, data);
    });

    it("pays for no job of the thief's, in this escrow or another", async () => {
      const { dollar, job, right, sign, registry, tollCollector, stranger, escrow } =
        await networkHelpers.loadFixture(deploySigning);
      const data = await sign.authorization(right);
      const other = await ethers.deployContract("InferenceEscrow", [registry, tollCollector, 0]);
      for (const target of [escrow, other]) {
        const own = { ...job, client: stranger.address, provider: stranger.address };
        await expect(target.connect(stranger).open(own, data)).to.be.revertedWithCustomError(
          dollar,
          "ERC3009InvalidSignature",
        );
      }
    });

    it("does not pay the provider's bond, nor does the provider's pay the client's deposit", async () => {
      const { escrow, dollar, job, right, sign, open, client, provider } =
        await networkHelpers.loadFixture(deploySigning);
      const equal = { ...job, bond: AMOUNT };
      const nonce = BigInt(await escrow.hashJob(equal));
      const clients = await sign.authorization({ ...right, nonce });
      const providers = await sign.authorization({ ...right, signer: provider, nonce });
      await expect(escrow.connect(client).open(equal, providers)).to.be.revertedWithCustomError(
        dollar,
        "ERC3009InvalidSignature",
      );
      await open(equal);
      await expect(escrow.connect(provider).accept(equal, clients)).to.be.revertedWithCustomError(
        dollar,
        "ERC3009InvalidSignature",
      );
      await escrow.connect(provider).accept(equal, providers);
      expect(await escrow.stateOf(equal)).to.equal(ACCEPTED);
    });
  });

  it("of the kind that anyone may use leaves the money with the collector, where nobody gets at it", async () => {
    const { dollar, escrow, job, right, sign, stranger, client, open, jobId, spender } =
      await networkHelpers.loadFixture(deploySigning);
    const data = await sign.authorization({ ...right, type: "TransferWithAuthorization" });
    const [validAfter, validBefore, v, r, s] = ethers.AbiCoder.defaultAbiCoder().decode(
      ["uint256", "uint256", "uint8", "bytes32", "bytes32"],
      data,
    );
    await dollar
      .connect(stranger)
      .transferWithAuthorization(client, spender, AMOUNT, validAfter, validBefore, jobId(job), v, r, s);
    await expect(open()).to.be.revertedWithCustomError(dollar, "ERC3009UsedAuthorization");
    const next = { ...job, nonce: 2n };
    await open(next);
    expect(await dollar.balanceOf(spender)).to.equal(AMOUNT);
    expect(await dollar.balanceOf(escrow)).to.equal(AMOUNT);
  });

  it("in a token that accepts every call opens no job with what was left at the collector", async () => {
    const { escrow, job, right, sign, client, spender } = await networkHelpers.loadFixture(deploySigning);
    const collector = await ethers.getContractAt("AuthorizationCollector", spender);
    const silent = await ethers.deployContract("FallbackToken");
    const own = { ...job, token: await silent.getAddress() };
    const data = await sign.authorization({ ...right, token: own.token });
    // Enough for deposit and bond, sent there by mistake; with nothing there the transfer itself would fail.
    await silent.mint(spender, AMOUNT + BOND);
    await expect(escrow.connect(client).open(own, data))
      .to.be.revertedWithCustomError(collector, "AuthorizationMismatch")
      .withArgs(0n, AMOUNT);
    expect([await silent.balanceOf(spender), await silent.balanceOf(escrow)]).to.deep.equal([AMOUNT + BOND, 0n]);
    expect(await escrow.stateOf(own)).to.equal(NONE);
  });

  it("that its signer cancelled opens nothing", async () => {
    const { escrow, dollar, job, right, sign, client, jobId, chainId, token } =
      await networkHelpers.loadFixture(deploySigning);
    const domain = { name: "Signed Dollar", version: "1", chainId, verifyingContract: token };
    const types = {
      CancelAuthorization: [
        { name: "authorizer", type: "address" },
        { name: "nonce", type: "bytes32" },
      ],
    };
    const message = { authorizer: client.address, nonce: jobId(job) };
    const { v, r, s } = ethers.Signature.from(await client.signTypedData(domain, types, message));
    await dollar.cancelAuthorization(client, jobId(job), v, r, s);
    await expect(escrow.connect(client).open(job, await sign.authorization(right))).to.be.revertedWithCustomError(
      dollar,
      "ERC3009UsedAuthorization",
    );
  });
});
