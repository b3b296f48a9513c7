import { getAddress } from "ethers";
import type { Order } from "../order.ts";
import type { Opening } from "../serveJob.ts";
import { jobToJson, parseJob } from "../wireJson.ts";
import { checkOrder, requireCapacity, requireNonceFree } from "./checkOrder.ts";
import { wordsForJob } from "./checkOpening.ts";
import { checkFeasible } from "./checkTime.ts";
import type { DeskContext } from "./deskContext.ts";
import { newRow, type JobRow } from "./jobsTable.ts";
import { requireOpenable, type OpeningFunds } from "./openingFunds.ts";
import { checkSecured, isOutdated, requireCovered, type SecuredDeposit } from "./prepaidExposure.ts";

/** The order with addresses and bytes in the one form that the journal knows them by. */
export const canonical = (order: Order): Order => ({
  ...order,
  contract: getAddress(order.contract),
  job: parseJob(jobToJson(order.job)),
});

/** Journals an order that was not known before, with its input. Throws Refusal; then nothing is journalled. */
export async function takeOrder(context: DeskContext, order: Order, opening: Opening): Promise<void> {
  const { id, offer, ...checked } = await checkOrder(context, order);
  const words = wordsForJob(offer, order.job, opening);
  // Others may have been taken while the chain was read; one too many is opened and cancelled at the provider's cost.
  await checkFeasible(context, order.job, offer);
  const row = newRow(id, order, offer.name, "http", context.clock.head.number);
  let { secured } = checked;
  while (!insert(context, { ...row, opening, words, status: "accepted" }, checked.funds, secured))
    secured = await checkSecured(context, order);
}

/** Checks as it writes what others may have changed since it was read; false where a deposit must be read again. */
function insert(
  context: DeskContext,
  row: JobRow,
  funds: OpeningFunds | undefined,
  secured: SecuredDeposit | undefined,
): boolean {
  const { jobs } = context;
  let isCurrent = true;
  jobs.insert(row, () => {
    if (jobs.find(row.id) !== undefined) return false;
    requireNonceFree(context, row, row.id);
    requireCapacity(context, row.job.client);
    if (funds !== undefined) requireOpenable(context, row, funds);
    if (secured === undefined) return true;
    isCurrent = !isOutdated(context, row, secured);
    if (isCurrent) requireCovered(context, row, secured);
    return isCurrent;
  });
  return isCurrent;
}
