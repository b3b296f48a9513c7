import type { HttpBindings } from "@hono/node-server";
import type { Offer } from "../provider/offer.ts";

/** What handlers of the provider's HTTP face hand to each other. */
export interface AppEnv {
  readonly Bindings: HttpBindings;
  readonly Variables: {
    /** The offer that the path names: an answer of status 402 brings its terms. */
    readonly offer?: Offer;
    /** Code of the problem that the request was answered with. */
    readonly problem?: string;
  };
}
