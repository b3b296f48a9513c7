import { randomUUID } from "node:crypto";
import type { Context, ErrorHandler, Hono, MiddlewareHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import type { Logger } from "pino";
import type { ZodError } from "zod";
import { Refusal } from "../provider/desk.ts";
import type { AppEnv } from "./appEnv.ts";
import type { PaymentDesk } from "./payment.ts";
import { PROBLEMS, PROBLEM_TYPE, ProblemError, problemOf, type ProblemCode } from "./problems.ts";

/** Seconds after which a client may come back to a provider that is busy or cannot see the chain. */
const RETRY_AFTER = "5";

/** Answers with a problem document. */
export function answerProblem(c: Context<AppEnv>, code: ProblemCode, detail: string, id?: string): Response {
  const problem = problemOf(code, detail, id);
  c.set("problem", code);
  if (problem.status === 503) c.header("Retry-After", RETRY_AFTER);
  return c.body(JSON.stringify(problem), PROBLEMS[code].status, { "Content-Type": PROBLEM_TYPE });
}

/** Turns whatever a handler throws into a problem; with status 402 and the model's terms where a payment may follow. */
export const answerErrors =
  (payments: PaymentDesk, log: Logger, baseUrl: (c: Context<AppEnv>) => string): ErrorHandler<AppEnv> =>
  async (error, c) => {
    const { code, detail, id } = describe(error, c, log);
    const offer = c.get("offer");
    if (PROBLEMS[code].status === 402 && offer !== undefined)
      c.header("PAYMENT-REQUIRED", await payments.required(offer, `${baseUrl(c)}${c.req.path}`, detail));
    if (error instanceof ProblemError) for (const [name, value] of Object.entries(error.headers)) c.header(name, value);
    return answerProblem(c, code, detail, id);
  };

function describe(error: Error, c: Context<AppEnv>, log: Logger): { code: ProblemCode; detail: string; id?: string } {
  if (error instanceof ProblemError) return { code: error.code, detail: error.message };
  if (error instanceof Refusal) {
    if (error.code === "chain-unavailable") log.warn({ error: error.cause ?? error }, "chain unavailable");
    return { code: error.code, detail: error.message };
  }
  if (error instanceof HTTPException && error.status < 500)
    return { code: "malformed-request", detail: "want a body of JSON" };
  if (c.env.incoming.destroyed && !c.env.incoming.complete)
    return { code: "request-timeout", detail: "the connection ended before the request" };
  const id = randomUUID();
  log.error({ id, error }, "unexpected error");
  return { code: "internal", detail: "the provider's log has the reason under this id", id };
}

/** The hook that validators call: a path that names nothing is not found, anything else is invalid. */
export function refuseInvalid(result: {
  readonly success: boolean;
  readonly target: string;
  readonly error?: ZodError;
}): void {
  if (result.success) return;
  const { path, message } = result.error!.issues[0];
  if (result.target === "param") throw new ProblemError("not-found", "there is nothing at this path");
  throw new ProblemError("input-invalid", `${[...path.map(String), message].join(": ")}`);
}

/** Answers 405 for the other methods of each path that has routes. */
export function refuseOtherMethods(app: Hono<AppEnv>): void {
  const methods = new Map<string, Set<string>>();
  for (const { path, method } of app.routes)
    if (method !== "ALL") methods.set(path, (methods.get(path) ?? new Set()).add(method));
  for (const [path, allowed] of methods) app.all(path, refuseMethod([...allowed].join(", ")));
}

const refuseMethod =
  (allowed: string): MiddlewareHandler<AppEnv> =>
  (c) => {
    throw new ProblemError("method-not-allowed", `${c.req.method}: want ${allowed}`, { Allow: allowed });
  };
