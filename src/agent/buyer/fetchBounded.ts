import { InputError, oneLine } from "../../errors.ts";

/** What a server answered, read to its end. */
export interface BoundedResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Longest body that is read, in bytes: the widest models answer with a few hundred words. */
const MAX_BYTES = 1 << 20;

/**
 * A request to a server that is not trusted: no redirect is followed, no more than a mebibyte is read, and all of it is
 * over after `milliseconds`, or when the signal of `init` fires. Throws an Error of one line where there is no such answer.
 */
export async function fetchBounded(url: URL, init: RequestInit, milliseconds: number): Promise<BoundedResponse> {
  const timeout = AbortSignal.timeout(Math.max(1, Math.ceil(milliseconds)));
  const signal = init.signal ? AbortSignal.any([timeout, init.signal]) : timeout;
  try {
    const response = await fetch(url, { ...init, redirect: "manual", signal });
    const { status, headers } = response;
    if (status >= 300 && status < 400) {
      await response.body?.cancel();
      throw new Error(`answers with a redirect to ${headers.get("location") ?? "nowhere"}, which is not followed`);
    }
    return { status, headers, text: await readBounded(response) };
  } catch (error) {
    throw new Error(oneLine(`${url.origin}: ${reasonOf(error)}`), { cause: error });
  }
}

async function readBounded({ body }: Response): Promise<string> {
  if (body === null) return "";
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop cancels the stream.
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new Error(`the body is longer than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function reasonOf(error: unknown): string {
  const { name, message, cause } = error as Error;
  if (name === "TimeoutError") return "no complete answer in time";
  return cause instanceof Error ? `${message} (${(cause as { code?: string }).code ?? cause.message})` : message;
}

/** The provider's address in the web: http or https, no secrets in it. Throws InputError. */
export function parseProviderUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !["http:", "https:"].includes(url.protocol))
    throw new InputError(`url ${text}: want http:// or https:// and a host`);
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "")
    throw new InputError(`url ${url.origin}: want no user, password, query or fragment`);
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}
