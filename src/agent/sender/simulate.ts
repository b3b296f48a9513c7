import { dataLength, isError, type Interface } from "ethers";
import { describeRevert } from "../../chain/revert.ts";
import type { Hex } from "../../codec/statement.ts";
import { NodeTrouble, type NodeCalls } from "../watch/nodeCalls.ts";
import type { Intent } from "./sender.ts";

/** Gas of one transaction at most: EIP-7825. */
const GAS_CAP = 16_777_216n;
/**
 * Bytes of call data at most: nodes pass on no transaction of more than 131,072 bytes, so one that is longer would keep
 * its nonce, and all that come after it, waiting for ever.
 */
const DATA_CAP = 130_000;
/** Refusals of an estimate without revert data: the gas does not suffice, whatever the limit. */
const NEVER = /gas required exceeds|out of gas|exceeds .*gas (limit|cap)/i;

/** The intent reverts now, so it was not signed. */
export class SimulationReverted extends Error {
  override readonly name = "SimulationReverted";
  /** The decoded custom error, such as `DeadlinePassed(deadline: 12, nowAt: 12)`. */
  readonly reason: string;

  constructor(purpose: string, reason: string) {
    super(`${purpose}: reverts with ${reason}`);
    this.reason = reason;
  }
}

/** The key cannot pay for the transaction beside those that are on their way. Amounts in wei. */
export class InsufficientFunds extends Error {
  override readonly name = "InsufficientFunds";

  constructor(purpose: string, got: bigint, wanted: bigint) {
    super(`${purpose}: the sender has ${got} wei to spend, want ${wanted}`);
  }
}

/**
 * The gas limit for an intent on the latest block. Settling writes a slot anew, for 17,100 gas more, where a credit is
 * withdrawn between now and the block: hence the head-room. Throws SimulationReverted.
 */
export async function gasLimitOf(
  node: NodeCalls,
  from: Hex,
  { purpose, to, data, value = 0n }: Intent,
  interfaces: readonly Interface[],
): Promise<bigint> {
  const bytes = dataLength(data);
  if (bytes > DATA_CAP)
    throw new SimulationReverted(purpose, `${bytes} bytes of call data, a transaction takes at most ${DATA_CAP}`);
  const gas = await node.estimateGas(from, to, data, value).catch((error: unknown) => {
    if (isError(error, "CALL_EXCEPTION"))
      throw new SimulationReverted(purpose, describeRevert(error.data ?? "0x", interfaces));
    if (error instanceof NodeTrouble && NEVER.test(error.message)) throw new SimulationReverted(purpose, error.message);
    throw error;
  });
  if (gas > GAS_CAP) throw new SimulationReverted(purpose, `${gas} gas, a transaction takes at most ${GAS_CAP}`);
  const roomy = (gas * 5n) / 4n + 30_000n;
  return roomy < GAS_CAP ? roomy : GAS_CAP;
}
