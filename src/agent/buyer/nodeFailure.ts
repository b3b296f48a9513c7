import { brokenConnection } from "../../chain/connection.ts";
import { InputError } from "../../errors.ts";

/** What ethers says where a node answered with an error of its own, with nonsense, or not at all. */
const FAILURES = ["SERVER_ERROR", "TIMEOUT", "NETWORK_ERROR", "UNKNOWN_ERROR", "BAD_DATA"];

/** Why a node gave no answer; undefined for an error that is one. Without its URL, in which access keys can be. */
export function nodeFailure(error: unknown): string | undefined {
  const { code, shortMessage } = error as { code?: unknown; shortMessage?: unknown };
  const broken = brokenConnection(error);
  if (broken !== undefined) return broken;
  return FAILURES.includes(String(code)) ? String(shortMessage ?? code) : undefined;
}

/** Runs `work`, which asks the buyer's node. A node that fails becomes an InputError of one line. */
export async function askingNode<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const failure = nodeFailure(error);
    if (failure === undefined) throw error;
    // No cause: it would show the node's URL wherever the error is logged.
    throw new InputError(`the buyer's own node gives no answer (${failure})`);
  }
}
