import { expect } from "chai";
import { network } from "hardhat";
import { ACCEPTED, FUNDED, NONE, bondMarkets } from "./bondMarket.ts";
import { AMOUNT } from "./market.ts";
import { PERMIT2 } from "./permit2Code.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { permit2: deploy } = bondMarkets(connection);
/** Of its functions and errors, what these tests use. */
const ABI = [
  "function DOMAIN_SEPARATOR() view returns (bytes32)",
  "function nonceBitmap(address owner, uint256 word) view returns (uint256)",
  "function invalidateUnorderedNonces(uint256 word, uint256 mask)",
  "function permitTransferFrom(((address token, uint256 amount) permitted, uint256 nonce, uint256 deadline) permit, (address to, uint256 requestedAmount) transferDetails, address owner, bytes signature)",
  "error InvalidSigner()",
  "error InvalidNonce()",
  "error SignatureExpired(uint256 signatureDeadline)",
  "error InvalidContractSignature()",
];

async function deploySigning() {
  const market = await deploy();
  const { client, spender, jobId, job } = market;
  const permit2 = new ethers.Contract(PERMIT2, ABI, client);
  const nonce = BigInt(jobId(job));
  const isUsed = async (owner: string) =>
    (((await permit2.nonceBitmap(owner, nonce >> 8n)) as bigint) >> (nonce & 0xffn)) & 1n;
  return { ...market, permit2, isUsed, right: { signer: client, amount: AMOUNT, nonce, spender } };
}

