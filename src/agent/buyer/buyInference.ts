import { openBuyer, type BuyerOptions, type PurchaseRequest } from "./buyer.ts";
import type { Bought } from "./confirm.ts";

/** Buys one inference with a buyer of its own, as `Buyer.buyInference`. */
export async function buyInference({
  url,
  model,
  input,
  maxPrice,
  deadline,
  method,
  provider,
  again,
  ...options
}: PurchaseRequest & BuyerOptions): Promise<Bought> {
  const buyer = await openBuyer(options);
  try {
    return await buyer.buyInference({ url, model, input, maxPrice, deadline, method, provider, again });
  } finally {
    buyer.close();
  }
}
