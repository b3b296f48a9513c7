import { InputError } from "../errors.ts";

/** Codes of the system and of the HTTP client: the node was not reached, hung up, or answered with an HTTP error. */
const BROKEN = /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOST|ENET|UND_ERR_)/;

/** Why a request did not get the node's answer; undefined for an error that is an answer. */
export function brokenConnection(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as { code?: unknown };
    if (typeof code === "string" && BROKEN.test(code)) return code;
  }
  return undefined;
}

/**
 * Runs `work` on a network; a connection that breaks becomes an InputError that ends in `advice`. The node's URL stays
 * out of it: it may hold an access key.
 */
export async function overConnection<Result>(
  network: string,
  advice: string,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const code = brokenConnection(error);
    if (code === undefined) throw error;
    throw new InputError(`network ${network}: the connection broke (${code}); ${advice}`, { cause: error });
  }
}
