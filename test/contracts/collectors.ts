import { expect } from "chai";
import { network } from "hardhat";
import { ACCEPTED, BOND, NONE, bondMarkets } from "./bondMarket.ts";
import { AMOUNT } from "./market.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { allowance: withAllowance, permit: withPermit, ...others } = bondMarkets(connection);
const fixtures = { allowance: withAllowance, ...others };
type Kind = keyof typeof fixtures;

describe("the collectors", () => {
  for (const kind of Object.keys(fixtures) as Kind[]) {
    it(`${kind}: serve their escrow only, whoever calls, with the party's own data or with ether (E16)`, async () => {
      const { escrow, collector, job, client, provider, stranger, jobId, dataFor } = await networkHelpers.loadFixture(
        fixtures[kind],
      );
      expect(await collector.ESCROW()).to.equal(await escrow.getAddress());
      const wallet = await ethers.deployContract("ContractWallet", [client, 0]);
      const [to, id] = [await collector.getAddress(), jobId(job)];
      const deposit = await dataFor(job, client, AMOUNT);
      const bond = await dataFor(job, provider, BOND);
      for (const data of [
        collector.interface.encodeFunctionData("collect", [job, id, deposit]),
        collector.interface.encodeFunctionData("collectBond", [job, id, bond]),
      ]) {
        for (const value of [0n, AMOUNT]) {
          for (const caller of [client, provider, stranger]) {
            await expect(caller.sendTransaction({ to, data, value }))
              .to.be.revertedWithCustomError(collector, "NotEscrow")
              .withArgs(caller.address, await escrow.getAddress());
          }
          await expect(wallet.execute(to, data, { value }))
            .to.be.revertedWithCustomError(collector, "NotEscrow")
            .withArgs(await wallet.getAddress(), await escrow.getAddress());
        }
      }
      await expect(client.sendTransaction({ to, value: 1n })).to.revert(ethers);
    });
  }

  it("are another escrow's others: what one was allowed another cannot take", async () => {
    const { escrow, dollar, job, registry, tollCollector, client, words, prove, open } =
      await networkHelpers.loadFixture(withAllowance);
    const other = await ethers.deployContract("InferenceEscrow", [registry, tollCollector, 0]);
    const addresses = new Set<string>();
    for (const target of [escrow, other]) {
      for (const funding of [1, 2, 3, 4]) addresses.add(await target.collectorOf(funding));
    }
    expect(addresses.size).to.equal(8);
    // An escrow makes them first and in the order of their numbers, so that they are known before it is deployed.
    const from = await escrow.getAddress();
    for (const funding of [1, 2, 3, 4]) {
      expect(await escrow.collectorOf(funding)).to.equal(ethers.getCreateAddress({ from, nonce: funding }));
    }
    await expect(other.connect(client).open(job, "0x")).to.be.revertedWithCustomError(
      dollar,
      "ERC20InsufficientAllowance",
    );
    await open({ ...job, bond: 0n, acceptBy: 0n });
    // A job of one escrow is no job of the other, and its proof no proof there.
    await expect(other.settle({ ...job, bond: 0n, acceptBy: 0n }, words, prove(job))).to.be.revertedWithCustomError(
      other,
      "JobNotInState",
    );
  });

  it("take from nobody but the job's party, who must have called or signed (E16)", async () => {
    const { escrow, dollar, job, client, provider, stranger, open } = await networkHelpers.loadFixture(withAllowance);
    // Both parties allowed everything to the collector. A thief names them in jobs of its own making.
    const thief = escrow.connect(stranger);
    const robbing = { ...job, provider: stranger.address };
    await expect(thief.open(robbing, "0x")).to.be.revertedWithCustomError(escrow, "NotClient");
    await expect(thief.openWithSignature(robbing, "0x", "0x")).to.be.revertedWithCustomError(
      escrow,
      "InvalidSignature",
    );
    await open();
    await expect(thief.accept(job, "0x")).to.be.revertedWithCustomError(escrow, "NotProvider");
    expect(await dollar.balanceOf(provider)).to.equal(100n * AMOUNT);
    expect(await dollar.balanceOf(client)).to.equal(99n * AMOUNT);
  });

  it("of ether passes on exactly what is due, whatever an escrow sends", async () => {
    const { job, jobId, client } = await networkHelpers.loadFixture(fixtures.native);
    // Whoever deploys a collector is its escrow.
    const collector = await ethers.deployContract("NativeCollector", [], client);
    for (const value of [0n, AMOUNT - 1n, AMOUNT + 1n]) {
      await expect(collector.collect(job, jobId(job), "0x", { value }))
        .to.be.revertedWithCustomError(collector, "ValueMismatch")
        .withArgs(value, AMOUNT);
    }
    await expect(collector.collect(job, jobId(job), "0x", { value: AMOUNT })).to.changeEtherBalance(
      ethers,
      collector,
      0n,
    );
  });

  it("exist for four kinds", async () => {
    const { escrow } = await networkHelpers.loadFixture(withAllowance);
    for (const funding of [0, 5, 6, 255]) {
      await expect(escrow.collectorOf(funding))
        .to.be.revertedWithCustomError(escrow, "FundingNotSupported")
        .withArgs(funding);
    }
  });
});

