import type { Wallet } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import type { Hex, Job } from "../../../src/codec/statement.ts";
import { FUNDING, orderIdOf } from "../../../src/codec/statement.ts";
import { AMOUNT, TOLL_BPS, deployMarket } from "../market.ts";

/** The longest life of an order, in seconds. */
export const LIFE = 7_200n;
/** What the fixture deposits for the client and the provider. */
export const DEPOSIT = 10n * AMOUNT;
/** Why an order was left out, in the order of the contract's enum. */
export const SKIP = { deadlinePassed: 2n, keyStopped: 3n, nonceUsed: 4n, depositTooSmall: 5n } as const;

/** An order ready for `settleOrders`. */
export interface SignedOrder {
  readonly job: Job;
  readonly words: bigint[];
  readonly proof: bigint[];
  readonly r: Hex;
  readonly vs: Hex;
}

/** A market with a PrepaidOrders contract that the provider calls, and a deposit of a client whose key is known. */
export async function deployShop(connection: NetworkConnection, wordCount = 1) {
  const { ethers, networkHelpers } = connection;
  const market = await deployMarket(connection, wordCount);
  const { registry, token, tollCollector, chainId, words, mintFor } = market;
  const rules = [registry, tollCollector, TOLL_BPS, LIFE] as const;
  const prepaid = await ethers.deployContract("PrepaidOrders", [...rules], market.provider);
  const address = await prepaid.getAddress();
  const makeClient = async (label: string): Promise<Wallet> => {
    const wallet = new ethers.Wallet(ethers.id(label), ethers.provider);
    await networkHelpers.setBalance(wallet.address, 10n ** 18n);
    return wallet;
  };
  const client = await makeClient("client");
  const terms: Job = { ...market.terms, client: client.address, funding: FUNDING.prepaid };
  // Whoever pays for deposits is not the client.
  const payer = market.client;
  await token.connect(payer).approve(prepaid, 2n ** 200n);
  const deposit = (amount = DEPOSIT, to: Partial<Job> = {}) => {
    const { client: owner, provider, token: kind } = { ...terms, ...to };
    return prepaid.connect(payer).deposit(owner, provider, kind, amount, "0x");
  };
  await deposit();

  const orderId = (job: Job): Hex => orderIdOf(job, chainId, address);
  const signDigest = (digest: Hex, by: Wallet): { r: Hex; vs: Hex } => {
    const { r, yParityAndS } = by.signingKey.sign(digest);
    return { r, vs: yParityAndS };
  };
  const signedOrder = (job: Job, by = client, output = words): SignedOrder => {
    const id = orderId(job);
    return { job, words: output, proof: mintFor(id, output, job.inputCommitment), ...signDigest(id, by) };
  };
  const order = (changes: Partial<Job> = {}, by = client): SignedOrder => signedOrder({ ...terms, ...changes }, by);
  const depositOf = () => prepaid.depositOf(terms.client, terms.provider, terms.token);
  const announcement = async () => [...(await prepaid.announcementOf(terms.client, terms.provider, terms.token))];
  const announce = (amount = DEPOSIT) =>
    prepaid.connect(client).announceWithdrawal(terms.provider, terms.token, amount);
  const execute = () => prepaid.connect(client).executeWithdrawal(terms.provider, terms.token);
  const credits = () =>
    Promise.all(
      [market.provider, tollCollector, market.royaltyReceiver, client, market.stranger].map((owner) =>
        prepaid.creditOf(owner, terms.token),
      ),
    );
  return {
    ...market,
    prepaid,
    address,
    makeClient,
    client,
    payer,
    terms,
    deposit,
    orderId,
    signDigest,
    signedOrder,
    order,
    depositOf,
    announcement,
    announce,
    execute,
    credits,
  };
}
