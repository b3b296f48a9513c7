/** Process of a buyer whose journal is sabotaged: buys one inference in each way, and says what its journal holds then. */
import { setTimeout as sleep } from "node:timers/promises";
import { Wallet } from "ethers";
import { connectAgent } from "../../agent/agentChain.ts";
import { Buyer, type BuyerOptions, type PurchaseRequest } from "../../agent/buyer/buyer.ts";
import { Purchases, PURCHASES_SCHEMA, type PurchaseStatus } from "../../agent/buyer/purchases.ts";
import { refresh } from "../../agent/buyer/refresh.ts";
import type { DeploymentRecord } from "../../chain/record.ts";
import type { Hex, Job } from "../../codec/statement.ts";
import { openSabotaged, type SabotagePlan } from "./sabotagedJournal.ts";

/** What the process is told once. */
export interface BuyerTask {
  readonly rpcUrl: string;
  readonly record: DeploymentRecord;
  readonly token: Hex;
  readonly perDay: bigint;
  readonly privateKey: Hex;
  readonly journalPath: string;
  readonly plan: SabotagePlan | undefined;
  readonly requests: readonly PurchaseRequest[];
}

/** What it says at the end, when every request has its answer. */
export interface BuyerMessage {
  readonly purchases: readonly { readonly jobId: Hex; readonly job: Job; readonly status: PurchaseStatus }[];
  readonly writes: number;
}

const RETRY = 25;

process.once("message", (task: BuyerTask) => void buyAll(task));
process.on("disconnect", () => process.exit());

async function buyAll(task: BuyerTask): Promise<void> {
  let writes = 0;
  const buyer = await openSabotagedBuyer(task, (write) => (writes = write));
  for (const request of task.requests) await insist(() => buyer.buyInference(request));
  await insist(() => buyer.resume());
  const purchases = buyer.purchases().map(({ jobId, job, status }) => ({ jobId, job, status }));
  const message: BuyerMessage = { purchases, writes };
  process.send!(message);
}

/** As `openBuyer`, over a journal that goes wrong. */
async function openSabotagedBuyer(task: BuyerTask, onWrite: (write: number) => void): Promise<Buyer> {
  const { rpcUrl, record, token, perDay, privateKey, journalPath } = task;
  const chain = await connectAgent(rpcUrl, record);
  const wallet = new Wallet(privateKey, chain.provider);
  const journal = openSabotaged(journalPath, [PURCHASES_SCHEMA], task.plan, onWrite);
  const closer = new AbortController();
  const options: BuyerOptions = { rpcUrl, record, wallet, journal: journalPath, token, limits: { perDay } };
  const purchases = new Purchases(journal, chain.chainId, wallet.address);
  const { limits } = options;
  const trust = { chain, client: wallet.address, purchases, token, limits, setups: [], closing: closer.signal };
  await refresh(trust);
  return new Buyer(options, trust, journal, closer);
}

/** Does what fails again, as an agent would that needs the answer. */
async function insist(work: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      return void (await work());
    } catch {
      await sleep(RETRY);
    }
  }
}
