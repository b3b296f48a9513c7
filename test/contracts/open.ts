import { expect } from "chai";
import type { BaseWallet } from "ethers";
import { network } from "hardhat";
import type { Job } from "../../src/codec/statement.ts";
import { toBytes32 } from "../../src/codec/statement.ts";
import { SCALAR_ORDER } from "../../src/field.ts";
import { PERMIT } from "./bondMarket.ts";
import { AMOUNT, NO_ONE, TOLL_BPS, deployMarket } from "./market.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const deploy = () => deployMarket(connection);
const NATIVE = "0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE";
const FUNDED = 1n;

/** A wallet with tokens, ether and no allowance, and its ERC-2612 permit for the escrow's collector. */
async function deployPermit() {
  const market = await deployMarket(connection);
  const { token, escrow, terms, chainId } = market;
  const wallet = new ethers.Wallet(ethers.id("client"), ethers.provider);
  await networkHelpers.setBalance(wallet.address, 10n ** 18n);
  await token.mint(wallet, AMOUNT);
  const spender = await escrow.collectorOf(1);
  const deadline = terms.deadline;
  const sign = async (value: bigint, signer: BaseWallet = wallet): Promise<string> => {
    const domain = { name: "Test Dollar", version: "1", chainId, verifyingContract: terms.token };
    const message = { owner: wallet.address, spender, value, nonce: 0n, deadline };
    const { v, r, s } = ethers.Signature.from(await signer.signTypedData(domain, PERMIT, message));
    return ethers.AbiCoder.defaultAbiCoder().encode(["uint256", "uint8", "bytes32", "bytes32"], [deadline, v, r, s]);
  };
  return { ...market, wallet, sign, spender, job: { ...terms, client: wallet.address } };
}

