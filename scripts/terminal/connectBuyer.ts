import type { Buyer } from "../../src/agent/buyer/buyer.ts";
import { InputError } from "../../src/errors.ts";
import { workPath } from "../../src/paths.ts";
import type { BuyOptions } from "./buyOptions.ts";
import { readAgentKey } from "./agentKey.ts";
import { readAgentRecord } from "./agentRecord.ts";
import { callerPath } from "./callerPath.ts";
import { step } from "./progress.ts";

interface Connected {
  readonly buyer: Buyer;
  /** Whether an order was signed and no answer to it holds. */
  readonly isUnconfirmed: (error: unknown) => error is Error;
}

/** Opens the buyer of a command line. */
export async function connectBuyer(options: BuyOptions): Promise<Connected> {
  const { rpc, token, maxPrice, perDay = 10n * (maxPrice ?? 0n), model, graph } = options;
  if (rpc === undefined) throw new InputError("give --rpc URL or the variable TOLLGATE_RPC_URL: your own node");
  if (token === undefined) throw new InputError("give --token ADDRESS: what the buyer pays with");
  const record = await readAgentRecord(options.record, options.network);
  const wallet = await readAgentKey(options.keyFile, "TOLLGATE_BUYER_KEY");
  const fallback = `build/agents/buyer-${record.chainId}-${wallet.address}.db`;
  const journal = options.journal === undefined ? workPath(fallback) : callerPath(options.journal);
  // SQLite comes with Node 22; the other commands run without it.
  const { openBuyer } = await import("../../src/agent/buyer/buyer.ts");
  const { UnconfirmedPurchase } = await import("../../src/agent/buyer/unconfirmedPurchase.ts");
  const buyer = await step(
    "Checking chain and contracts",
    () =>
      openBuyer({
        rpcUrl: rpc,
        record,
        wallet,
        journal,
        token,
        limits: { perDay },
        allowSetups: options.allowSelfSetup === true ? ["ceremony", "self"] : ["ceremony"],
        graphs: model !== undefined && graph !== undefined ? { [model]: callerPath(graph) } : {},
      }),
    () => `Chain ${record.chainId} and its contracts are those of the deployment record`,
  );
  return { buyer, isUnconfirmed: (error) => error instanceof UnconfirmedPurchase };
}
