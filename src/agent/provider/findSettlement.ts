import { isPrepaid } from "./standing.ts";
import type { DeskContext } from "./deskContext.ts";
import type { JobRow, Place } from "./jobsTable.ts";

/**
 * Where a job was settled, from the contract's logs: for one that is paid before its settlement was noted. Undefined where
 * the node does not say; the state of the job is what counts.
 */
export async function findSettlement({ chain, policy }: DeskContext, row: JobRow): Promise<Place | undefined> {
  const { escrow, prepaid, provider } = chain;
  const contract = isPrepaid(row) ? prepaid : escrow;
  const event = isPrepaid(row) ? prepaid.getEvent("OrderSettled") : escrow.getEvent("JobSettled");
  const fromBlock = Math.max(0, row.createdBlock - policy.finalDepth);
  const filter = { address: String(contract.target), topics: [event.fragment.topicHash, row.id], fromBlock };
  const logs = await provider.getLogs(filter).catch(() => []);
  return logs.map(({ transactionHash: transaction, blockNumber, blockHash }) => ({
    transaction,
    blockNumber,
    blockHash,
  }))[0];
}
