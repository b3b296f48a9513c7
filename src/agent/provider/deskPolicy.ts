import type { Job } from "../../codec/statement.ts";
import { InputError } from "../../errors.ts";

/** How deep a deposit must lie before anything is proven for it. */
export interface Confirmations {
  /** Largest amount that this depth is enough for, in base units; undefined for any. */
  readonly upTo?: bigint;
  /** 1: the block that holds it is the newest. */
  readonly blocks: number;
}

/** The provider's own terms: how much of what it takes on, and how sure it wants to be. */
export interface DeskPolicy {
  /** By rising amount; what is above all of them takes the last. */
  readonly confirmations: readonly Confirmations[];
  /** Depth in blocks at which a payment counts as beyond reorganisations. */
  readonly finalDepth: number;
  /** Seconds that an order must leave between the expected end of its work and its deadline. */
  readonly marginSeconds: number;
  /** Seconds in which the chain is expected to make a block. */
  readonly blockSeconds: number;
  /** Largest bond that is put up, in base units; 0: jobs with bonds are declined. */
  readonly maxBond: bigint;
  readonly maxOpenJobs: number;
  readonly maxOpenPerClient: number;
  /** Longest time that a proven prepaid order waits for others to be settled with. */
  readonly maxDelaySeconds: number;
  /** Most settlements in one transaction, 1 to 128. */
  readonly batchSize: number;
  /** Seconds between two readings of every job that is not over, whatever the events said. */
  readonly scanSeconds: number;
}

export const DEFAULT_POLICY: DeskPolicy = {
  // For tokens of six decimals: a dollar at a glance, a thousand after as many blocks as an exchange waits for.
  confirmations: [{ upTo: 10_000_000n, blocks: 1 }, { upTo: 1_000_000_000n, blocks: 4 }, { blocks: 12 }],
  finalDepth: 64,
  marginSeconds: 60,
  blockSeconds: 12,
  maxBond: 0n,
  maxOpenJobs: 256,
  maxOpenPerClient: 128,
  maxDelaySeconds: 60,
  batchSize: 32,
  scanSeconds: 60,
};

/** Throws InputError where parts of a policy contradict each other, or what the contracts take. */
export function checkPolicy({ confirmations, finalDepth, batchSize, scanSeconds }: DeskPolicy): void {
  const depths = confirmations.map(({ blocks }) => blocks);
  if (depths.length === 0 || depths.some((blocks) => !Number.isInteger(blocks) || blocks < 1))
    throw new InputError(`confirmations: got ${depths.join(", ") || "none"} blocks, want at least one of 1 or more`);
  // What is settled counts against a deposit until it is as deep as the deposit was read.
  if (Math.max(...depths) > finalDepth)
    throw new InputError(`finalDepth: got ${finalDepth}, want at least the ${Math.max(...depths)} of confirmations`);
  if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > 128)
    throw new InputError(`batchSize: got ${batchSize}, want 1 to 128`);
  if (!(scanSeconds > 0)) throw new InputError(`scanSeconds: got ${scanSeconds}, want more than 0`);
}

/** Blocks that must hold a deposit of `amount` before it is worked for. */
export function depthFor({ confirmations }: DeskPolicy, amount: bigint): number {
  const enough = confirmations.find(({ upTo }) => upTo === undefined || amount <= upTo);
  return (enough ?? confirmations.at(-1))?.blocks ?? 1;
}

/** Seconds that blocks take on the way of a job: to open it, to lie deep enough, and to settle it. */
export const blockSecondsOf = (policy: DeskPolicy, job: Job, prepaid: boolean): number =>
  policy.blockSeconds * (prepaid ? 1 : depthFor(policy, job.amount) + 1);
