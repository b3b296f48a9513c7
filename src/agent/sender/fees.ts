/** What a transaction pays for a unit of gas, as EIP-1559 has it, in wei. */
export interface Fees {
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

/** What a key pays at most, whatever a node says, and how it raises its fees. */
export interface FeePolicy extends Fees {
  /** Blocks that a transaction waits for its turn before its fees are raised. */
  readonly bumpBlocks: number;
  /** Times that the fees of a transaction are raised; after that it is only sent again. */
  readonly maxBumps: number;
}

const lower = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const higher = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/** What a node asks for, room for the base fee to double included, within the policy. Amounts in wei. */
export function offeredFees(policy: FeePolicy, baseFeePerGas: bigint, tip: bigint): Fees {
  const maxPriorityFeePerGas = lower(tip, lower(policy.maxPriorityFeePerGas, policy.maxFeePerGas));
  return { maxFeePerGas: lower(2n * baseFeePerGas + maxPriorityFeePerGas, policy.maxFeePerGas), maxPriorityFeePerGas };
}

/** Nodes take a transaction in another's place for 10 % more of both fees; this is 12.5 %, and at least a wei. */
const raised = (fee: bigint): bigint => fee + fee / 8n + 1n;

/** The fees of a replacement: what is offered now, or what nodes want at least; undefined where that is over the policy. */
export function raisedFees(policy: FeePolicy, before: Fees, offered: Fees): Fees | undefined {
  const maxFeePerGas = higher(raised(before.maxFeePerGas), offered.maxFeePerGas);
  const maxPriorityFeePerGas = higher(raised(before.maxPriorityFeePerGas), offered.maxPriorityFeePerGas);
  const within = maxFeePerGas <= policy.maxFeePerGas && maxPriorityFeePerGas <= policy.maxPriorityFeePerGas;
  return within && maxPriorityFeePerGas <= maxFeePerGas ? { maxFeePerGas, maxPriorityFeePerGas } : undefined;
}
