import { Wallet } from "ethers";
import { connectAgent } from "../../agent/agentChain.ts";
import type { Journal } from "../../agent/journal/journal.ts";
import { createJournalQueue, PROVING_SCHEMA } from "../../agent/proving/journalQueue.ts";
import type { Desk } from "../../agent/provider/desk.ts";
import { DEFAULT_POLICY, type DeskPolicy } from "../../agent/provider/deskPolicy.ts";
import { JOBS_SCHEMA } from "../../agent/provider/jobsTable.ts";
import type { Offer } from "../../agent/provider/offer.ts";
import { openDesk } from "../../agent/provider/openDesk.ts";
import { createSender, TRANSACTIONS_SCHEMA } from "../../agent/sender/journalSender.ts";
import type { Sender } from "../../agent/sender/sender.ts";
import { createWatch, CURSOR_SCHEMA } from "../../agent/watch/journalWatch.ts";
import type { DeploymentRecord } from "../../chain/record.ts";
import type { Hex } from "../../codec/statement.ts";
import type { Trapdoor } from "../../setup/mint.ts";
import { mintingPool } from "./mintingPool.ts";

/** Everything that a provider needs but its node and its journal; can be sent to another process. */
export interface ProviderSettings {
  readonly record: DeploymentRecord;
  readonly offer: Offer;
  readonly trapdoor: Trapdoor;
  readonly privateKey: Hex;
  /** Depth in blocks at which a payment counts as beyond reorganisations. */
  readonly finalDepth: number;
}

export const PROVIDER_SCHEMA = [TRANSACTIONS_SCHEMA, CURSOR_SCHEMA, JOBS_SCHEMA, PROVING_SCHEMA];

/** Milliseconds between two looks at a chain whose blocks come every few milliseconds. */
const POLL = 25;
/** Fees that allow for every base fee of a run, in wei of a gas unit. */
const FEES = {
  maxFeePerGas: 2_000_000_000_000n,
  maxPriorityFeePerGas: 200_000_000_000n,
  bumpBlocks: 3,
  maxBumps: 12,
};

/** A provider with everything real but its prover. */
export interface ChaosProvider {
  readonly desk: Desk;
  readonly sender: Sender;
  readonly close: () => Promise<void>;
}

const POLICY: DeskPolicy = {
  ...DEFAULT_POLICY,
  confirmations: [{ blocks: 2 }],
  maxDelaySeconds: 0.3,
  scanSeconds: 0.5,
};

/** Connects, opens the desk over the journal, and goes on with what it finds there. The journal stays the caller's. */
export async function startProvider(
  { record, offer, trapdoor, privateKey, finalDepth }: ProviderSettings,
  rpcUrl: string,
  journal: Journal,
): Promise<ChaosProvider> {
  const chain = await connectAgent(rpcUrl, record);
  const { escrow, prepaid, registry } = chain;
  const interfaces = [escrow, prepaid, registry].map((contract) => contract.interface);
  const wallet = new Wallet(privateKey, chain.provider);
  const timing = { finalDepth, pollMilliseconds: POLL };
  const sender = createSender({ chain, wallet, journal, interfaces, fees: FEES, ...timing });
  const addresses = [String(escrow.target), String(prepaid.target)];
  const from = await chain.provider.getBlockNumber();
  const watch = createWatch({ chain, journal, addresses, from, pollMilliseconds: POLL });
  const pool = mintingPool(offer.model, trapdoor, createJournalQueue(journal));
  const policy = { ...POLICY, finalDepth };
  const desk = await openDesk({ chain, offers: [offer], journal, sender, watch, pool, policy });
  await sender.resume();
  return {
    desk,
    sender,
    close: async () => {
      await desk.close();
      await sender.close();
      await pool.close();
      chain.close();
    },
  };
}