describe("a Permit2 signature", () => {
  it("is checked by Permit2 itself, made by its constructor at the address that is a hash of its code", async () => {
    const { permit2, chainId } = await networkHelpers.loadFixture(deploySigning);
    const domain = { name: "Permit2", chainId, verifyingContract: PERMIT2 };
    expect(await permit2.DOMAIN_SEPARATOR()).to.equal(ethers.TypedDataEncoder.hashDomain(domain));
  });

  it("pays for the job whose id is its nonce, and is used up", async () => {
    const { escrow, job, open, accept, client, provider, isUsed, dollar, spender } =
      await networkHelpers.loadFixture(deploySigning);
    expect(await isUsed(client.address)).to.equal(0n);
    await open();
    await accept();
    expect([await isUsed(client.address), await isUsed(provider.address)]).to.deep.equal([1n, 1n]);
    expect([await dollar.balanceOf(spender), await dollar.balanceOf(PERMIT2)]).to.deep.equal([0n, 0n]);
    expect(await escrow.stateOf(job)).to.equal(ACCEPTED);
  });

  it("refuses any other nonce, amount, payer, spender, token and a missing one, and consumes nothing", async () => {
    const { escrow, job, right, sign, client, provider, jobId, isUsed, permit2 } =
      await networkHelpers.loadFixture(deploySigning);
    const other = await (await ethers.deployContract("AuthorizationToken")).getAddress();
    const wrong = {
      "nonce zero": { ...right, nonce: 0n },
      "another job's nonce": { ...right, nonce: BigInt(jobId({ ...job, nonce: 2n })) },
      "a unit less": { ...right, amount: AMOUNT - 1n },
      "a unit more": { ...right, amount: AMOUNT + 1n },
      "the provider's": { ...right, signer: provider },
      "for the escrow to spend": { ...right, spender: await escrow.getAddress() },
      "another token": { ...right, token: other },
    };
    for (const [name, signing] of Object.entries(wrong)) {
      const call = escrow.connect(client).open(job, await sign.permit2(signing));
      await expect(call, name).to.be.revertedWithCustomError(permit2, "InvalidSigner");
    }
    await expect(escrow.connect(client).open(job, "0x")).to.revert(ethers);
    expect([await escrow.stateOf(job), await isUsed(client.address)]).to.deep.equal([NONE, 0n]);
    await escrow.connect(client).open(job, await sign.permit2(right));
    expect(await escrow.stateOf(job)).to.equal(FUNDED);
  });

  it("works until its deadline, the second included", async () => {
    const { escrow, job, right, sign, client, permit2 } = await networkHelpers.loadFixture(deploySigning);
    const until = job.acceptBy - 100n;
    const data = await sign.permit2({ ...right, until });
    const snapshot = await networkHelpers.takeSnapshot();
    await networkHelpers.time.setNextBlockTimestamp(until + 1n);
    await expect(escrow.connect(client).open(job, data))
      .to.be.revertedWithCustomError(permit2, "SignatureExpired")
      .withArgs(until);
    await snapshot.restore();
    await networkHelpers.time.setNextBlockTimestamp(until);
    await escrow.connect(client).open(job, data);
  });

  it("seen in the mempool moves nothing without the job (E16)", async () => {
    const { escrow, dollar, job, right, sign, collector, permit2, stranger, client, jobId, token, isUsed } =
      await networkHelpers.loadFixture(deploySigning);
    const data = await sign.permit2(right);
    const [deadline, signature] = ethers.AbiCoder.defaultAbiCoder().decode(["uint256", "bytes"], data);
    const permit = { permitted: { token, amount: AMOUNT }, nonce: right.nonce, deadline };
    for (const to of [stranger.address, await escrow.getAddress()]) {
      const details = { to, requestedAmount: AMOUNT };
      await expect(
        (permit2.connect(stranger) as typeof permit2).permitTransferFrom(permit, details, client.address, signature),
      ).to.be.revertedWithCustomError(permit2, "InvalidSigner");
    }
    await expect(collector.connect(stranger).collect(job, jobId(job), data)).to.be.revertedWithCustomError(
      collector,
      "NotEscrow",
    );
    await expect(escrow.connect(stranger).openWithSignature(job, "0x", data)).to.be.revertedWithCustomError(
      escrow,
      "InvalidSignature",
    );
    const own = { ...job, client: stranger.address, provider: stranger.address };
    await dollar.connect(stranger).approve(PERMIT2, AMOUNT);
    await expect(escrow.connect(stranger).open(own, data)).to.be.revertedWithCustomError(permit2, "InvalidSigner");
    expect(await isUsed(client.address)).to.equal(0n);
    await escrow.connect(client).open(job, data);
  });

  it("opens nothing once its nonce was invalidated", async () => {
    const { escrow, job, right, sign, client, permit2 } = await networkHelpers.loadFixture(deploySigning);
    await permit2.invalidateUnorderedNonces(right.nonce >> 8n, 1n << (right.nonce & 0xffn));
    await expect(escrow.connect(client).open(job, await sign.permit2(right))).to.be.revertedWithCustomError(
      permit2,
      "InvalidNonce",
    );
    expect(await escrow.stateOf(job)).to.equal(NONE);
  });

  it("pays from a wallet contract by ERC-1271", async () => {
    const { escrow, dollar, job, right, sign, client, stranger } = await networkHelpers.loadFixture(deploySigning);
    const wallet = await ethers.deployContract("ContractWallet", [client, 0]);
    await dollar.mint(wallet, AMOUNT);
    await wallet.execute(dollar, dollar.interface.encodeFunctionData("approve", [PERMIT2, AMOUNT]));
    const own = { ...job, client: await wallet.getAddress() };
    const nonce = BigInt(await escrow.hashJob(own));
    for (const signer of [stranger, client]) {
      const data = await sign.permit2({ ...right, signer, nonce });
      const call = wallet.execute(escrow, escrow.interface.encodeFunctionData("open", [own, data]));
      if (signer === client) await expect(call).to.emit(escrow, "JobOpened");
      else await expect(call).to.revert(ethers);
    }
    expect(await dollar.balanceOf(escrow)).to.equal(AMOUNT);
  });

  it("reverts on a chain without Permit2", async () => {
    const { escrow, job, right, sign, client } = await networkHelpers.loadFixture(deploySigning);
    const data = await sign.permit2(right);
    await networkHelpers.setCode(PERMIT2, "0x");
    await expect(escrow.connect(client).open(job, data)).to.revert(ethers);
    expect(await escrow.stateOf(job)).to.equal(NONE);
  });
});
