import type { Log } from "ethers";
import type { Hex } from "../../codec/statement.ts";

/** A block that follows what was seen before. */
export interface Head {
  readonly number: number;
  readonly hash: Hex;
  /** The chain's time, unix seconds. */
  readonly timestamp: bigint;
  /** Set where a reorganisation undid every block above this number. */
  readonly rewoundTo?: number;
  /** Logs of the watched contracts since the last head or the rewind, in order. One may come again after a restart. */
  readonly logs: readonly Log[];
}

/** Follows the chain from a cursor of block hashes in the journal. */
export interface ChainWatch {
  /** The last head, once there is one. */
  readonly head: Head | undefined;
  /** Calls `onHead` for each new head, one call after another; the cursor moves when it has resolved. */
  start(onHead: (head: Head) => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}
