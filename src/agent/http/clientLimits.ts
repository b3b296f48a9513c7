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
  return countedAs(forwarded ?? getConnInfo(c).remote.address);
}

/** What the limits count an address as: itself, of IPv6 its network. */
export const countedAs = (address = "unknown"): string =>
  isIPv6(address) && !address.startsWith("::ffff:") ? networkOf(address) : address;

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

/** A number of places, of which one client gets some: 503 where all of either are taken. */
export class Places {
  readonly #places: number;
  readonly #perClient: number;
  readonly #of: string;
  readonly #taken = new Map<string, number>();
  #total = 0;

  constructor(places: number, perClient: number, of: string) {
    this.#places = places;
    this.#perClient = perClient;
    this.#of = of;
  }

  /** Takes a place and gives what frees it. */
  take(client: string): () => void {
    const own = this.#taken.get(client) ?? 0;
    if (this.#total >= this.#places)
      throw new ProblemError("too-busy", `${this.#places} ${this.#of} are open already; try again`);
    if (own >= this.#perClient)
      throw new ProblemError("too-busy", `${own} ${this.#of} of your address are open already; try again`);
    this.#count(client, 1);
    let freed = false;
    return () => {
      if (!freed) this.#count(client, -1);
      freed = true;
    };
  }

  #count(client: string, change: 1 | -1): void {
    this.#total += change;
    const own = (this.#taken.get(client) ?? 0) + change;
    if (own > 0) this.#taken.set(client, own);
    else this.#taken.delete(client);
  }
}

/** A place for each request until it is answered. */
export const limitConcurrency =
  (places: Places, trustProxy: boolean): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    const free = places.take(clientAddress(c, trustProxy));
    try {
      await next();
    } finally {
      free();
    }
  };
