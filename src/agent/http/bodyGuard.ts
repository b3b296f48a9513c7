import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { elementCount, highest, lowest } from "../../codec/codec.ts";
import { InputError } from "../../errors.ts";
import type { Offer } from "../provider/offer.ts";
import type { AppEnv } from "./appEnv.ts";
import { ProblemError } from "./problems.ts";

/** Nesting of an order's body is 3: object, tensors, integers. */
const BODY_DEPTH = 4;
/** Bytes of an integer beyond its digits: sign, quotes, comma, and the space of a line that is laid out for reading. */
const ROOM = 24;
/** Bytes of a body beyond its inputs: salt, and the terms of a job. */
const REST = 4_096;

/** Bytes of a body with an opening of the model, written as generously as JSON may be. */
export const bodyBytesOf = ({ model }: Offer): number =>
  REST +
  model.graph.inputs.reduce((sum, input) => {
    const digits = Math.max(String(highest(input)).length, String(lowest(input)).length);
    return sum + elementCount(input.shape) * (digits + ROOM);
  }, 0);

/** Throws InputError for an offer whose inputs cannot be sent. */
export function requireSendable(offers: readonly Offer[], cap: number): void {
  const wide = offers.find((offer) => bodyBytesOf(offer) > cap);
  if (wide !== undefined)
    throw new InputError(`model ${wide.name}: its input takes ${bodyBytesOf(wide)} bytes as JSON, want ${cap} at most`);
}

/** Lets through plain JSON of at most the given size and of little depth; what it reads is what the validators read. */
export const guardBody =
  (maxBytes: (c: Context<AppEnv>) => number): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    requirePlainJson(c);
    const maxSize = maxBytes(c);
    const tooLarge = (): never => {
      throw new ProblemError("body-too-large", `the body has more than ${maxSize} bytes`, { Connection: "close" });
    };
    await bodyLimit({ maxSize, onError: tooLarge })(c, async () => {
      requireShallow(await c.req.text(), BODY_DEPTH, "malformed-request");
    });
    await next();
  };

/** A compressed body could unfold to any size, so there are none. */
function requirePlainJson(c: Context<AppEnv>): void {
  const encoding = c.req.header("content-encoding");
  if (encoding !== undefined && encoding.toLowerCase() !== "identity")
    throw new ProblemError("unsupported-encoding", "the body is compressed, want it as it is", { Connection: "close" });
  const type = c.req.header("content-type") ?? "";
  if (!/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type))
    throw new ProblemError("unsupported-media-type", "want a body of type application/json", { Connection: "close" });
}

/** Throws a problem where brackets are nested deeper than `depth`: nothing that is sent here is. */
export function requireShallow(json: string, depth: number, code: "malformed-request" | "malformed-payment"): void {
  let open = 0;
  for (let index = 0; index < json.length; index++) {
    const character = json[index];
    if (character === '"') index = endOfString(json, index);
    else if (character === "{" || character === "[") open += 1;
    else if (character === "}" || character === "]") open -= 1;
    if (open > depth) throw new ProblemError(code, `the JSON is nested more than ${depth} deep`);
  }
}

/** Index of the quote that ends the string which begins at `start`, or the end of the text. */
function endOfString(json: string, start: number): number {
  let index = start + 1;
  while (index < json.length && json[index] !== '"') index += json[index] === "\\" ? 2 : 1;
  return index;
}
