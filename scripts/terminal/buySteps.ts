import type { Buyer, PurchaseRequest } from "../../src/agent/buyer/buyer.ts";
import type { Purchase } from "../../src/agent/buyer/purchases.ts";
import { writeJson } from "../../src/jsonFile.ts";
import { describeBought, describeReclaimed, writeForCurl } from "./buyResult.ts";
import { callerPath } from "./callerPath.ts";
import { step } from "./progress.ts";

/** Two steps, since an order that is signed is what matters; the second continues the order of the first. */
export async function purchase(buyer: Buyer, request: PurchaseRequest, json: string | undefined): Promise<void> {
  const known = request.again === true ? undefined : await buyer.known(request);
  if (known === undefined) await order(buyer, request);
  const bought =
    known ??
    (await step(
      "Waiting for the proof",
      () => buyer.buyInference(request),
      () => "Proven, says the chain",
    ));
  if (json !== undefined) await writeJson(callerPath(json), bought);
  console.log(describeBought(bought));
}

/** Signs, and says how to send it with curl. */
export async function signOnly(buyer: Buyer, request: PurchaseRequest, folder: string): Promise<void> {
  const signed = await order(buyer, request);
  console.log(`  ${await writeForCurl(callerPath(folder), folder, signed)}`);
}

export async function reclaim(buyer: Buyer, json: string | undefined): Promise<void> {
  const reclaimed = await step("Asking the contracts", () => buyer.reclaim());
  if (json !== undefined) await writeJson(callerPath(json), reclaimed);
  console.log(describeReclaimed(reclaimed));
}

const order = (buyer: Buyer, request: PurchaseRequest): Promise<Purchase> =>
  step(
    "Asking for the terms",
    async () => (await buyer.prepare(request)).order(),
    ({ job, jobId }) =>
      `Signed job ${jobId} over ${job.amount}, until ${new Date(Number(job.deadline) * 1000).toISOString()}`,
  );
