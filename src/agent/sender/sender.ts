import type { Hex } from "../../codec/statement.ts";

/** A transaction that an agent wants mined, whatever it takes. */
export interface Intent {
  /** What it is for, such as `settle:0x…`: an intent with a purpose that is on its way is joined, not sent again. */
  readonly purpose: string;
  readonly to: Hex;
  readonly data: Hex;
  readonly value?: bigint;
}

/** Where an intent's transaction was mined. A reorganisation can undo it: what it did is read from the contract. */
export interface Mined {
  readonly hash: Hex;
  readonly blockNumber: number;
  readonly blockHash: Hex;
  /** False where it was mined and reverted. */
  readonly succeeded: boolean;
  readonly gasUsed: bigint;
}

/**
 * The one sender of a key. Signs with the next nonce, journals the signed transaction before sending it, raises its fee
 * within bounds until it is mined, and finds its place again after a restart, a reorganisation or a lost nonce.
 */
export interface Sender {
  readonly address: Hex;
  /**
   * Resolves once the intent's transaction is mined. Rejects where its simulation reverts, with the decoded error, and
   * nothing is journalled then; where the key cannot pay for it; and with AbortError when `signal` fires, while the
   * transaction stays on its way.
   */
  submit(intent: Intent, signal?: AbortSignal): Promise<Mined>;
  /** Sends again what was on its way when the process ended. */
  resume(): Promise<void>;
  close(): Promise<void>;
}