describe("an ERC-2612 permit", () => {
  it("submitted by somebody else first still pays deposit and bond (E7)", async () => {
    const { escrow, dollar, job, client, provider, stranger, dataFor, spender } =
      await networkHelpers.loadFixture(withPermit);
    const decode = (data: string) =>
      ethers.AbiCoder.defaultAbiCoder().decode(["uint256", "uint8", "bytes32", "bytes32"], data);
    for (const [party, amount] of [
      [client, AMOUNT],
      [provider, BOND],
    ] as const) {
      const data = await dataFor(job, party, amount);
      const [deadline, v, r, s] = decode(data);
      await dollar.connect(stranger).permit(party, spender, amount, deadline, v, r, s);
      if (party === client) await escrow.connect(client).open(job, data);
      else await escrow.connect(provider).accept(job, data);
      expect(await dollar.allowance(party, spender)).to.equal(0n);
    }
    expect(await escrow.stateOf(job)).to.equal(ACCEPTED);
  });

  it("gives its taker nothing: the allowance is the collector's, and waits for a job of its owner", async () => {
    const { escrow, dollar, job, client, stranger, dataFor, spender } = await networkHelpers.loadFixture(withPermit);
    const data = await dataFor(job, client, AMOUNT);
    const thief = escrow.connect(stranger);
    const own = { ...job, client: stranger.address, provider: stranger.address };
    await expect(thief.open(own, data)).to.be.revertedWithCustomError(dollar, "ERC20InsufficientAllowance");
    await expect(thief.open({ ...job, provider: stranger.address }, data)).to.be.revertedWithCustomError(
      escrow,
      "NotClient",
    );
    await expect(dollar.connect(stranger).transferFrom(client, stranger, 1n)).to.be.revertedWithCustomError(
      dollar,
      "ERC20InsufficientAllowance",
    );
    expect([await dollar.nonces(client), await dollar.allowance(client, spender)]).to.deep.equal([0n, 0n]);
    await escrow.connect(client).open(job, data);
  });

  it("must be over the amount, for the collector, by the payer and of this token", async () => {
    const { escrow, dollar, job, client, provider, sign, spender } = await networkHelpers.loadFixture(withPermit);
    const right = { signer: client, amount: AMOUNT, nonce: 0n, spender };
    const token = await (await ethers.deployContract("AuthorizationToken")).getAddress();
    for (const change of [
      { amount: AMOUNT - 1n },
      { amount: AMOUNT + 1n },
      { spender: await escrow.getAddress() },
      { signer: provider },
      { nonce: 1n },
      { until: 1n },
      { token },
    ]) {
      const call = escrow.connect(client).open(job, await sign.permit({ ...right, ...change }));
      await expect(call, Object.keys(change)[0]).to.be.revertedWithCustomError(dollar, "ERC20InsufficientAllowance");
    }
    expect([await escrow.stateOf(job), await dollar.nonces(client)]).to.deep.equal([NONE, 0n]);
    await escrow.connect(client).open(job, await sign.permit(right));
  });

  it("to a token that has none, but answers all calls, is no allowance", async () => {
    const { escrow, job, client, sign, spender } = await networkHelpers.loadFixture(withPermit);
    const plain = await ethers.deployContract("NoReturnToken");
    await plain.mint(client, AMOUNT);
    const other = { ...job, token: await plain.getAddress() };
    const data = await sign.permit({ signer: client, amount: AMOUNT, nonce: 0n, spender, token: other.token });
    await expect(escrow.connect(client).open(other, data)).to.revert(ethers);
    expect(await escrow.stateOf(other)).to.equal(NONE);
  });
});
