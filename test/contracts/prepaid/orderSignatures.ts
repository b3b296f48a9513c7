import { expect } from "chai";
import { network } from "hardhat";
import type { Job } from "../../../src/codec/statement.ts";
import { toBytes32 } from "../../../src/codec/statement.ts";
import { AMOUNT, NO_ONE } from "../market.ts";
import type { SignedOrder } from "./shop.ts";
import { DEPOSIT, LIFE, deployShop } from "./shop.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const NOTHING = [0n, 0n, 0n, 0n, 0n];
/** The order of secp256k1's group. */
const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const TOP_BIT = 2n ** 255n;

async function deploy() {
  const shop = await deployShop(connection);
  const { prepaid, orderId, credits, depositOf } = shop;
  /** Expects the order to be refused for its signature; `recovered` is whom the signature is of, if it must be that. */
  const expectUnsigned = async (item: SignedOrder, recovered?: string, by = shop.provider): Promise<void> => {
    const call = prepaid.connect(by).settleOrders([item]);
    const id = orderId(item.job);
    const reason = (value: string): boolean => {
      const error = prepaid.interface.parseError(value);
      const [ofOrder, by, wanted] = error?.args.toArray() ?? [];
      const right = error?.name === "OrderNotSigned" && ofOrder === id && wanted === item.job.client;
      return right && (recovered === undefined ? by !== item.job.client : by === recovered);
    };
    await expect(call).to.be.revertedWithCustomError(prepaid, "ItemRefused").withArgs(0, reason);
    expect([await credits(), await depositOf()]).to.deep.equal([NOTHING, DEPOSIT]);
  };
  return { ...shop, expectUnsigned };
}

