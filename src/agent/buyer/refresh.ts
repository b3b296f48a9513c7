import type { AgentChain } from "../agentChain.ts";
import { chainTime, orderOnChain } from "./orderOnChain.ts";
import type { Purchase, Purchases } from "./purchases.ts";

/** Seconds after its deadline from which no reorganisation can bring an order back to life. */
const BEYOND_REORG = 900n;

/** Asks the contracts how open orders stand, all unless given, and journals what was paid and what never will be. */
export async function refresh(
  { chain, purchases }: { readonly chain: AgentChain; readonly purchases: Purchases },
  open: readonly Purchase[] = purchases.open(),
): Promise<void> {
  if (open.length === 0) return;
  const { number, timestamp } = await chainTime(chain);
  for (const { jobId, job, answer, ...purchase } of open) {
    const isOver = timestamp >= job.deadline + BEYOND_REORG;
    // Behind an address there can be many nodes, some of them behind: one that does not know of the block that ended the
    // order yet must not have it forgotten, with a deposit in the escrow.
    const order = await orderOnChain(chain, { jobId, job, ...purchase }, isOver ? number : "latest");
    if (order.state === "paid") {
      // A node that shows the payment may be behind with its event: then the words are asked for again.
      const { words = answer?.words, transaction } = order;
      if (words) purchases.setStatus(jobId, "paid", { words, proof: answer?.proof, transaction });
    } else if (order.state !== "funded" && isOver) {
      purchases.setStatus(jobId, "released");
    }
  }
}
