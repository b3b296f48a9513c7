import type { HardhatEthers } from "@nomicfoundation/hardhat-ethers/types";
import { Interface, type TransactionReceipt, type TransactionRequest, type Signer } from "ethers";

/** A mined transaction and, where it reverted, the custom error it reverted with. */
export interface Outcome {
  readonly receipt: TransactionReceipt;
  /** For example `DeadlinePassed(deadline: 12, nowAt: 12)`; undefined where the transaction succeeded. */
  readonly error: string | undefined;
}

/** Gas given to transactions that are expected to revert: estimating them would fail. */
const GAS_LIMIT = 1_000_000n;

/**
 * Has a transaction mined even if it reverts and says what it reverted with, read from its trace. Needs a chain that
 * mines every transaction at once and answers `debug_traceTransaction`.
 */
export async function mineAndExplain(
  { provider }: Pick<HardhatEthers, "provider">,
  signer: Signer,
  request: TransactionRequest,
  interfaces: readonly Interface[],
): Promise<Outcome> {
  const height = await provider.getBlockNumber();
  // The chain reports the revert as an error of the sending call, but has mined the transaction by then, in a block of
  // its own. Without that block the error is of something else, and an older transaction must not be taken for this one.
  const cause = await signer.sendTransaction({ gasLimit: GAS_LIMIT, ...request }).then(
    () => undefined,
    (error: unknown) => error,
  );
  const block = await provider.getBlock(height + 1);
  const receipt = block && (await provider.getTransactionReceipt(block.transactions[0]));
  if (!receipt) throw new Error("the transaction was not mined", { cause });
  if (receipt.status === 1) return { receipt, error: undefined };
  const { returnValue } = (await provider.send("debug_traceTransaction", [receipt.hash])) as { returnValue: string };
  return { receipt, error: describeRevert(returnValue, interfaces) };
}

/** Names the custom error that revert data encodes, with its arguments. */
export function describeRevert(data: string, interfaces: readonly Interface[]): string {
  const hex = data.startsWith("0x") ? data : `0x${data}`;
  if (hex === "0x") return "no data (out of gas?)";
  for (const contract of interfaces) {
    const parsed = contract.parseError(hex);
    if (parsed === null) continue;
    const values = parsed.fragment.inputs.map(({ name }, index) => `${name}: ${String(parsed.args[index])}`);
    return `${parsed.name}(${values.join(", ")})`;
  }
  return `unknown error ${hex}`;
}