describe("PrepaidOrders: an order's signature", () => {
  it("is what a wallet makes of the job as typed data", async () => {
    const { prepaid, client, terms, chainId, address, order } = await networkHelpers.loadFixture(deploy);
    const word = (name: string) => ({ name, type: "uint256" });
    const account = (name: string) => ({ name, type: "address" });
    const types = {
      Job: [
        account("client"),
        account("provider"),
        account("token"),
        word("amount"),
        word("bond"),
        word("modelId"),
        { name: "inputCommitment", type: "bytes32" },
        { name: "acceptBy", type: "uint64" },
        { name: "deadline", type: "uint64" },
        { name: "funding", type: "uint8" },
        word("nonce"),
      ],
    };
    const domain = { name: "Tollgate PrepaidOrders", version: "1", chainId, verifyingContract: address };
    const { r, yParityAndS: vs } = ethers.Signature.from(await client.signTypedData(domain, types, terms));
    const item = order();
    expect([r, vs]).to.deep.equal([item.r, item.vs]);
    await expect(prepaid.settleOrders([{ ...item, r, vs }])).to.emit(prepaid, "OrderSettled");
  });

  it("covers every field", async () => {
    const { order, terms, provider, stranger, mintFor, orderId, words, registerModel, expectUnsigned } =
      await networkHelpers.loadFixture(deploy);
    const signed = order();
    const swaps: Partial<Job>[] = [
      { client: stranger.address },
      { provider: stranger.address },
      { token: stranger.address },
      { amount: AMOUNT + 1n },
      { modelId: await registerModel(0n, NO_ONE) },
      { inputCommitment: toBytes32(1n) },
      { deadline: terms.deadline + 1n },
      { nonce: 2n },
    ];
    // The other three are fixed for orders: bond, acceptBy and funding.
    expect(new Set(swaps.flatMap(Object.keys)).size + 3).to.equal(Object.keys(terms).length);
    for (const swap of swaps) {
      const job = { ...terms, ...swap };
      const item = { ...signed, job, proof: mintFor(orderId(job), words, job.inputCommitment) };
      await expectUnsigned(item, undefined, swap.provider === undefined ? provider : stranger);
    }
  });

  it("is the client's: the provider's, payer's or a stranger's is refused with the name of who signed", async () => {
    const { signedOrder, terms, makeClient, expectUnsigned } = await networkHelpers.loadFixture(deploy);
    const thief = await makeClient("thief");
    await expectUnsigned(signedOrder(terms, thief), thief.address);
  });

  it("of nobody is not that of the zero address", async () => {
    const { signedOrder, terms, expectUnsigned } = await networkHelpers.loadFixture(deploy);
    const item = signedOrder({ ...terms, client: NO_ONE });
    for (const garbage of [
      { r: toBytes32(0n), vs: toBytes32(0n) },
      { r: toBytes32(N), vs: toBytes32(1n) },
      { r: toBytes32(1n), vs: toBytes32(0n) },
    ]) {
      await expectUnsigned({ ...item, ...garbage }, NO_ONE);
    }
  });

  it("has a low s: above half of the group's order nobody signed (E8)", async () => {
    const { order, expectUnsigned } = await networkHelpers.loadFixture(deploy);
    const item = order();
    const half = N / 2n;
    for (const s of [half + 1n, TOP_BIT - 1n]) {
      for (const parity of [0n, TOP_BIT]) await expectUnsigned({ ...item, vs: toBytes32(s + parity) }, NO_ONE);
    }
    // Malleated: N - s does not even fit below the parity bit, so no second encoding of a signature exists.
    const vs = BigInt(item.vs);
    const s = vs % TOP_BIT;
    expect(N - s >= half).to.equal(true);
    await expectUnsigned({ ...item, vs: toBytes32((N - s) % 2n ** 256n) });
    await expectUnsigned({ ...item, vs: toBytes32(vs ^ TOP_BIT) });
  });

  it("takes the half of the group's order for s, as a curve does", async () => {
    const { order, expectUnsigned, prepaid } = await networkHelpers.loadFixture(deploy);
    const item = { ...order(), vs: toBytes32(N / 2n) };
    const recovered = ethers.recoverAddress(await prepaid.hashOrder(item.job), { r: item.r, s: item.vs, v: 27 });
    await expectUnsigned(item, recovered);
  });

  it("asks no contract: a client with code that accepts every signature orders nothing (E13)", async () => {
    const { prepaid, signedOrder, makeClient, terms, deposit, expectUnsigned } =
      await networkHelpers.loadFixture(deploy);
    const client = ethers.getAddress(`0x${"c0de".repeat(10)}`);
    // Answers every call with ERC-1271's magic value.
    await networkHelpers.setCode(client, `0x7f1626ba7e${"0".repeat(56)}5f5260205ff3`);
    await deposit(DEPOSIT, { client });
    const thief = await makeClient("thief");
    await expectUnsigned(signedOrder({ ...terms, client }, thief), thief.address);
    expect(await prepaid.depositOf(client, terms.provider, terms.token)).to.equal(DEPOSIT);
  });

  it("of an account with code counts all the same (EIP-7702)", async () => {
    const { prepaid, order, client } = await networkHelpers.loadFixture(deploy);
    await networkHelpers.setCode(client.address, `0xef0100${"11".repeat(20)}`);
    await expect(prepaid.settleOrders([order()])).to.emit(prepaid, "OrderSettled");
  });

  describe("is refused when made (E8)", () => {
    it("for an escrow, with the same contracts on the same chain", async () => {
      const { jobId, order, client, signDigest, expectUnsigned } = await networkHelpers.loadFixture(deploy);
      const item = order();
      await expectUnsigned({ ...item, ...signDigest(jobId(item.job), client) });
    });

    it("for another contract of its kind", async () => {
      const { registry, tollCollector, order, client, signDigest, expectUnsigned } =
        await networkHelpers.loadFixture(deploy);
      const other = await ethers.deployContract("PrepaidOrders", [registry, tollCollector, 0, LIFE]);
      const item = order();
      await expectUnsigned({ ...item, ...signDigest(await other.hashOrder(item.job), client) });
    });

    it("for a fork of the chain: same contracts, same addresses, another chain id", async () => {
      const { address, order, expectUnsigned, terms, modelId } = await networkHelpers.loadFixture(deploy);
      const there = await deployShop(await network.create({ override: { chainId: 31_338 } }));
      expect(there.address).to.equal(address);
      const { proof, words, r, vs } = there.order({ ...terms, modelId: there.modelId });
      await expectUnsigned({ ...order(), proof, words, r, vs });
      // Every other term is the same there, but for the model's id, which names the chain as well.
      expect(there.modelId).to.not.equal(modelId);
      const same = there.signedOrder(terms);
      await expectUnsigned({ ...order(), r: same.r, vs: same.vs });
    });
  });
});
