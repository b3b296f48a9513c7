import { oneLine } from "../errors.ts";

/**
 * What a call of a contract returns; where it reverts or there is no such contract, a text that says so. Throws
 * what the connection throws: a chain that does not answer is no answer.
 */
export async function answer<Result>(ask: () => Promise<Result>): Promise<Result | string> {
  try {
    return await ask();
  } catch (error) {
    const { code, data } = error as { code?: unknown; data?: unknown };
    if (code === "BAD_DATA") return "nothing answers there";
    if (code === "CALL_EXCEPTION" || typeof data === "string")
      return `the call reverts (${oneLine((error as Error).message)})`;
    throw error;
  }
}
