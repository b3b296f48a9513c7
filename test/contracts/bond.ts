import { expect } from "chai";
import { network } from "hardhat";
import { BOND, REFUNDED, SETTLED, bondMarkets } from "./bondMarket.ts";
import { AMOUNT, ROYALTY_BPS, TOLL_BPS } from "./market.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { allowance: deploy, native } = bondMarkets(connection);
const FEES = (AMOUNT * (TOLL_BPS + ROYALTY_BPS)) / 10_000n;

type Step = "accept" | "acceptBy" | "deadline" | "stop" | "settle" | "cancel" | "refund";
type Market = Awaited<ReturnType<typeof deploy>>;

const STEPS: Record<Step, (market: Market) => Promise<unknown>> = {
  accept: ({ accept }) => accept(),
  acceptBy: ({ job }) => networkHelpers.time.increaseTo(job.acceptBy),
  deadline: ({ job }) => networkHelpers.time.increaseTo(job.deadline),
  stop: ({ stopKey }) => stopKey(),
  settle: ({ escrow, job, words, prove }) => escrow.settle(job, words, prove(job)),
  cancel: ({ escrow, provider, job }) => escrow.connect(provider).cancel(job),
  refund: ({ escrow, stranger, job }) => escrow.connect(stranger).refund(job),
};

/** What each history leaves to client and provider, and whom `JobRefunded` names for how much bond. */
const PATHS: [Step[], client: bigint, provider: bigint, bond: bigint, bondTo: "client" | "provider"][] = [
  [["accept", "settle"], 0n, AMOUNT - FEES + BOND, 0n, "provider"],
  [["accept", "acceptBy", "settle"], 0n, AMOUNT - FEES + BOND, 0n, "provider"],
  [["acceptBy", "refund"], AMOUNT, 0n, 0n, "client"],
  [["deadline", "refund"], AMOUNT, 0n, 0n, "client"],
  [["stop", "refund"], AMOUNT, 0n, 0n, "client"],
  [["cancel"], AMOUNT, 0n, 0n, "client"],
  [["acceptBy", "cancel"], AMOUNT, 0n, 0n, "client"],
  [["deadline", "cancel"], AMOUNT, 0n, 0n, "client"],
  [["stop", "cancel"], AMOUNT, 0n, 0n, "client"],
  [["accept", "deadline", "refund"], AMOUNT + BOND, 0n, BOND, "client"],
  [["accept", "cancel"], AMOUNT + BOND, 0n, BOND, "client"],
  [["accept", "acceptBy", "cancel"], AMOUNT + BOND, 0n, BOND, "client"],
  [["accept", "deadline", "cancel"], AMOUNT + BOND, 0n, BOND, "client"],
  [["accept", "stop", "refund"], AMOUNT, BOND, BOND, "provider"],
  [["accept", "stop", "cancel"], AMOUNT, BOND, BOND, "provider"],
  [["accept", "stop", "deadline", "refund"], AMOUNT, BOND, BOND, "provider"],
  [["accept", "deadline", "stop", "refund"], AMOUNT, BOND, BOND, "provider"],
];

describe("a bond", () => {
  for (const fixture of [deploy, native]) {
    const kind = fixture === native ? "ether" : "tokens";
    for (const [steps, client, provider, bond, bondTo] of PATHS) {
      it(`in ${kind} after ${steps.join(", ")} is ${bondTo === "client" ? "not " : ""}the provider's`, async () => {
        const market = await networkHelpers.loadFixture(fixture);
        const { escrow, job, open, jobId, credits } = market;
        await open();
        let last: unknown;
        for (const step of steps) last = await STEPS[step](market);
        expect(await credits()).to.deep.equal({ client, provider });
        const settled = steps.includes("settle");
        expect(await escrow.stateOf(job)).to.equal(settled ? SETTLED : REFUNDED);
        if (!settled) {
          const args = [jobId(job), job.client, AMOUNT, bond, job[bondTo]];
          await expect(last)
            .to.emit(escrow, "JobRefunded")
            .withArgs(...args);
        }
        const held =
          kind === "ether" ? await ethers.provider.getBalance(escrow) : await market.dollar.balanceOf(escrow);
        expect(held).to.equal(client + provider + (settled ? FEES : 0n));
      });
    }
  }

  it("pays no toll and no royalty, and may be the greatest amount beside the greatest amount", async () => {
    const { escrow, dollar, job, client, provider, spender, words, prove, tollCollector, royaltyReceiver, credits } =
      await networkHelpers.loadFixture(deploy);
    const max = 2n ** 128n - 1n;
    const big = { ...job, amount: max, bond: max };
    for (const party of [client, provider]) {
      await dollar.mint(party, max);
      await dollar.connect(party).approve(spender, max);
    }
    await escrow.connect(client).open(big, "0x");
    await escrow.connect(provider).accept(big, "0x");
    await escrow.settle(big, words, prove(big));
    const toll = (max * TOLL_BPS) / 10_000n;
    const royalty = (max * ROYALTY_BPS) / 10_000n;
    expect(await escrow.creditOf(tollCollector, dollar)).to.equal(toll);
    expect(await escrow.creditOf(royaltyReceiver, dollar)).to.equal(royalty);
    expect((await credits()).provider).to.equal(max - toll - royalty + max);
    for (const owner of [tollCollector, royaltyReceiver, provider]) await escrow.withdrawFor(dollar, owner);
    expect(await dollar.balanceOf(escrow)).to.equal(0n);
  });

  it("is lost where an acceptance that waited is mined too late to settle: the terms must leave time after acceptBy", async () => {
    const { escrow, job, open, accept, words, prove, stranger, credits } = await networkHelpers.loadFixture(deploy);
    const sudden = { ...job, acceptBy: job.deadline };
    const proof = prove(sudden);
    await open(sudden);
    await networkHelpers.time.setNextBlockTimestamp(sudden.acceptBy - 1n);
    await accept(sudden);
    await networkHelpers.time.setNextBlockTimestamp(sudden.deadline);
    await expect(escrow.settle(sudden, words, proof))
      .to.be.revertedWithCustomError(escrow, "DeadlinePassed")
      .withArgs(sudden.deadline, sudden.deadline);
    await escrow.connect(stranger).refund(sudden);
    expect(await credits()).to.deep.equal({ client: AMOUNT + BOND, provider: 0n });
  });

  it("at its greatest goes to the client with the greatest amount", async () => {
    const { escrow, dollar, job, client, provider, spender, credits } = await networkHelpers.loadFixture(deploy);
    const max = 2n ** 128n - 1n;
    const big = { ...job, amount: max, bond: max };
    for (const party of [client, provider]) {
      await dollar.mint(party, max);
      await dollar.connect(party).approve(spender, max);
    }
    await escrow.connect(client).open(big, "0x");
    await escrow.connect(provider).accept(big, "0x");
    const call = escrow.connect(provider).cancel(big);
    await expect(call)
      .to.emit(escrow, "Refunded")
      .withArgs(escrow.hashJob(big), client.address, 2n * max);
    expect(await credits()).to.deep.equal({ client: 2n * max, provider: 0n });
  });
});
