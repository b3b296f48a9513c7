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
  // The chain reports the revert as an error of the sending call, but has mined the transaction by then.
  const sent = await signer.sendTransaction({ gasLimit: GAS_LIMIT, ...request }).catch(() => undefined);
  const block = await provider.getBlock("latest");
  const hash = sent?.hash ?? block?.transactions.at(-1);
  const receipt = hash === undefined ? null : await provider.getTransactionReceipt(hash);
  if (receipt === null) throw new Error("the transaction was not mined");
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
