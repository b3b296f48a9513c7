import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Bought } from "../../src/agent/buyer/confirm.ts";
import { paymentHeaders } from "../../src/agent/buyer/confirm.ts";
import { inferRequest, inferUrl } from "../../src/agent/buyer/deliver.ts";
import type { Purchase } from "../../src/agent/buyer/purchases.ts";
import type { Reclaimed } from "../../src/agent/buyer/reclaim.ts";
import { onFile } from "../../src/errors.ts";
import { formatInteger, formatTable } from "./table.ts";

/** What was bought and for how much, in lines. */
export function describeBought({ outputs, jobId, paid, transaction, confirmed, reused }: Bought): string {
  const values = outputs.map(
    ({ name, values: numbers }) => `  ${name}: ${numbers.map((value) => Number(value.toPrecision(6))).join(", ")}`,
  );
  const price = `${formatInteger(paid)} base units${reused ? ", before; nothing now" : ""}`;
  const state = confirmed ? "the contract paid for these words" : "the proof holds; the provider settles later";
  const rows = [
    ["what", "value"],
    ["job", jobId],
    ["paid", price],
    ["transaction", transaction ?? "none yet"],
    ["confirmed", state],
  ];
  return [...values, formatTable(rows)].join("\n");
}

/** What came back, in lines. */
export function describeReclaimed({ refunded, withdrawn }: Reclaimed): string {
  if (refunded.length + withdrawn.length === 0) return "  Nothing to get back.";
  return formatTable([
    ["what", "amount", "of", "transaction"],
    ...refunded.map(({ jobId, amount, transaction }) => [
      "refunded",
      formatInteger(amount),
      `job ${jobId}`,
      transaction,
    ]),
    ...withdrawn.map(({ token, amount, transaction }) => [
      "withdrawn",
      formatInteger(amount),
      `token ${token}`,
      transaction,
    ]),
  ]);
}

/** Writes a signed order as files for curl; returns the command that sends it. */
export async function writeForCurl(folder: string, shown: string, purchase: Purchase): Promise<string> {
  const { body } = inferRequest(purchase.opening);
  const { "PAYMENT-SIGNATURE": signature } = paymentHeaders(purchase);
  await onFile(folder, "written", async () => {
    await mkdir(folder, { recursive: true });
    // The salt in the request, and an order that is as good as money: for their owner only.
    await writeFile(join(folder, "request.json"), body as string, { mode: 0o600 });
    await writeFile(join(folder, "payment-signature.txt"), `PAYMENT-SIGNATURE: ${signature}\n`, { mode: 0o600 });
  });
  const { href } = inferUrl(purchase.url, purchase.model);
  return `curl -sS -H @${shown}/payment-signature.txt -H 'content-type: application/json' -d @${shown}/request.json ${href}`;
}
