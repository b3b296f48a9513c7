import { isCallException } from "ethers";
import { z } from "zod";
import { FUNDING, JOB_STATES, type Hex } from "../../codec/statement.ts";
import type { AgentChain } from "../agentChain.ts";
import type { Purchase } from "./purchases.ts";

/**
 * Where an order stands with its contract. `unopened`: nothing was taken yet · `funded`: the escrow holds the amount ·
 * `paid`: the contract paid the provider for `words` · `returned`: the deposit is the client's credit. The words are
 * undefined where the node does not show the event that has them.
 */
export type OrderOnChain =
  | { readonly state: "unopened" | "funded" | "returned" }
  | { readonly state: "paid"; readonly words?: readonly bigint[]; readonly transaction?: Hex };

/** Blocks of one request for events; nodes refuse long ranges. */
const RANGE = 2_000;
/** Blocks by which a reorganisation may have moved the signing of an order. */
const REORG = 64;

const ESCROW_STATES = {
  None: "unopened",
  Funded: "funded",
  Accepted: "funded",
  Refunded: "returned",
  Revoked: "returned",
} as const;

/** Asks the contract itself, on the buyer's node; as of a block, where one is given. */
export async function orderOnChain(
  chain: AgentChain,
  purchase: Purchase,
  blockTag: number | "latest" = "latest",
): Promise<OrderOnChain> {
  const { job } = purchase;
  if (job.funding === FUNDING.prepaid) {
    const used = await chain.prepaid.isNonceUsed(job.client, job.provider, job.nonce, { blockTag });
    return used ? paidFor(chain, purchase) : { state: "unopened" };
  }
  const state = JOB_STATES[Number(await chain.escrow.stateOf(job, { blockTag }))];
  return state === "Settled" ? paidFor(chain, purchase) : { state: ESCROW_STATES[state] };
}

/** The words that the contract paid for, from its event. */
async function paidFor(chain: AgentChain, { jobId, job, signedBlock }: Purchase): Promise<OrderOnChain> {
  const { escrow, prepaid } = chain;
  const query: (from: number, to: number) => Promise<SettledEvent[]> =
    job.funding === FUNDING.prepaid
      ? (from, to) => prepaid.queryFilter(prepaid.filters.OrderSettled(jobId), from, to)
      : (from, to) => escrow.queryFilter(escrow.filters.JobSettled(jobId), from, to);
  const last = await chain.provider.getBlockNumber();
  for (let from = Math.max(0, signedBlock - REORG); from <= last; from += RANGE) {
    const [event] = await query(from, Math.min(last, from + RANGE - 1));
    if (event !== undefined) return { state: "paid", words: [...event.args.words], transaction: event.transactionHash };
  }
  return { state: "paid" };
}

interface SettledEvent {
  readonly args: { readonly words: readonly bigint[] };
  readonly transactionHash: Hex;
}

/**
 * Whether the registry accepts the proof, for this order and these words. What JavaScript makes of a proof counts for
 * nothing. Throws where the node did not answer.
 */
export async function chainAccepts(
  { registry }: AgentChain,
  keyId: Hex,
  { job, jobId }: Pick<Purchase, "job" | "jobId">,
  words: readonly bigint[],
  proof: readonly bigint[],
): Promise<boolean> {
  try {
    await registry.verify(keyId, job.inputCommitment, [...words], jobId, proof as never);
    return true;
  } catch (error) {
    if (isCallException(error)) return false;
    throw error;
  }
}

const PendingBlock = z.looseObject({
  timestamp: z
    .string()
    .regex(/^0x[0-9a-f]{1,16}$/)
    .transform(BigInt),
});

/**
 * About the time that the next block will bear: on a chain without news the last one's is long ago, and a deadline that
 * counts from it is over before it is signed. The last block's where the node tells of no pending one.
 */
export async function nextBlockTime({ provider }: AgentChain, last: bigint): Promise<bigint> {
  // ethers takes no block without a number.
  const pending = (await provider.send("eth_getBlockByNumber", ["pending", false]).catch(() => null)) as unknown;
  const { timestamp: time } = PendingBlock.safeParse(pending).data ?? { timestamp: last };
  return time > last ? time : last;
}

/** Number and time of the chain's last block. */
export async function chainTime({ provider }: AgentChain): Promise<{ number: number; timestamp: bigint }> {
  const block = await provider.getBlock("latest");
  if (block === null) throw new Error("the node has no block");
  return { number: block.number, timestamp: BigInt(block.timestamp) };
}
