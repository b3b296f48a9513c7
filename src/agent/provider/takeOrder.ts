import { getAddress } from "ethers";
import type { Hex } from "../../codec/statement.ts";
import type { Order } from "../order.ts";
import type { Opening } from "../serveJob.ts";
import { jobToJson, parseJob } from "../wireJson.ts";
import { checkOrder, requireCapacity, requireNonceFree, type CheckedOrder } from "./checkOrder.ts";
import { wordsForJob } from "./checkOpening.ts";
import type { DeskContext } from "./deskContext.ts";
import { newRow } from "./jobsTable.ts";
import { requireCovered } from "./prepaidExposure.ts";

/** The order with addresses and bytes in the one form that the journal knows them by. */
export const canonical = (order: Order): Order => ({
  ...order,
  contract: getAddress(order.contract),
  job: parseJob(jobToJson(order.job)),
});

/** Journals an order that was not known before, with its input. Throws Refusal; then nothing is journalled. */
export async function takeOrder(context: DeskContext, order: Order, opening: Opening): Promise<Hex> {
  const checked = await checkOrder(context, order);
  const words = wordsForJob(checked.offer, order.job, opening);
  insert(context, order, checked, { opening, words });
  return checked.id;
}

/** What the reads of the chain did not see, such as another order on the same deposit, is checked as it is written. */
function insert(
  context: DeskContext,
  order: Order,
  { id, offer, secured }: CheckedOrder,
  work: { opening: Opening; words: readonly bigint[] },
): void {
  const { clock, jobs } = context;
  const row = { ...newRow(id, order, offer.name, "http", clock.head.number), ...work, status: "accepted" as const };
  jobs.insert(row, () => {
    if (jobs.find(id) !== undefined) return false;
    requireNonceFree(context, order, id);
    requireCapacity(context, order.job.client);
    if (secured !== undefined) requireCovered(context, order, secured);
    return true;
  });
}
