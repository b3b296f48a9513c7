import { Command } from "commander";
import type { Buyer, PurchaseRequest } from "../src/agent/buyer/buyer.ts";
import { InputError } from "../src/errors.ts";
import { writeJson } from "../src/jsonFile.ts";
import { readInputRows } from "../src/model/modelFiles.ts";
import { withBuyOptions, type BuyOptions } from "./terminal/buyOptions.ts";
import { describeBought, describeReclaimed, writeForCurl } from "./terminal/buyResult.ts";
import { callerPath } from "./terminal/callerPath.ts";
import { connectBuyer } from "./terminal/connectBuyer.ts";
import { step } from "./terminal/progress.ts";

export const buyCommand = (): Command =>
  withBuyOptions(
    new Command("buy").description("buy an inference from a provider; nothing is paid for without its proof"),
  ).action(buy);

async function buy(url: string | undefined, options: BuyOptions): Promise<void> {
  const request = options.reclaim === true ? undefined : await readRequest(url, options);
  const { buyer, isUnconfirmed } = await connectBuyer(options);
  try {
    if (request === undefined) await reclaim(buyer, options);
    else if (options.signOnly !== undefined) await signOnly(buyer, request, options.signOnly);
    else await purchase(buyer, request, options);
  } catch (error) {
    if (!isUnconfirmed(error)) throw error;
    console.error(`error: ${error.message}`);
    process.exitCode = 1;
  } finally {
    buyer.close();
  }
}

async function readRequest(url: string | undefined, options: BuyOptions): Promise<PurchaseRequest> {
  const { model, input, maxPrice, deadline, method, provider, again } = options;
  if (url === undefined || model === undefined || input === undefined || maxPrice === undefined)
    throw new InputError("want <url>, --model, --input and --max-price, or --reclaim");
  return { url, model, input: await readInputRows(callerPath(input)), maxPrice, deadline, method, provider, again };
}

/** Two steps, since an order that is signed is what matters; the second continues the order of the first. */
async function purchase(buyer: Buyer, request: PurchaseRequest, { json }: BuyOptions): Promise<void> {
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

const order = (buyer: Buyer, request: PurchaseRequest) =>
  step(
    "Asking for the terms",
    async () => (await buyer.prepare(request)).order(),
    ({ job, jobId }) => `Signed job ${jobId} over ${job.amount}, ${job.deadline} at the latest`,
  );

async function signOnly(buyer: Buyer, request: PurchaseRequest, folder: string): Promise<void> {
  const signed = await order(buyer, request);
  console.log(`  ${await writeForCurl(callerPath(folder), folder, signed)}`);
}

async function reclaim(buyer: Buyer, { json }: BuyOptions): Promise<void> {
  const reclaimed = await step("Asking the contracts", () => buyer.reclaim());
  if (json !== undefined) await writeJson(callerPath(json), reclaimed);
  console.log(describeReclaimed(reclaimed));
}
