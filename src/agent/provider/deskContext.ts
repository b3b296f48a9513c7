import type { Logger } from "pino";
import type { Hex } from "../../codec/statement.ts";
import type { AgentChain } from "../agentChain.ts";
import type { ProvingPool } from "../proving/provingPool.ts";
import type { Sender } from "../sender/sender.ts";
import type { Certainty } from "./certainty.ts";
import type { ChainClock } from "./chainClock.ts";
import type { DeskPolicy } from "./deskPolicy.ts";
import type { JobsTable } from "./jobsTable.ts";
import type { Offer } from "./offer.ts";

export type DeskLogger = Pick<Logger, "info" | "warn" | "error">;

/** What every part of the desk works with. */
export interface DeskContext {
  readonly chain: AgentChain;
  /** Whom the jobs pay: the sender's account. */
  readonly provider: Hex;
  /** By model id: what is sold is the registration with its royalty, not the key alone. */
  readonly offers: ReadonlyMap<bigint, Offer>;
  readonly jobs: JobsTable;
  readonly clock: ChainClock;
  readonly certainty: Certainty;
  readonly sender: Sender;
  readonly pool: ProvingPool;
  readonly policy: DeskPolicy;
  readonly log: DeskLogger;
  /** Fires when the desk closes. */
  readonly closing: AbortSignal;
}
