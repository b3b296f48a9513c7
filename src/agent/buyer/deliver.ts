import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { InputError, oneLine } from "../../errors.ts";
import { checkSchema } from "../../checkSchema.ts";
import { openingToJson, decimalBelow, Bytes32 } from "../wireJson.ts";
import { fetchBounded, type BoundedResponse } from "./fetchBounded.ts";
import type { Purchase } from "./purchases.ts";
import type { Opening } from "../serveJob.ts";
import { UnconfirmedPurchase } from "./unconfirmedPurchase.ts";

/** What a provider says of an order: nothing of it is believed. */
export type Delivery =
  | { readonly kind: "result"; readonly words: readonly bigint[]; readonly proof: readonly bigint[] }
  | { readonly kind: "pending" }
  /** It will not serve the order, whatever else is sent. */
  | { readonly kind: "refused"; readonly why: string }
  /** No answer, or one that may be another the next time. */
  | { readonly kind: "unreachable"; readonly why: string };

/** Milliseconds that a provider may take for one answer: it waits for its proof for 20 seconds at most. */
const PATIENCE = 40_000;

const ResultBody = z.looseObject({
  jobId: Bytes32,
  words: z.array(decimalBelow(1n << 253n)).min(1),
  proof: z.array(decimalBelow(1n << 256n)).length(8),
});
const ClosedBody = z.looseObject({ status: z.literal("closed"), reason: z.string().optional() });
const Problem = z.looseObject({ title: z.string().optional(), detail: z.string().optional() });

/** The resource that is paid for. */
export const inferUrl = (url: string, model: string): URL => new URL(`models/${model}/infer`, url);

/** A request for an inference, as `fetch` takes it; unpaid unless the headers of a payment are given. */
export const inferRequest = (opening: Opening, headers: Readonly<Record<string, string>> = {}): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json", accept: "application/json", ...headers },
  redirect: "error",
  body: JSON.stringify(openingToJson(opening)),
});

/** Sends a signed order. The same again is the same order: a provider serves and charges it once. */
export function sendOrder(
  purchase: Purchase,
  headers: Record<string, string>,
  remaining: number,
  signal: AbortSignal,
): Promise<Delivery> {
  const init = { ...inferRequest(purchase.opening, headers), signal };
  return ask(purchase, inferUrl(purchase.url, purchase.model), init, remaining);
}

/** Asks how a job that was taken stands. */
export function askJob(purchase: Purchase, remaining: number, signal: AbortSignal): Promise<Delivery> {
  const init = { headers: { accept: "application/json" }, signal };
  return ask(purchase, new URL(`jobs/${purchase.jobId}`, purchase.url), init, remaining);
}

async function ask(purchase: Purchase, url: URL, init: RequestInit, remaining: number): Promise<Delivery> {
  let response: BoundedResponse;
  try {
    response = await fetchBounded(url, init, Math.min(PATIENCE, remaining));
  } catch (error) {
    return { kind: "unreachable", why: (error as Error).message };
  }
  return orRefused(`${url.origin} answers nonsense`, () => readDelivery(purchase, url, response));
}

function readDelivery(purchase: Purchase, url: URL, { status, headers, text }: BoundedResponse): Delivery {
  if (status === 202) {
    requireSameOrigin(url, headers.get("location"));
    return { kind: "pending" };
  }
  const json = parseJson(text);
  if (status === 200) return readResult(purchase, json);
  const { title, detail } = Problem.safeParse(json).data ?? {};
  const why = `${url.origin} answers ${status}: ${oneLine(detail ?? title ?? "no reason given")}`;
  // What a client did wrong stays wrong, but for having asked too early or too often.
  const isFinal = status >= 400 && status < 500 && ![408, 425, 429].includes(status);
  return { kind: isFinal ? "refused" : "unreachable", why };
}

function readResult({ jobId }: Purchase, json: unknown): Delivery {
  const closed = ClosedBody.safeParse(json);
  if (closed.success)
    return { kind: "refused", why: `the provider closed the job: ${oneLine(closed.data.reason ?? "")}` };
  const { words } = z.looseObject({ words: z.unknown() }).safeParse(json).data ?? {};
  if (words === undefined) return { kind: "pending" };
  const result = checkSchema(ResultBody, json);
  if (result.jobId !== jobId) throw new InputError(`jobId: got ${result.jobId}, want ${jobId}`);
  return { kind: "result", words: result.words, proof: result.proof };
}

/** The words and the proof of an answer's body. Throws UnconfirmedPurchase where it is none, or of another order. */
export function inferResultOf(purchase: Purchase, json: unknown): Extract<Delivery, { kind: "result" }> {
  const delivery = orRefused("the answer is nonsense", () => readResult(purchase, json));
  if (delivery.kind === "result") return delivery;
  throw new UnconfirmedPurchase("why" in delivery ? delivery.why : "the answer holds no words yet", purchase);
}

/** InputError is for what was wrong before an order was signed: what is wrong with an answer refuses it. */
function orRefused(what: string, read: () => Delivery): Delivery {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { kind: "refused", why: `${what}: ${error.message}` };
  }
}

/** A job is asked for where its order was sent, whatever the provider says. */
function requireSameOrigin(url: URL, location: string | null): void {
  if (location === null) return;
  const target = URL.parse(location, url.href);
  if (target?.origin !== url.origin)
    throw new InputError(`Location: leads to ${target?.origin ?? "no address"}, want ${url.origin}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new InputError(`the body is not JSON: ${text.slice(0, 80)}`);
  }
}

/** Milliseconds before the next question: half a second at first, five at most. */
export const backOff = (round: number, remaining: number): Promise<void> =>
  sleep(Math.max(0, Math.min(5_000, 500 * 1.5 ** round, remaining)));
