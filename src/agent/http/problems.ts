import type { ContentfulStatusCode } from "hono/utils/http-status";
import { oneLine } from "../../errors.ts";
import type { RefusalCode } from "../provider/desk.ts";

/** A kind of error that the provider answers with, as RFC 9457 has it. */
interface ProblemKind {
  readonly status: ContentfulStatusCode;
  readonly title: string;
}

/** What is wrong with a request before the desk sees it, or with the answer. */
export type TransportCode =
  | "malformed-request"
  | "malformed-payment"
  | "payment-required"
  | "not-found"
  | "method-not-allowed"
  | "request-timeout"
  | "job-closed"
  | "body-too-large"
  | "unsupported-media-type"
  | "unsupported-encoding"
  | "rate-limited"
  | "headers-too-large"
  | "internal";

export type ProblemCode = RefusalCode | TransportCode;

/** Each error of the wire protocol: its code, its HTTP status, and what it says whatever the case. */
export const PROBLEMS: Readonly<Record<ProblemCode, ProblemKind>> = {
  "malformed-request": { status: 400, title: "The request cannot be read" },
  "malformed-payment": { status: 400, title: "The PAYMENT-SIGNATURE header cannot be read" },
  "payment-required": { status: 402, title: "The inference has to be paid for" },
  "wrong-terms": { status: 402, title: "The order's terms are not those of the offer" },
  "bad-signature": { status: 402, title: "The order is not signed by its client" },
  "order-expired": { status: 402, title: "The order's deadline has passed" },
  "deadline-too-far": { status: 402, title: "The order's deadline is further away than the offer allows" },
  "deadline-too-near": { status: 402, title: "The proof would not be ready by the order's deadline" },
  "insufficient-funds": { status: 402, title: "The client's money does not cover the order" },
  "bond-too-high": { status: 402, title: "The order asks for a bond that the provider does not put up" },
  "model-not-trusted": { status: 403, title: "The provider does not serve this model or key" },
  "not-found": { status: 404, title: "There is nothing at this path" },
  "unknown-model": { status: 404, title: "The provider offers no such model" },
  "unknown-job": { status: 404, title: "The provider knows no such job" },
  "method-not-allowed": { status: 405, title: "The path does not take this method" },
  "request-timeout": { status: 408, title: "The request did not arrive in time" },
  "nonce-used": { status: 409, title: "The order's nonce is used by other terms" },
  "input-known": { status: 409, title: "The job has another input already" },
  "job-not-open": { status: 409, title: "The job is not open on chain" },
  "job-closed": { status: 409, title: "The job ended without a result and without a payment" },
  "body-too-large": { status: 413, title: "The body is larger than the model's input can be" },
  "unsupported-media-type": { status: 415, title: "The body is not of type application/json" },
  "unsupported-encoding": { status: 415, title: "The body is compressed" },
  "input-invalid": { status: 422, title: "The body is not what the path takes" },
  "input-mismatch": { status: 422, title: "The input does not open the order's commitment" },
  "rate-limited": { status: 429, title: "Too many requests came from this address" },
  "headers-too-large": { status: 431, title: "The headers are too large" },
  internal: { status: 500, title: "Something unexpected happened" },
  "too-busy": { status: 503, title: "The provider has as much work as it can do" },
  "chain-unavailable": { status: 503, title: "The provider cannot reach the chain" },
};

/** An RFC 9457 problem document. `code` is the last part of `type`, `id` that of the provider's log line. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ProblemCode;
  readonly id?: string;
}

export const PROBLEM_TYPE = "application/problem+json";

/** A request that is answered with a problem. The message is one line for the client. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly code: ProblemCode;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ProblemCode, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(oneLine(message));
    this.code = code;
    this.headers = headers;
  }
}

/** Where the provider says what a problem of this code is. */
export const problemPath = (code: ProblemCode): string => `/problems/${code}`;

export const problemOf = (code: ProblemCode, detail: string, id?: string): Problem => ({
  type: problemPath(code),
  title: PROBLEMS[code].title,
  status: PROBLEMS[code].status,
  detail: oneLine(detail),
  code,
  ...(id === undefined ? {} : { id }),
});