describe("open", () => {
  it("takes the deposit and stores the job id under the nonce", async () => {
    const { escrow, token, terms, jobId } = await networkHelpers.loadFixture(deploy);
    expect(await escrow.stateOf(terms)).to.equal(0n);
    const call = escrow.open(terms, "0x");
    await expect(call).to.changeTokenBalances(ethers, token, [terms.client, escrow], [-AMOUNT, AMOUNT]);
    await expect(call)
      .to.emit(escrow, "JobOpened")
      .withArgs(jobId(terms), terms.client, terms.provider, Object.values(terms));
    expect(await escrow.stateOf(terms)).to.equal(FUNDED);
  });

  it("stores one slot: the id with its lowest byte replaced by the state (ADR-0001)", async () => {
    const { escrow, terms, jobId } = await networkHelpers.loadFixture(deploy);
    await escrow.open(terms, "0x");
    const key = ethers.keccak256(
      ethers.AbiCoder.defaultAbiCoder().encode(
        ["address", "address", "uint256"],
        [terms.client, terms.provider, terms.nonce],
      ),
    );
    const slots = await Promise.all([0n, 1n, 2n, 3n].map((index) => readMapping(escrow, key, index)));
    expect(slots).to.include(`${jobId(terms).slice(0, -2)}01`);
  });

  const codeless = "0x00000000000000000000000000000000DeaDBeef";
  const late = 2n ** 64n - 1n;
  const top = 2n ** 128n;
  type Values = (job: Job) => unknown[];
  const refused: [string, Partial<Job>, string, Values][] = [
    ["a zero provider", { provider: NO_ONE }, "ZeroAddress", () => []],
    ["a zero token", { token: NO_ONE }, "ZeroAddress", () => []],
    ["native ether under an allowance", { token: NATIVE }, "TokenFundingMismatch", () => [NATIVE, 1]],
    ["native funding of a token", { funding: 3 }, "TokenFundingMismatch", ({ token }) => [token, 3]],
    ["a token without code", { token: codeless }, "TokenWithoutCode", () => [codeless]],
    ["an amount of zero", { amount: 0n }, "AmountOutOfRange", () => [0n, top - 1n]],
    ["an amount of 2^128", { amount: top }, "AmountOutOfRange", () => [top, top - 1n]],
    ["a bond of 2^128", { bond: top, acceptBy: 2n ** 32n }, "BondOutOfRange", () => [top, top - 1n]],
    ["a bond without an acceptance time", { bond: 1n }, "AcceptByMismatch", ({ deadline }) => [0n, 1n, deadline]],
    ["an acceptance time without a bond", { acceptBy: 1n }, "AcceptByMismatch", ({ deadline }) => [1n, 0n, deadline]],
    [
      "an acceptance time after the deadline",
      { bond: 1n, acceptBy: late },
      "AcceptByMismatch",
      ({ deadline }) => [late, 1n, deadline],
    ],
    ...[0n, SCALAR_ORDER].map((input): [string, Partial<Job>, string, Values] => [
      input === 0n ? "a zero input commitment" : "an input commitment of r",
      { inputCommitment: toBytes32(input) },
      "InputCommitmentOutOfRange",
      () => [input, SCALAR_ORDER - 1n],
    ]),
    ["an unknown model", { modelId: 1n }, "ModelNotFound", () => [1n]],
    ...[0, 5, 6, 255].map((funding): [string, Partial<Job>, string, Values] => [
      `funding ${funding}`,
      { funding },
      "FundingNotSupported",
      () => [funding],
    ]),
  ];
  for (const [name, change, error, valuesOf] of refused) {
    it(`refuses ${name} (E12)`, async () => {
      const { escrow, registry, terms } = await networkHelpers.loadFixture(deploy);
      const call = escrow.open({ ...terms, ...change }, "0x");
      const source = escrow.interface.getError(error) === null ? registry : escrow;
      await expect(call)
        .to.be.revertedWithCustomError(source, error)
        .withArgs(...valuesOf(terms));
    });
  }

  it("takes the greatest amount and bond, and a bond up to the deadline", async () => {
    const { escrow, token, terms } = await networkHelpers.loadFixture(deploy);
    await token.mint(terms.client, top);
    await token.approve(await escrow.collectorOf(1), top);
    const job = { ...terms, amount: top - 1n, bond: top - 1n, acceptBy: terms.deadline };
    await escrow.open(job, "0x");
    expect(await escrow.stateOf(job)).to.equal(FUNDED);
  });

  it("refuses the escrow as provider, which could never withdraw", async () => {
    const { escrow, terms } = await networkHelpers.loadFixture(deploy);
    const provider = await escrow.getAddress();
    await expect(escrow.open({ ...terms, provider }, "0x"))
      .to.be.revertedWithCustomError(escrow, "InvalidReceiver")
      .withArgs(provider);
  });

  it("refuses any caller but the client", async () => {
    const { escrow, terms, stranger } = await networkHelpers.loadFixture(deploy);
    await expect(escrow.connect(stranger).open(terms, "0x"))
      .to.be.revertedWithCustomError(escrow, "NotClient")
      .withArgs(stranger.address, terms.client);
  });

  for (const [offset, opens] of [
    [-1n, true],
    [0n, false],
    [1n, false],
  ] as const) {
    it(`${opens ? "opens" : "refuses"} at the deadline ${offset < 0n ? "" : "+"}${offset} s`, async () => {
      const { escrow, terms } = await networkHelpers.loadFixture(deploy);
      await networkHelpers.time.setNextBlockTimestamp(terms.deadline + offset);
      const call = escrow.open(terms, "0x");
      if (opens) await expect(call).to.emit(escrow, "JobOpened");
      else {
        const [deadline, now] = [terms.deadline, terms.deadline + offset];
        await expect(call).to.be.revertedWithCustomError(escrow, "DeadlinePassed").withArgs(deadline, now);
      }
    });
  }

  for (const early of [true, false]) {
    for (const offset of [-1n, 0n, 1n]) {
      const time = `acceptBy ${offset < 0n ? "" : "+"}${offset} s, ${early ? "before" : "at"} the deadline`;
      it(`${offset < 0n ? "opens" : "refuses"} with a bond at ${time}`, async () => {
        const { escrow, terms } = await networkHelpers.loadFixture(deploy);
        const job = { ...terms, bond: 1n, acceptBy: early ? terms.deadline - 9n : terms.deadline };
        await networkHelpers.time.setNextBlockTimestamp(job.acceptBy + offset);
        const call = escrow.open(job, "0x");
        if (offset < 0n) await expect(call).to.emit(escrow, "JobOpened");
        else {
          const args = [job.acceptBy, job.acceptBy + offset];
          await expect(call)
            .to.be.revertedWithCustomError(escrow, "AcceptancePassed")
            .withArgs(...args);
        }
      });
    }
  }

  it("takes a nonce once, for the same and for other terms, whatever became of the job", async () => {
    const { escrow, terms, words, prove } = await networkHelpers.loadFixture(deploy);
    const again = async (state: bigint) => {
      for (const job of [terms, { ...terms, amount: 1n }, { ...terms, deadline: terms.deadline + 99n }]) {
        await expect(escrow.open(job, "0x"))
          .to.be.revertedWithCustomError(escrow, "NonceUsed")
          .withArgs(terms.client, terms.provider, terms.nonce, state);
      }
    };
    await escrow.open(terms, "0x");
    await again(1n);
    await escrow.settle(terms, words, prove(terms));
    await again(3n);
    await escrow.open({ ...terms, nonce: 2n }, "0x");
    await escrow.open({ ...terms, provider: terms.client }, "0x");
  });

  it("refuses a deprecated model and a stopped key (Z14) (invariant 16)", async () => {
    const { escrow, registry, terms, modelId, keyId, stopKey } = await networkHelpers.loadFixture(deploy);
    const snapshot = await networkHelpers.takeSnapshot();
    await registry.deprecateModel(modelId);
    await expect(escrow.open(terms, "0x"))
      .to.be.revertedWithCustomError(registry, "ModelIsDeprecated")
      .withArgs(modelId);
    await snapshot.restore();
    await stopKey();
    await expect(escrow.open(terms, "0x")).to.be.revertedWithCustomError(registry, "KeyIsStopped").withArgs(keyId);
  });

  it("refuses without allowance or balance, and takes nothing", async () => {
    const { escrow, token, terms } = await networkHelpers.loadFixture(deploy);
    await token.approve(await escrow.collectorOf(1), AMOUNT - 1n);
    await expect(escrow.open(terms, "0x")).to.be.revertedWithCustomError(token, "ERC20InsufficientAllowance");
    await token.approve(await escrow.collectorOf(1), 2n ** 128n);
    await expect(escrow.open({ ...terms, amount: 2n ** 127n }, "0x")).to.be.revertedWithCustomError(
      token,
      "ERC20InsufficientBalance",
    );
    expect(await escrow.stateOf(terms)).to.equal(0n);
  });

  it("lets nobody but the escrow use the collector's allowances", async () => {
    const { escrow, terms, jobId, client, stranger } = await networkHelpers.loadFixture(deploy);
    const collector = await ethers.getContractAt("AllowanceCollector", await escrow.collectorOf(1));
    expect(await collector.ESCROW()).to.equal(await escrow.getAddress());
    for (const caller of [client, stranger]) {
      await expect(collector.connect(caller).collect(terms, jobId(terms), "0x"))
        .to.be.revertedWithCustomError(collector, "NotEscrow")
        .withArgs(caller.address, await escrow.getAddress());
    }
  });

  describe("with an ERC-2612 permit", () => {
    it("needs no allowance before", async () => {
      const { escrow, wallet, sign, job } = await networkHelpers.loadFixture(deployPermit);
      await escrow.connect(wallet).open(job, await sign(AMOUNT));
      expect(await escrow.stateOf(job)).to.equal(FUNDED);
    });

    it("works when somebody submitted the permit first (E7)", async () => {
      const { escrow, wallet, sign, job, token, spender, stranger } = await networkHelpers.loadFixture(deployPermit);
      const permit = await sign(AMOUNT);
      const [deadline, v, r, s] = ethers.AbiCoder.defaultAbiCoder().decode(
        ["uint256", "uint8", "bytes32", "bytes32"],
        permit,
      );
      await token.connect(stranger).permit(wallet, spender, AMOUNT, deadline, v, r, s);
      await escrow.connect(wallet).open(job, permit);
      expect(await escrow.stateOf(job)).to.equal(FUNDED);
    });

    it("refuses a permit that is another's or over another amount", async () => {
      const { escrow, wallet, sign, job, token } = await networkHelpers.loadFixture(deployPermit);
      for (const permit of [await sign(AMOUNT, new ethers.Wallet(ethers.id("thief"))), await sign(AMOUNT - 1n)]) {
        await expect(escrow.connect(wallet).open(job, permit)).to.be.revertedWithCustomError(
          token,
          "ERC20InsufficientAllowance",
        );
      }
      await expect(escrow.connect(wallet).open(job, "0x1234")).to.revert(ethers);
    });
  });

  describe("the escrow's constructor", () => {
    it("caps the toll and refuses a collector that could not withdraw (E9)", async () => {
      const { registry, escrow, client, tollCollector } = await networkHelpers.loadFixture(deploy);
      const factory = await ethers.getContractFactory("InferenceEscrow");
      expect([await escrow.REGISTRY(), await escrow.TOLL_COLLECTOR(), await escrow.TOLL_BPS()]).to.deep.equal([
        await registry.getAddress(),
        tollCollector.address,
        TOLL_BPS,
      ]);
      await factory.deploy(registry, tollCollector, 100);
      await expect(factory.deploy(registry, tollCollector, 101))
        .to.be.revertedWithCustomError(escrow, "TollTooHigh")
        .withArgs(101, 100);
      await expect(factory.deploy(registry, NO_ONE, 0)).to.be.revertedWithCustomError(escrow, "ZeroAddress");
      const itself = ethers.getCreateAddress({ from: client.address, nonce: await client.getNonce() });
      await expect(factory.deploy(registry, itself, 0))
        .to.be.revertedWithCustomError(escrow, "InvalidReceiver")
        .withArgs(itself);
    });

    it("refuses what does not answer as a model registry", async () => {
      const { escrow, token, tollCollector, stranger } = await networkHelpers.loadFixture(deploy);
      const factory = await ethers.getContractFactory("InferenceEscrow");
      const expectRefused = async (address: string) =>
        expect(factory.deploy(address, tollCollector, 0))
          .to.be.revertedWithCustomError(escrow, "NotAModelRegistry")
          .withArgs(address);
      await expectRefused(await token.getAddress());
      await expectRefused(stranger.address);
      // A contract that answers false to everything: PUSH0 PUSH0 MSTORE PUSH1 32 PUSH0 RETURN.
      await networkHelpers.setCode(stranger.address, "0x5f5f5260205ff3");
      await expectRefused(stranger.address);
    });
  });
});

/** The value under `key` of a mapping at storage slot `index`. */
async function readMapping(escrow: { getAddress(): Promise<string> }, key: string, index: bigint): Promise<string> {
  const slot = ethers.keccak256(ethers.AbiCoder.defaultAbiCoder().encode(["bytes32", "uint256"], [key, index]));
  return ethers.provider.getStorage(await escrow.getAddress(), slot);
}
