import { expect } from "chai";
import { network } from "hardhat";
import type { Hex, Job } from "../../src/codec/statement.ts";
import {
  BOND,
  FUNDED,
  JOB,
  NATIVE,
  NONE,
  WAYS,
  bondMarkets,
  deployBondMarket,
  withEachFieldChanged,
} from "./bondMarket.ts";
import { sweepGas } from "./gasSweep.ts";
import { AMOUNT } from "./market.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const deployed = bondMarkets(connection);
/** The order of secp256k1. */
const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const GAS_CAP = 400_000;

async function deploySigned() {
  const market = await deployed.allowance();
  const signature = await market.consent();
  const relay = market.escrow.connect(market.stranger);
  const expectRefused = async (job: Job, attempt: Hex, name?: string) => {
    await expect(relay.openWithSignature(job, attempt, "0x"), name)
      .to.be.revertedWithCustomError(market.escrow, "InvalidSignature")
      .withArgs(job.client, market.jobId(job));
    expect(await market.escrow.stateOf(job), name).to.equal(NONE);
  };
  return { ...market, signature, relay, expectRefused };
}

/** A wallet contract with tokens and an allowance, a job in its name and its key's signature. */
async function deployWallet(rounds: number) {
  const market = await deploySigned();
  const { dollar, spender, client, job, consent } = market;
  const wallet = await ethers.deployContract("ContractWallet", [client, rounds]);
  const address = await wallet.getAddress();
  await dollar.mint(wallet, 9n * AMOUNT);
  await wallet.execute(dollar, dollar.interface.encodeFunctionData("approve", [spender, 9n * AMOUNT]));
  const own = { ...job, client: address };
  return { ...market, wallet, own, ownSignature: await consent(own) };
}
const withWallet = () => deployWallet(0);
const withCostlyWallet = () => deployWallet(1_000);

