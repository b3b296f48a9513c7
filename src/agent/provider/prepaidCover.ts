import type { AgentChain } from "../agentChain.ts";
import { groupBy } from "./groupBy.ts";
import type { JobRow } from "./jobsTable.ts";

/** Those orders that the deposits cover now, by deadline: the contract leaves out the others. */
export async function coveredOrders({ prepaid }: AgentChain, rows: readonly JobRow[]): Promise<JobRow[]> {
  const covered: JobRow[] = [];
  for (const orders of groupBy(rows, ({ job }) => `${job.client} ${job.token}`).values()) {
    const { client, provider, token } = orders[0].job;
    let left = await prepaid.depositOf(client, provider, token);
    for (const order of orders.toSorted((a, b) => Number(a.job.deadline - b.job.deadline))) {
      if (order.job.amount > left) continue;
      left -= order.job.amount;
      covered.push(order);
    }
  }
  return covered;
}
