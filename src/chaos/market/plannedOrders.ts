import { type ContractTransaction, Wallet } from "ethers";
import { authorizationData, idOfOrder, permitData, type Order } from "../../agent/order.ts";
import type { Opening } from "../../agent/serveJob.ts";
import { signJob, signOrder } from "../../agent/signJob.ts";
import { signAuthorization, signPermit } from "../../agent/signMoney.ts";
import { commitInput } from "../../codec/commitment.ts";
import { FUNDING, toBytes32, type Hex, type Job } from "../../codec/statement.ts";
import type { Random } from "../../fuzz/random.ts";
import { type ChaosMarket, PRICE } from "./chaosMarket.ts";

/** How an order reaches the provider and its money the contract; all of these must end paid. */
export const HONEST_WAYS = ["eip3009", "allowance", "permit", "prepaid", "openedOnChain"] as const;
/** Its client places such an order and makes its nonce useless meanwhile: either comes first. */
const REVOKED = "revoked";
const WAYS = [...HONEST_WAYS, REVOKED] as const;

export type Way = (typeof WAYS)[number];

/** An order that a client will place, with everything that it gives to the provider. */
export interface PlannedOrder {
  readonly way: Way;
  readonly id: Hex;
  readonly order: Order;
  readonly opening: Opening;
  /** The client's own transaction, where it opens the job itself or revokes its nonce; signed, not sent. */
  readonly ownTransaction?: Hex;
}

const FUNDING_OF: Readonly<Record<Way, number>> = {
  eip3009: FUNDING.authorization,
  allowance: FUNDING.allowance,
  permit: FUNDING.allowance,
  prepaid: FUNDING.prepaid,
  openedOnChain: FUNDING.allowance,
  revoked: FUNDING.authorization,
};

/** Seconds from the chain's time to an order's deadline: longer than any schedule takes, by the time of its blocks. */
const ORDER_SECONDS = 5_400n;
/** Wei of a gas unit that a client's own transaction pays at most. */
const CLIENT_FEE = 1_000_000_000_000n;

/** Signs so many orders, each way at least once where there are enough. Call on a chain as `reset` leaves it. */
export async function planOrders(market: ChaosMarket, count: number, random: Random): Promise<PlannedOrder[]> {
  const planned: PlannedOrder[] = [];
  const sent = new Map<Hex, number>();
  for (let index = 0; index < count; ++index) {
    const way = index < WAYS.length ? WAYS[index] : random.pick(WAYS.filter((each) => each !== "permit"));
    const client = clientOf(market, way, random);
    const nonce = sent.get(client) ?? 0;
    if (way === "openedOnChain" || way === REVOKED) sent.set(client, nonce + 1);
    planned.push(await planOrder(market, way, client, BigInt(index), nonce, random));
  }
  return planned;
}

/** The last client gives no allowance, so that a permit can. */
function clientOf({ parties: { clients } }: ChaosMarket, way: Way, random: Random): Hex {
  if (way === "permit") return clients[clients.length - 1];
  return way === "allowance" || way === "openedOnChain" ? random.pick(clients.slice(0, -1)) : random.pick(clients);
}

async function planOrder(
  market: ChaosMarket,
  way: Way,
  client: Hex,
  nonce: bigint,
  transactionNonce: number,
  random: Random,
): Promise<PlannedOrder> {
  const { chain, offer, parties, inputs } = market;
  const opening = { inputs: random.pick(inputs), salt: saltOf(random) };
  const latest = await chain.provider.getBlock("latest");
  const job: Job = {
    client,
    provider: parties.provider,
    token: offer.token,
    amount: PRICE,
    bond: 0n,
    modelId: offer.modelId,
    inputCommitment: toBytes32(commitInput(offer.model.graph.inputs, opening.inputs, opening.salt)),
    acceptBy: 0n,
    deadline: BigInt(latest!.timestamp) + ORDER_SECONDS,
    funding: FUNDING_OF[way],
    nonce,
  };
  const wallet = new Wallet(market.keyOf(client), chain.provider);
  const order = await signedOrder(market, wallet, way, job);
  const id = idOfOrder(order, chain.chainId);
  if (way !== "openedOnChain" && way !== REVOKED) return { way, id, order, opening };
  const { escrow } = chain;
  const request =
    way === REVOKED
      ? await escrow.revoke.populateTransaction(job.provider, job.nonce)
      : await escrow.open.populateTransaction(job, "0x");
  return { way, id, order, opening, ownTransaction: await signOwn(market, wallet, request, transactionNonce) };
}

async function signedOrder({ chain, offer }: ChaosMarket, client: Wallet, way: Way, job: Job): Promise<Order> {
  const { chainId, escrow, prepaid } = chain;
  const contract = String((way === "prepaid" ? prepaid : escrow).target);
  if (way === "openedOnChain") return { contract, job, signature: "0x", fundingData: "0x" };
  if (way === "prepaid")
    return { contract, job, signature: await signOrder(client, job, chainId, contract), fundingData: "0x" };
  const signature = await signJob(client, job, chainId, contract);
  if (way === "allowance") return { contract, job, signature, fundingData: "0x" };
  const collector = await escrow.collectorOf(job.funding);
  if (way === "permit") {
    const permit = await signPermit(client, job, collector, offer.tokenDomain!, chainId, 0n);
    return { contract, job, signature, fundingData: permitData(permit) };
  }
  const jobId = idOfOrder({ contract, job }, chainId);
  const authorization = await signAuthorization(client, job, jobId, collector, offer.tokenDomain!, chainId);
  return { contract, job, signature, fundingData: authorizationData(authorization) };
}

/** A client's transaction; `offset` counts those that it signed since the chain's reset. */
async function signOwn(
  { chain }: ChaosMarket,
  client: Wallet,
  request: ContractTransaction,
  offset: number,
): Promise<Hex> {
  const nonce = (await client.getNonce()) + offset;
  return client.signTransaction({
    ...request,
    type: 2,
    chainId: chain.chainId,
    nonce,
    gasLimit: 500_000n,
    maxFeePerGas: CLIENT_FEE,
    maxPriorityFeePerGas: 1_000_000_000n,
  });
}

/** 120 bits: what is sold here needs no secret. */
const saltOf = (random: Random): bigint =>
  Array.from({ length: 5 }, () => BigInt(random.below(2 ** 24))).reduce((salt, part) => (salt << 24n) + part, 0n);
