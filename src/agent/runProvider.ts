import type { Logger } from "pino";
import type { AgentChain } from "./agentChain.ts";
import { providerApp } from "./http/providerApp.ts";
import { DEFAULT_LIMITS, type Limits } from "./http/limits.ts";
import { listen } from "./http/listen.ts";
import { countProofs, providerMetrics } from "./http/metrics.ts";
import { Journal } from "./journal/journal.ts";
import { claimJournal, OWNER_SCHEMA } from "./journal/owner.ts";
import type { Desk } from "./provider/desk.ts";
import type { DeskPolicy } from "./provider/deskPolicy.ts";
import { JOBS_SCHEMA } from "./provider/jobsTable.ts";
import type { Offer } from "./provider/offer.ts";
import { openDesk } from "./provider/openDesk.ts";
import { createJournalQueue, PROVING_SCHEMA } from "./proving/journalQueue.ts";
import { startProvingPool } from "./proving/workerPool.ts";
import type { FeePolicy } from "./sender/fees.ts";
import { createSender, TRANSACTIONS_SCHEMA } from "./sender/journalSender.ts";
import type { AddressedSigner } from "./sender/outbox.ts";
import { createWatch, CURSOR_SCHEMA } from "./watch/journalWatch.ts";

/** Tables of a provider's journal, in the order of their versions: never reordered, only added to. */
const SCHEMA = [TRANSACTIONS_SCHEMA, CURSOR_SCHEMA, PROVING_SCHEMA, JOBS_SCHEMA, OWNER_SCHEMA];

export interface ProviderOptions {
  readonly chain: AgentChain;
  /** Pays for transactions and is paid by the jobs. One provider a key. */
  readonly wallet: AddressedSigner;
  /** File of the journal, which is of this chain and key. */
  readonly journalPath: string;
  readonly offers: readonly Offer[];
  readonly policy: DeskPolicy;
  readonly fees: FeePolicy;
  /** Time between two looks at the chain. */
  readonly pollMilliseconds: number;
  /** Path of a program with rapidsnark's command line. */
  readonly externalProver?: string;
  readonly http: {
    readonly host: string;
    readonly port: number;
    readonly publicUrl?: string;
    readonly trustProxy?: boolean;
    readonly limits?: Limits;
  };
  /** Of the program. */
  readonly version: string;
  readonly log: Logger;
}

export interface RunningProvider {
  readonly url: string;
  readonly desk: Desk;
  /** Takes nothing more, ends the step in hand, and closes the journal; the next start goes on from there. */
  readonly close: () => Promise<void>;
}

/**
 * Runs a provider: its journal, sender, watch, provers and desk, and the HTTP face over them. Throws InputError for a journal
 * that another process holds, a proving key that is missing, or a port that is taken; nothing is left open then. The chain is
 * the caller's to close.
 */
export async function runProvider(options: ProviderOptions): Promise<RunningProvider> {
  const opened: (() => Promise<void> | void)[] = [];
  const closeAll = async () => {
    for (const close of opened.splice(0).reverse()) await close();
  };
  try {
    return { ...(await start(options, (close) => opened.push(close))), close: closeAll };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

type OnClose = (close: () => Promise<void> | void) => void;

async function start(options: ProviderOptions, onClose: OnClose): Promise<Pick<RunningProvider, "url" | "desk">> {
  const { chain, wallet, journalPath, offers, policy, fees, pollMilliseconds, externalProver, version, log } = options;
  const { host, port, publicUrl, trustProxy, limits = DEFAULT_LIMITS } = options.http;
  const metrics = providerMetrics();
  const journal = new Journal(journalPath, SCHEMA);
  onClose(() => journal.close());
  claimJournal(journal, journalPath, `${wallet.address} on chain ${chain.chainId} with escrow ${chain.escrow.target}`);

  const interfaces = [chain.escrow.interface, chain.prepaid.interface, chain.registry.interface];
  const sender = createSender({ chain, wallet, journal, interfaces, fees, pollMilliseconds, logger: log });
  onClose(() => sender.close());
  await sender.resume();

  const addresses = [String(chain.escrow.target), String(chain.prepaid.target)];
  const from = await chain.provider.getBlockNumber();
  const watch = createWatch({ chain, journal, addresses, from, pollMilliseconds, logger: log });

  const models = Object.fromEntries(offers.map(({ name, model }) => [name, model]));
  const queue = createJournalQueue(journal);
  const pool = await startProvingPool({ models, queue, externalProver, logger: log });
  onClose(() => pool.close());

  const counted = countProofs(pool, metrics);
  const desk = await openDesk({ chain, offers, journal, sender, watch, pool: counted, policy, logger: log });
  onClose(() => desk.close());

  const app = providerApp(desk, { record: chain.record, version, log, metrics, publicUrl, trustProxy, limits });
  const { url, close } = await listen(app, { host, port, trustProxy, limits });
  onClose(close);
  return { url, desk };
}
