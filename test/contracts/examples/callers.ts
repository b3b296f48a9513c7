import { expect } from "chai";
import { network } from "hardhat";
import { packWords } from "../../../src/codec/codec.ts";
import { toBytes32 } from "../../../src/codec/statement.ts";
import { deployActor } from "../actor.ts";
import { deployMarket } from "../market.ts";
import { ATTESTATION_TYPES, attestationDomain, subjectOf } from "./requests.ts";
import { deployFees } from "./volatility.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const INPUT = toBytes32(4_711n);
const LIMIT = 1_000_000n;
const RESERVE = 1_000_000_000n;
/** An output without any risk. */
const SAFE = packWords(
  [
    { name: "label", shape: [1], bits: 1, signed: false, scale: 1 },
    { name: "probabilities", shape: [1, 2], bits: 9, signed: false, scale: 1 },
  ],
  [[0n], [400n, 0n]],
);

/** A line that the actor opened in a transaction of the lender's. */
async function deployCredit() {
  const market = await deployMarket(connection);
  const { settlements, modelId, keyId, chainId, token, client: issuer, provider: lender, stranger, mintFor } = market;
  const actor = await deployActor(connection);
  const { self, actBy } = actor;
  const terms = { modelId, issuer: issuer.address, maxLimit: LIMIT, maxRiskBps: 4_000n };
  const credit = await ethers.deployContract("CreditLine", [settlements, terms, token, lender]);
  const consumer = await credit.getAddress();
  await token.mint(credit, 10n * LIMIT);
  await actBy(lender, token, "approve", [consumer, LIMIT]);
  const expiry = (await networkHelpers.time.latest()) + 86_400;
  const attestation = { keyId, holder: self, inputCommitment: INPUT, expiry };
  const signature = await issuer.signTypedData(attestationDomain(chainId, consumer), ATTESTATION_TYPES, attestation);
  const request = await credit.attestationOf(self, INPUT, expiry);
  const settlementRegistry = await settlements.getAddress();
  const proof = mintFor(subjectOf({ chainId, settlementRegistry, consumer, request }), SAFE, INPUT);
  const open = () => actBy(lender, credit, "open", [INPUT, expiry, signature, SAFE, proof]);
  return { ...actor, credit, token, lender, stranger, request, expiry, open };
}

async function deployPool() {
  const { fees, provider: owner, stranger, toDay } = await deployFees(connection);
  const actor = await deployActor(connection);
  const [base, quote] = [await ethers.deployContract("TestToken"), await ethers.deployContract("TestToken")];
  const pools = [
    await ethers.deployContract("VolatilityPool", [fees, base, quote, owner]),
    await ethers.deployContract("VolatilityPool", [fees, base, quote, actor.self]),
  ];
  for (const token of [base, quote]) {
    await token.mint(actor.self, 10n * RESERVE);
    for (const pool of pools) await actor.actBy(stranger, token, "approve", [await pool.getAddress(), 10n * RESERVE]);
  }
  await toDay(1);
  return { ...actor, base, quote, others: pools[0], own: pools[1], owner, stranger };
}

describe("who calls the examples counts, not who sends the transaction:", () => {
  it("a credit line is the borrower's that calls, and so is what it draws", async () => {
    const { credit, token, self, actBy, lender, request, expiry, open } =
      await networkHelpers.loadFixture(deployCredit);
    await expect(open()).to.emit(credit, "LineOpened").withArgs(self, request, LIMIT, expiry);
    expect([await credit.limitOf(self), await credit.limitOf(lender)]).to.deep.equal([LIMIT, 0n]);
    await expect(open()).to.be.revertedWithCustomError(credit, "LineExists");
    const draw = actBy(lender, credit, "draw", [LIMIT]);
    await expect(draw).to.emit(credit, "Drawn").withArgs(self, LIMIT);
    await expect(draw).to.changeTokenBalances(ethers, token, [self, lender, credit], [LIMIT, 0n, -LIMIT]);
    expect([await credit.debtOf(self), await credit.debtOf(lender)]).to.deep.equal([LIMIT, 0n]);
    await expect(actBy(lender, credit, "draw", [1n]))
      .to.be.revertedWithCustomError(credit, "LimitExceeded")
      .withArgs(LIMIT + 1n, LIMIT);
    const repay = actBy(lender, credit, "repay", [self, LIMIT]);
    await expect(repay).to.emit(credit, "Repaid").withArgs(self, self, LIMIT);
    await expect(repay).to.changeTokenBalances(ethers, token, [self, lender, credit], [-LIMIT, 0n, LIMIT]);
    await expect(actBy(lender, credit, "withdraw", [self, 1n]))
      .to.be.revertedWithCustomError(credit, "NotLender")
      .withArgs(self, lender.address);
  });

  it("a pool takes its owner's and its traders' tokens, and pays those who call", async () => {
    const { own, others, base, quote, self, actBy, owner, stranger } = await networkHelpers.loadFixture(deployPool);
    await actBy(stranger, own, "add", [RESERVE, RESERVE]);
    expect(await base.balanceOf(self)).to.equal(9n * RESERVE);
    for (const [name, args] of [
      ["add", [1n, 1n]],
      ["remove", [0n, 0n, self]],
    ] as const) {
      await expect(actBy(owner, others, name, args))
        .to.be.revertedWithCustomError(others, "NotOwner")
        .withArgs(self, owner.address);
    }
    const swap = actBy(stranger, own, "swap", [true, 1_000n, 0n]);
    await expect(swap)
      .to.emit(own, "Swapped")
      .withArgs(
        self,
        true,
        1_000n,
        (out: bigint) => out > 0n,
        (pips: bigint) => pips > 0n,
      );
    await expect(swap).to.changeTokenBalances(ethers, quote, [self, stranger], [-1_000n, 0n]);
    expect((await base.balanceOf(self)) > 9n * RESERVE).to.equal(true);
    await actBy(stranger, own, "remove", [1n, 1n, stranger.address]);
    expect(await base.balanceOf(stranger)).to.equal(1n);
  });
});
