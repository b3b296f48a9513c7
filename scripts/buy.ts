import { Command } from "commander";
import type { PurchaseRequest } from "../src/agent/buyer/buyer.ts";
import { InputError } from "../src/errors.ts";
import { readInputRows } from "../src/model/modelFiles.ts";
import { withBuyOptions, type BuyOptions } from "./terminal/buyOptions.ts";
import { purchase, reclaim, signOnly } from "./terminal/buySteps.ts";
import { callerPath } from "./terminal/callerPath.ts";
import { connectBuyer } from "./terminal/connectBuyer.ts";

export const buyCommand = (): Command =>
  withBuyOptions(
    new Command("buy").description("buy an inference from a provider; nothing is paid for without its proof"),
  ).action(buy);

async function buy(url: string | undefined, options: BuyOptions): Promise<void> {
  const request = options.reclaim === true ? undefined : await readRequest(url, options);
  const { buyer, isUnconfirmed } = await connectBuyer(options);
  try {
    if (request === undefined) await reclaim(buyer, options.json);
    else if (options.signOnly !== undefined) await signOnly(buyer, request, options.signOnly);
    else await purchase(buyer, request, options.json);
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
