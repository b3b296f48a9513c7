import type { Buyer, PurchaseRequest } from "../../src/agent/buyer/buyer.ts";
import type { Bought } from "../../src/agent/buyer/confirm.ts";
import type { Purchase } from "../../src/agent/buyer/purchases.ts";
import { UnconfirmedPurchase } from "../../src/agent/buyer/unconfirmedPurchase.ts";
import { InputError } from "../../src/errors.ts";
import { writeJson } from "../../src/jsonFile.ts";
import { describeBought, describeReclaimed, writeForCurl } from "./buyResult.ts";
import { callerPath } from "./callerPath.ts";
import { step } from "./progress.ts";

/** Two steps, since an order that is signed is what matters; the second continues the order of the first. */
export async function purchase(buyer: Buyer, request: PurchaseRequest, json: string | undefined): Promise<void> {
  const known = request.again === true ? undefined : await buyer.known(request);
  const bought = known ?? (await proven(buyer, request, await order(buyer, request)));
  if (json !== undefined) await writeJson(callerPath(json), bought);
  console.log(describeBought(bought));
}

/** What goes wrong from here on leaves an order that is signed, so it is no bad input. */
const proven = (buyer: Buyer, request: PurchaseRequest, signed: Purchase): Promise<Bought> =>
  step(
    "Waiting for the proof",
    async () => {
      try {
        return await buyer.buyInference(request);
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        throw new UnconfirmedPurchase(error.message, signed, error);
      }
    },
    () => "Proven, says the chain",
  );

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
