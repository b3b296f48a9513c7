import { expect } from "chai";
import { network } from "hardhat";
import { AMOUNT, NO_ONE, TOLL_BPS } from "../market.ts";
import { DEPOSIT, LIFE, deployShop } from "./shop.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { time } = networkHelpers;
const deploy = () => deployShop(connection);

/** Sums that start at zero. */
const sums = () => {
  const values = new Map<string, bigint>();
  return {
    add: (key: string, value: bigint) => values.set(key, (values.get(key) ?? 0n) + value),
    get: (key: string) => values.get(key) ?? 0n,
  };
};

describe("PrepaidOrders: events", () => {
  it("rebuild deposits, announcements, nonces and credits, without calldata (invariant 26)", async () => {
    const shop = await networkHelpers.loadFixture(deploy);
    const { prepaid, registry, order, deposit, client, terms, stranger, announce, execute } = shop;
    await deposit(DEPOSIT, { provider: stranger.address });
    const deadline = BigInt(await time.latest()) + LIFE;
    await prepaid.settleOrders([order(), order({ nonce: 2n, amount: 333n }), order({ nonce: 2n })]);
    await prepaid.connect(stranger).settleOrders([order({ provider: stranger.address, amount: 7n * AMOUNT + 1n })]);
    await announce(2n * AMOUNT);
    await announce(AMOUNT);
    await prepaid.connect(client).announceWithdrawal(stranger, terms.token, 5n);
    await prepaid.connect(client).cancelWithdrawal(stranger, terms.token);
    await prepaid.connect(client).announceWithdrawal(stranger, terms.token, 6n);
    await time.increaseTo(deadline + 100n);
    await execute();
    await prepaid.withdrawFor(terms.token, terms.provider);
    const now = BigInt(await time.latest());
    await prepaid.settleOrders([order({ nonce: 300n, deadline: now + LIFE })]);

    const royalties = await royaltiesOf(registry);
    const [deposits, credits, nonces] = [sums(), sums(), new Set<string>()];
    const announcements = new Map<string, [bigint, bigint]>();
    for (const log of await ethers.provider.getLogs({ address: shop.address, fromBlock: 0 })) {
      const event = prepaid.interface.parseLog(log);
      if (event === null) throw new Error("an event that the contract does not declare");
      const { args, name } = event;
      const key = `${args.client} ${args.provider} ${args.token}`;
      if (name === "Deposited") deposits.add(key, args.amount);
      if (name === "WithdrawalAnnounced") announcements.set(key, [args.amount, args.maturesAt]);
      if (name === "WithdrawalCancelled") announcements.delete(key);
      if (name === "WithdrawalExecuted") {
        announcements.delete(key);
        deposits.add(key, -BigInt(args.amount));
        credits.add(`${args.client} ${args.token}`, args.amount);
      }
      if (name === "Withdrawn") credits.add(`${args.owner} ${args.token}`, -BigInt(args.amount));
      if (name === "OrderSettled") {
        const { token, provider, modelId, nonce } = args;
        const amount = BigInt(args.amount);
        const [bps, royaltyTo] = royalties.get(BigInt(modelId)) ?? [0n, NO_ONE];
        const toll: bigint = (amount * TOLL_BPS) / 10_000n;
        const royalty: bigint = (amount * bps) / 10_000n;
        deposits.add(key, -amount);
        credits.add(`${provider} ${token}`, amount - toll - royalty);
        credits.add(`${shop.tollCollector.address} ${token}`, toll);
        credits.add(`${royaltyTo} ${token}`, royalty);
        nonces.add(`${args.client} ${provider} ${nonce}`);
      }
    }

    for (const provider of [terms.provider, stranger.address]) {
      const key = `${terms.client} ${provider} ${terms.token}`;
      expect(await prepaid.depositOf(terms.client, provider, terms.token)).to.equal(deposits.get(key));
      const [amount, maturesAt] = await prepaid.announcementOf(terms.client, provider, terms.token);
      expect([amount, maturesAt]).to.deep.equal(announcements.get(key) ?? [0n, 0n]);
      for (const nonce of [0n, 1n, 2n, 3n, 300n]) {
        const used = await prepaid.isNonceUsed(terms.client, provider, nonce);
        expect(used).to.equal(nonces.has(`${terms.client} ${provider} ${nonce}`));
      }
    }
    for (const owner of [terms.client, terms.provider, stranger, shop.tollCollector, shop.royaltyReceiver]) {
      const address = typeof owner === "string" ? owner : owner.address;
      expect(await prepaid.creditOf(address, terms.token)).to.equal(credits.get(`${address} ${terms.token}`));
    }
    expect([nonces.size, announcements.size]).to.deep.equal([4, 1]);
  });
});

/** Every model's royalty, from the registry's events. */
async function royaltiesOf(registry: Awaited<ReturnType<typeof deploy>>["registry"]) {
  const logs = await registry.queryFilter(registry.filters.RoyaltySet(), 0);
  return new Map(logs.map(({ args }) => [args.modelId, [BigInt(args.royaltyBps), args.royaltyTo] as const]));
}
