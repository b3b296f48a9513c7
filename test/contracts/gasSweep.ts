import { expect } from "chai";
import type { NetworkConnection } from "hardhat/types/network";

/** A transaction but for its gas limit. `value` is in wei, as hex. */
export interface Call {
  readonly from: string;
  readonly to: string;
  readonly data: string;
  readonly value?: string;
}

/**
 * Makes the same call under one gas limit after the other, undoing each, and lets `check` look at what is left. Limits:
 * the first, then pairs of an end and the step that leads there. Gives how many sufficed and how many did not.
 */
export async function sweepGas(
  { provider, ethers }: NetworkConnection,
  call: Call,
  [first, ...stretches]: readonly number[],
  check: (done: boolean) => Promise<void>,
): Promise<{ done: number; refused: number }> {
  let [gas, done, refused] = [first, 0, 0];
  for (let index = 0; index < stretches.length; index += 2) {
    for (; gas <= stretches[index]; gas += stretches[index + 1]) {
      const snapshot = await provider.request({ method: "evm_snapshot", params: [] });
      const succeeded = await sendWithGas({ ...call, gas: ethers.toQuantity(gas) });
      await check(succeeded).catch((error: unknown) => {
        throw new Error(`with ${gas} gas`, { cause: error });
      });
      if (succeeded) done++;
      else refused++;
      await provider.request({ method: "evm_revert", params: [snapshot] });
    }
  }
  return { done, refused };

  /** Mines the transaction, which throws when it reverts, and gives whether it succeeded. */
  async function sendWithGas(transaction: Call & { gas: string }): Promise<boolean> {
    await provider.request({ method: "eth_sendTransaction", params: [transaction] }).catch(() => undefined);
    const block = (await provider.request({ method: "eth_getBlockByNumber", params: ["latest", false] })) as {
      transactions: [string];
    };
    const receipt = (await provider.request({
      method: "eth_getTransactionReceipt",
      params: [block.transactions[0]],
    })) as { status: string; from: string };
    expect(receipt.from).to.equal(transaction.from.toLowerCase());
    return BigInt(receipt.status) === 1n;
  }
}
