import type { BlockTag } from "ethers";
import { FUNDING, JOB_STATES } from "../../codec/statement.ts";
import type { AgentChain } from "../agentChain.ts";
import type { Order } from "../order.ts";
import { revertOf } from "./nodeErrors.ts";

/** Where a job stands on the chain; `OtherTerms`: its nonce went to a job with other terms. */
export type Standing = (typeof JOB_STATES)[number] | "OtherTerms";

export const isPrepaid = ({ job }: Pick<Order, "job">): boolean => job.funding === FUNDING.prepaid;

/** Reads where a job or order stands; an order whose deposit is secured counts as Funded until its nonce is used. */
export async function standingOf(chain: AgentChain, order: Pick<Order, "job">, blockTag: BlockTag): Promise<Standing> {
  const { job } = order;
  if (isPrepaid(order)) {
    const isUsed = await chain.prepaid.isNonceUsed(job.client, job.provider, job.nonce, { blockTag });
    return isUsed ? "Settled" : "Funded";
  }
  try {
    return JOB_STATES[Number(await chain.escrow.stateOf(job, { blockTag }))];
  } catch (error) {
    if (revertOf(error)?.name === "JobTermsMismatch") return "OtherTerms";
    throw error;
  }
}

/** The block below which, counting itself, `depth` blocks lie; undefined where the chain is not that long. */
export function tagAtDepth(head: number, depth: number): BlockTag | undefined {
  if (depth <= 1) return "latest";
  const number = head - depth + 1;
  return number < 0 ? undefined : number;
}