describe("openWithSignature", () => {
  for (const way of WAYS.filter((name) => name !== "native")) {
    it(`opens by ${way} for whoever brings the client's signature, at the client's expense`, async () => {
      const { escrow, dollar, job, dataFor, consent, client, stranger, jobId } = await networkHelpers.loadFixture(
        deployed[way],
      );
      const data = await dataFor(job, client, AMOUNT);
      const call = escrow.connect(stranger).openWithSignature(job, await consent(), data);
      await expect(call).to.changeTokenBalances(ethers, dollar, [client, stranger, escrow], [-AMOUNT, 0n, AMOUNT]);
      await expect(call)
        .to.emit(escrow, "JobOpened")
        .withArgs(jobId(job), client.address, job.provider, Object.values(job));
      expect(await escrow.stateOf(job)).to.equal(FUNDED);
    });
  }

  it("gives a job once: the same signature again finds the nonce used", async () => {
    const { escrow, job, relay, signature } = await networkHelpers.loadFixture(deploySigned);
    await relay.openWithSignature(job, signature, "0x");
    await expect(relay.openWithSignature(job, signature, "0x"))
      .to.be.revertedWithCustomError(escrow, "NonceUsed")
      .withArgs(job.client, job.provider, job.nonce, FUNDED);
    await escrow.connect(await ethers.getSigner(job.provider)).cancel(job);
    await expect(relay.openWithSignature(job, signature, "0x")).to.be.revertedWithCustomError(escrow, "NonceUsed");
  });

  it("checks what open checks", async () => {
    const { escrow, job, relay, consent, stopKey, keyId, registry } = await networkHelpers.loadFixture(deploySigned);
    for (const [change, error] of [
      [{ amount: 0n }, "AmountOutOfRange"],
      [{ funding: 5 }, "FundingNotSupported"],
      [{ bond: 0n }, "AcceptByMismatch"],
      [{ bond: 0n, acceptBy: 0n, deadline: 1n }, "DeadlinePassed"],
      [{ acceptBy: 1n }, "AcceptancePassed"],
    ] as [Partial<Job>, string][]) {
      const other = { ...job, ...change };
      const call = relay.openWithSignature(other, await consent(other), "0x");
      await expect(call, error).to.be.revertedWithCustomError(escrow, error);
    }
    await stopKey();
    await expect(relay.openWithSignature(job, await consent(), "0x"))
      .to.be.revertedWithCustomError(registry, "KeyIsStopped")
      .withArgs(keyId);
  });

  for (const at of ["acceptBy", "deadline"] as const) {
    for (const offset of [-1n, 0n, 1n]) {
      it(`${offset < 0n ? "opens" : "refuses"} at ${at} ${offset < 0n ? "" : "+"}${offset} s`, async () => {
        const { escrow, job, relay, consent } = await networkHelpers.loadFixture(deploySigned);
        const other = at === "acceptBy" ? job : { ...job, bond: 0n, acceptBy: 0n };
        const signature = await consent(other);
        await networkHelpers.time.setNextBlockTimestamp(other[at] + offset);
        const call = relay.openWithSignature(other, signature, "0x");
        const error = at === "acceptBy" ? "AcceptancePassed" : "DeadlinePassed";
        if (offset < 0n) await expect(call).to.emit(escrow, "JobOpened");
        else await expect(call).to.be.revertedWithCustomError(escrow, error);
      });
    }
  }

  it("takes no value, and no native ether: only the client can bring that", async () => {
    const { escrow, job, consent, stranger } = await networkHelpers.loadFixture(deployed.native);
    const call = escrow.connect(stranger);
    const signature = await consent();
    await expect(call.openWithSignature(job, signature, "0x"))
      .to.be.revertedWithCustomError(escrow, "ValueMismatch")
      .withArgs(0, AMOUNT);
    const data = escrow.interface.encodeFunctionData("openWithSignature", [job, signature, "0x"]);
    await expect(stranger.sendTransaction({ to: escrow, data, value: AMOUNT })).to.revert(ethers);
    expect(job.token).to.equal(NATIVE);
    expect(await ethers.provider.getBalance(escrow)).to.equal(0n);
  });

  it("needs the signature, whatever the client allowed or signed besides", async () => {
    const { job, expectRefused, sign, client, spender, dataFor, jobId } =
      await networkHelpers.loadFixture(deploySigned);
    await expectRefused(job, "0x", "an allowance alone");
    await expectRefused(job, await dataFor(job, client, AMOUNT), "nothing");
    const signing = { signer: client, amount: AMOUNT, nonce: 0n, spender };
    await expectRefused(job, await sign.permit(signing), "a permit");
    await expectRefused(job, await sign.authorization({ ...signing, nonce: BigInt(jobId(job)) }), "an authorization");
    await expectRefused(job, await client.signMessage(ethers.getBytes(jobId(job))), "a signed message");
  });

  describe("refuses a signature (E8)", () => {
    it("over any other field", async () => {
      const { job, stranger, signature, expectRefused } = await networkHelpers.loadFixture(deploySigned);
      const others = withEachFieldChanged(job, stranger.address);
      expect(others).to.have.length(Object.keys(job).length);
      for (const other of others) await expectRefused(other, signature);
    });

    it("of another account or role", async () => {
      const { job, provider, stranger, consent, expectRefused } = await networkHelpers.loadFixture(deploySigned);
      for (const signer of [provider, stranger]) await expectRefused(job, await consent(job, signer));
      const reversed = { ...job, client: provider.address, provider: job.client };
      await expectRefused(reversed, await consent(job));
    });

    it("for another escrow", async () => {
      const { registry, tollCollector, job, client, chainId, expectRefused, escrow, relay } =
        await networkHelpers.loadFixture(deploySigned);
      const other = await ethers.deployContract("InferenceEscrow", [registry, tollCollector, 0]);
      const domain = { name: "Tollgate InferenceEscrow", version: "1", chainId };
      const elsewhere = { ...domain, verifyingContract: await other.getAddress() };
      await expectRefused(job, await client.signTypedData(elsewhere, JOB, job));
      const here = { ...domain, verifyingContract: await escrow.getAddress() };
      for (const wrong of [{ name: "Tollgate PrepaidOrders" }, { version: "2" }]) {
        await expectRefused(job, await client.signTypedData({ ...here, ...wrong }, JOB, job));
      }
      await relay.openWithSignature(job, await client.signTypedData(here, JOB, job), "0x");
    });

    it("for another chain with the same contracts at the same addresses", async () => {
      const here = await deployBondMarket(await network.create());
      const there = await deployBondMarket(await network.create({ override: { chainId: 31_338 } }));
      expect(await there.escrow.getAddress()).to.equal(await here.escrow.getAddress());
      const [job, signature] = [here.job, await here.consent()];
      const same = { ...job, modelId: there.job.modelId };
      const relay = there.escrow.connect(there.stranger);
      for (const terms of [job, same]) {
        await expect(relay.openWithSignature(terms, signature, "0x")).to.be.revertedWithCustomError(
          there.escrow,
          "InvalidSignature",
        );
      }
      await here.escrow.connect(here.stranger).openWithSignature(job, signature, "0x");
      await relay.openWithSignature(there.job, await there.consent(), "0x");
    });

    it("with a high s, of 64 bytes, with a wrong v, empty, too long or zero", async () => {
      const { job, signature, expectRefused, relay } = await networkHelpers.loadFixture(deploySigned);
      const { r, s, v, compactSerialized } = ethers.Signature.from(signature);
      const other = v === 27 ? 28 : 27;
      const highS = ethers.toBeHex(CURVE_ORDER - BigInt(s), 32);
      const attempts = {
        "a high s": ethers.concat([r, highS, ethers.toBeHex(other)]),
        "a high s with the old v": ethers.concat([r, highS, ethers.toBeHex(v)]),
        "64 bytes": compactSerialized,
        "the other v": ethers.concat([r, s, ethers.toBeHex(other)]),
        "v of 0 or 1": ethers.concat([r, s, v === 27 ? "0x00" : "0x01"]),
        "v of 29": ethers.concat([r, s, "0x1d"]),
        nothing: "0x",
        "a byte more": ethers.concat([signature, "0x00"]),
        "a byte less": signature.slice(0, -2),
        zeros: `0x${"0".repeat(130)}`,
      };
      for (const [name, attempt] of Object.entries(attempts)) await expectRefused(job, attempt, name);
      await relay.openWithSignature(job, signature, "0x");
    });

    it("in the name of nobody or of a precompile, which answer calls", async () => {
      const { job, signature, expectRefused } = await networkHelpers.loadFixture(deploySigned);
      for (const index of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0x100]) {
        const client = ethers.getAddress(ethers.toBeHex(index, 20));
        for (const attempt of [signature, "0x", `0x${"0".repeat(130)}`]) {
          await expectRefused({ ...job, client }, attempt, `address ${index}`);
        }
      }
    });
  });

  describe("by ERC-1271", () => {
    it("opens for a wallet contract", async () => {
      const { escrow, dollar, own, wallet, relay, ownSignature } = await networkHelpers.loadFixture(withWallet);
      const call = relay.openWithSignature(own, ownSignature, "0x");
      await expect(call).to.changeTokenBalances(ethers, dollar, [wallet, escrow], [-AMOUNT, AMOUNT]);
      expect(await escrow.stateOf(own)).to.equal(FUNDED);
    });

    it("refuses what the wallet does not confirm", async () => {
      const { own, consent, stranger, signature, expectRefused } = await networkHelpers.loadFixture(withWallet);
      for (const attempt of [await consent(own, stranger), signature, "0x"]) await expectRefused(own, attempt);
    });

    // The wallet's code, as it answers every call.
    const magic = "1626ba7e";
    const hostile = {
      "burns all its gas": "0xfe",
      "never ends": "0x5b5f56",
      reverts: "0x5f5ffd",
      "reverts with a huge payload": "0x620400005ffd",
      "answers nothing": "0x00",
      "answers with a huge payload of zeros": "0x620400005ff3",
      "answers another magic value": `0x63deadbeef60e01b5f5260205ff3`,
      "answers the magic value in the lowest bytes": `0x63${magic}5f5260205ff3`,
      "answers the magic value with dirt behind it": `0x7f${magic}${"0".repeat(55)}15f5260205ff3`,
      "answers only the magic value's four bytes": `0x63${magic}60e01b5f5260045ff3`,
      "answers all ones": "0x5f195f5260205ff3",
    };
    for (const [name, code] of Object.entries(hostile)) {
      it(`refuses a wallet that ${name}, within bounded gas`, async () => {
        const { job, relay, wallet, escrow } = await networkHelpers.loadFixture(withWallet);
        await networkHelpers.setCode(await wallet.getAddress(), code);
        const own = { ...job, client: await wallet.getAddress() };
        const call = relay.openWithSignature(own, "0x", "0x", { gasLimit: 3 * GAS_CAP });
        await expect(call).to.be.revertedWithCustomError(escrow, "InvalidSignature");
        const block = await ethers.provider.getBlock("latest");
        expect(Number(block!.gasUsed)).to.be.lessThan(2.3 * GAS_CAP);
        expect(await escrow.stateOf(own)).to.equal(NONE);
      });
    }

    it("takes a right answer from a wallet that answers everything so: its own affair", async () => {
      const { job, relay, wallet, escrow } = await networkHelpers.loadFixture(withWallet);
      await networkHelpers.setCode(await wallet.getAddress(), `0x63${magic}60e01b5f5260205ff3`);
      const own = { ...job, client: await wallet.getAddress() };
      await relay.openWithSignature(own, "0x", "0x");
      expect(await escrow.stateOf(own)).to.equal(FUNDED);
    });

    it("refuses a wallet that is not deployed yet, whatever its key signed (no ERC-6492) (E13)", async () => {
      const { job, consent, expectRefused, client } = await networkHelpers.loadFixture(withWallet);
      const own = { ...job, client: ethers.getCreateAddress({ from: client.address, nonce: 1_000 }) };
      const signature = await consent(own);
      await expectRefused(own, signature);
      const wrapped = ethers.AbiCoder.defaultAbiCoder().encode(
        ["address", "bytes", "bytes"],
        [job.token, "0xa9059cbb", signature],
      );
      await expectRefused(own, ethers.concat([wrapped, `0x${"6492".repeat(16)}`]));
    });

    it("never opens for want of gas: right signatures at some limits, wrong ones at none (Z8)", async () => {
      const { escrow, own, ownSignature, consent, stranger } = await networkHelpers.loadFixture(withCostlyWallet);
      const encode = (signature: Hex): Hex =>
        escrow.interface.encodeFunctionData("openWithSignature", [own, signature, "0x"]);
      const [from, to] = [stranger.address, await escrow.getAddress()];
      const limits = [60_000, 400_000, 17_000, 900_000, 21_000];
      const right = await sweepGas(connection, { from, to, data: encode(ownSignature) }, limits, async (opened) => {
        expect(await escrow.stateOf(own)).to.equal(opened ? FUNDED : NONE);
      });
      expect(Math.min(right.done, right.refused)).to.be.greaterThan(5);
      const data = encode(await consent(own, stranger));
      const wrong = await sweepGas(connection, { from, to, data }, limits, async () => {
        expect(await escrow.stateOf(own)).to.equal(NONE);
      });
      expect(wrong.done).to.equal(0);
    });
  });

  it("takes the key's signature of an account with delegated code, and else asks that code (EIP-7702)", async () => {
    const { escrow, dollar, job, spender, consent, relay, client } = await networkHelpers.loadFixture(deploySigned);
    const account = new ethers.Wallet(ethers.id("delegating"), ethers.provider);
    await networkHelpers.setBalance(account.address, 10n ** 18n);
    await dollar.mint(account, 9n * AMOUNT);
    await dollar.connect(account).approve(spender, 9n * AMOUNT);
    const code = await ethers.deployContract("ContractWallet", [client, 0]);
    const authorization = await account.authorize({
      address: await code.getAddress(),
      nonce: (await account.getNonce()) + 1,
    });
    await account.sendTransaction({ type: 4, to: account.address, authorizationList: [authorization] });
    const delegated = `0xef0100${(await code.getAddress()).slice(2).toLowerCase()}`;
    expect(await ethers.provider.getCode(account.address)).to.equal(delegated);
    const own = { ...job, client: account.address };
    await relay.openWithSignature(own, await consent(own, account), "0x");
    const next = { ...own, nonce: 2n };
    await relay.openWithSignature(next, await consent(next, client), "0x");
    const third = { ...own, nonce: 3n };
    await expect(
      relay.openWithSignature(third, await consent(third, await ethers.getSigner(job.provider)), "0x"),
    ).to.be.revertedWithCustomError(escrow, "InvalidSignature");
    for (const each of [own, next]) expect(await escrow.stateOf(each)).to.equal(FUNDED);
  });

  it("consumes nothing when it fails: nonce, authorization and allowance stay", async () => {
    const { escrow, dollar, job, dataFor, consent, client, stranger, jobId } = await networkHelpers.loadFixture(
      deployed.authorization,
    );
    const [signature, data] = [await consent(), await dataFor(job, client, AMOUNT)];
    await dollar.connect(client).transfer(stranger, await dollar.balanceOf(client));
    const relay = escrow.connect(stranger);
    await expect(relay.openWithSignature(job, signature, data)).to.be.revertedWithCustomError(
      dollar,
      "ERC20InsufficientBalance",
    );
    expect(await dollar.authorizationState(client, jobId(job))).to.equal(false);
    expect(await escrow.stateOf(job)).to.equal(NONE);
    await dollar.connect(stranger).transfer(client, AMOUNT);
    await relay.openWithSignature(job, signature, data);
    expect(await escrow.stateOf(job)).to.equal(FUNDED);
    expect(job.bond).to.equal(BOND);
  });
});
