import { Interface, isError } from "ethers";
import { describeRevert } from "../../chain/revert.ts";
import { Refusal } from "./desk.ts";

/** What tokens revert with where they follow ERC-6093. */
const TOKEN_ERRORS = new Interface([
  "error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)",
  "error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed)",
  "error ERC20InvalidSender(address sender)",
  "error ERC20InvalidReceiver(address receiver)",
]);

/** What a call to a contract reverted with. */
export interface Revert {
  /** Name of the custom error, where its contract's interface knows it. */
  readonly name: string | undefined;
  /** One line for a person. */
  readonly text: string;
}

/** The revert behind an error; undefined where the node failed and the contract said nothing. */
export function revertOf(error: unknown): Revert | undefined {
  if (!isError(error, "CALL_EXCEPTION")) return undefined;
  const { revert, reason, data } = error;
  if (revert) return { name: revert.name, text: `${revert.name}(${revert.args.map(String).join(", ")})` };
  return { name: undefined, text: reason ?? describeRevert(data ?? "0x", [TOKEN_ERRORS]) };
}

/**
 * Runs reads of the chain; what is wrong with the node becomes a Refusal `chain-unavailable`, which is worth a retry.
 * Errors of ethers and of the network bear a code; those of this process or its journal are passed on.
 */
export async function readingChain<Result>(read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (error instanceof Refusal || typeof code !== "string" || code.startsWith("ERR_")) throw error;
    throw new Refusal("chain-unavailable", "the chain cannot be read now, try again", { cause: error });
  }
}
