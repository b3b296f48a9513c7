import { isIPv6 } from "node:net";
import { getConnInfo } from "@hono/node-server/conninfo";
import type { Context, MiddlewareHandler } from "hono";
import { rateLimiter } from "hono-rate-limiter";
import type { AppEnv } from "./appEnv.ts";
import { ProblemError } from "./problems.ts";

const MINUTE = 60_000;

/**
 * Whom a request is counted for: the address of the connection; behind a trusted proxy the one that the proxy wrote last
 * into X-Forwarded-For, since everything before it is the client's own word.
 */
export function clientAddress(c: Context<AppEnv>, trustProxy: boolean): string {
  const forwarded = trustProxy ? c.req.header("x-forwarded-for")?.split(",").at(-1)?.trim() : undefined;
  const address = forwarded ?? getConnInfo(c).remote.address ?? "unknown";
  return isIPv6(address) && !address.startsWith("::ffff:") ? networkOf(address) : address;
}

/** The first 64 bits of an IPv6 address, which one customer has to himself. */
function networkOf(address: string): string {
  const [head, tail] = address.split("%")[0].split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? [] : Array<string>(Math.max(0, 8 - before.length - after.length)).fill("0");
  return `${[...before, ...zeros, ...after].slice(0, 4).join(":")}::/64`;
}

/** At most so many requests a minute from one client: 429 with Retry-After beyond. */
export const limitRate = (requestsPerMinute: number, trustProxy: boolean): MiddlewareHandler<AppEnv> =>
  rateLimiter<AppEnv>({
    windowMs: MINUTE,
    limit: requestsPerMinute,
    standardHeaders: "draft-7",
    keyGenerator: (c) => clientAddress(c, trustProxy),
    handler: () => {
      throw new ProblemError("rate-limited", `want at most ${requestsPerMinute} requests a minute`);
    },
  });

/** A number of places; 503 where all are taken. */
export class Places {
  readonly #places: number;
  readonly #of: string;
  #taken = 0;

  constructor(places: number, of: string) {
    this.#places = places;
    this.#of = of;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Takes a place and gives what frees it. */
  take(): () => void {
    if (this.#taken >= this.#places)
      throw new ProblemError("too-busy", `${this.#places} ${this.#of} are open already; try again`);
    this.#taken += 1;
    let freed = false;
    return () => {
      if (!freed) this.#taken -= 1;
      freed = true;
    };
  }
}

/** A place for each request until it is answered. */
export const limitConcurrency =
  (places: Places): MiddlewareHandler<AppEnv> =>
  async (_, next) => {
    const free = places.take();
    try {
      await next();
    } finally {
      free();
    }
  };
