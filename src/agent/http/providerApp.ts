import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import { streamSSE } from "hono/streaming";
import type { Logger } from "pino";
import type { DeploymentRecord } from "../../chain/record.ts";
import type { Hex } from "../../codec/statement.ts";
import { Refusal, type Desk, type Health, type JobView } from "../provider/desk.ts";
import type { Offer } from "../provider/offer.ts";
import { Bytes32 } from "../wireJson.ts";
import { agentCard } from "./agentCard.ts";
import { answerErrors, answerProblem, refuseInvalid, refuseOtherMethods } from "./answerErrors.ts";
import type { AppEnv } from "./appEnv.ts";
import { healthBody, jobBody, modelBody, modelSummary } from "./bodies.ts";
import { bodyBytesOf, guardBody, requireSendable } from "./bodyGuard.ts";
import { clientAddress, limitConcurrency, limitRate, Places } from "./clientLimits.ts";
import { streamJob } from "./jobEvents.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import type { ProviderMetrics } from "./metrics.ts";
import { PaymentDesk, readPayment } from "./payment.ts";
import { preferenceIn } from "./prefer.ts";
import { PROBLEMS, ProblemError, problemPath, type ProblemCode } from "./problems.ts";
import * as routes from "./routes.ts";

export interface ProviderAppOptions {
  /** The deployment whose contracts take the money. */
  readonly record: DeploymentRecord;
  /** Of the program, for the agent card and the OpenAPI document. */
  readonly version: string;
  readonly log: Logger;
  readonly metrics: ProviderMetrics;
  /** Where clients reach the provider; without one, wherever the request says that it went. */
  readonly publicUrl?: string;
  /** Whether a proxy writes X-Forwarded-For. Without one, clients would write it themselves. */
  readonly trustProxy?: boolean;
  readonly limits?: Limits;
}

/** Milliseconds for which an answer about health stands: asking again does not reach the chain. */
const HEALTH_LIFE = 1_000;

/**
 * The provider's HTTP face: x402 v2 with the scheme `tollgate-escrow`. Every error is an RFC 9457 problem document.
 * Throws InputError for a model whose input is larger than the limits let through.
 */
export function providerApp(desk: Desk, options: ProviderAppOptions): OpenAPIHono<AppEnv> {
  const { log, limits = DEFAULT_LIMITS, trustProxy = false } = options;
  requireSendable(desk.offers, limits.bodyBytes);
  const app = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid });
  const payments = new PaymentDesk(desk, options.record);
  const baseUrl = (c: Context<AppEnv>): string => options.publicUrl ?? new URL(c.req.url).origin;
  app.onError(answerErrors(payments, log, baseUrl));
  app.notFound((c) => answerProblem(c, "not-found", "there is nothing at this path"));
  app.use(observe(options));
  app.use(limitRate(limits.requestsPerMinute, trustProxy));
  app.use(limitConcurrency(new Places(limits.requests, limits.requestsPerClient, "requests"), trustProxy));
  serveCatalogue(app, desk, options, baseUrl);
  serveOrders(app, desk, payments, limits);
  serveJobs(app, desk, payments, { limits, log, trustProxy });
  serveOperations(app, desk, options);
  refuseOtherMethods(app);
  return app;
}

/** Counts, times and logs each request: its path and its outcome, nothing that the client sent. */
const observe =
  ({ log, metrics, trustProxy = false }: ProviderAppOptions): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    const start = performance.now();
    c.header("Cache-Control", "no-store");
    c.header("X-Content-Type-Options", "nosniff");
    await next();
    const milliseconds = Math.round(performance.now() - start);
    const { method } = c.req;
    const { status } = c.res;
    const problem = c.get("problem");
    const route = problem === "not-found" ? "none" : routePath(c, -1);
    metrics.httpSeconds.observe({ method: knownMethod(method), route, status: String(status) }, milliseconds / 1000);
    if (problem !== undefined) metrics.refusals.inc({ code: problem });
    const client = clientAddress(c, trustProxy);
    log.info({ method, path: c.req.path.slice(0, 200), status, milliseconds, client, problem }, "request");
  };

/** A label for metrics: clients can make up methods. */
const knownMethod = (method: string): string => (["GET", "HEAD", "POST", "PUT"].includes(method) ? method : "other");

function serveCatalogue(
  app: OpenAPIHono<AppEnv>,
  desk: Desk,
  { record, version }: ProviderAppOptions,
  baseUrl: (c: Context<AppEnv>) => string,
): void {
  app.openapi(routes.modelsRoute, (c) => c.json({ models: desk.offers.map(modelSummary) }, 200));
  app.openapi(routes.modelRoute, (c) => c.json(modelBody(offerNamed(desk, c.req.valid("param").name)), 200));
  app.openapi(routes.cardRoute, (c) => c.json(agentCard(desk, record, version, baseUrl(c)), 200));
  app.openapi(routes.problemRoute, (c) => {
    const { code } = c.req.valid("param");
    if (!Object.hasOwn(PROBLEMS, code)) throw new ProblemError("not-found", "there is no such problem");
    const kind = PROBLEMS[code as ProblemCode];
    return c.json({ type: problemPath(code as ProblemCode), title: kind.title, status: kind.status }, 200);
  });
  const info = { title: "Tollgate provider", version };
  let document: ReturnType<typeof app.getOpenAPI31Document> | undefined;
  app.get("/openapi.json", (c) => c.json((document ??= app.getOpenAPI31Document({ openapi: "3.1.0", info }))));
}

function serveOrders(app: OpenAPIHono<AppEnv>, desk: Desk, payments: PaymentDesk, limits: Limits): void {
  app.post("/models/:name/infer", async (c, next) => {
    c.set("offer", offerNamed(desk, c.req.param("name")));
    await next();
  });
  app.post(
    "/models/:name/infer",
    guardBody((c) => bodyBytesOf(c.get("offer")!)),
  );
  app.openapi(routes.inferRoute, async (c) => {
    const offer = c.get("offer")!;
    const opening = c.req.valid("json");
    const header = c.req.header("payment-signature");
    if (header === undefined) throw new ProblemError("payment-required", "pay on the terms of PAYMENT-REQUIRED");
    const payment = readPayment(header);
    const preference = preferenceIn(c.req.header("prefer"), limits.defaultWaitSeconds, limits.waitSeconds);
    const jobId =
      jobTaken(desk, payments.idOf(payment)) ?? (await desk.accept(payments.orderOf(payment, offer), opening)).jobId;
    const view = await desk.result(jobId, preference.milliseconds, c.req.raw.signal);
    if (preference.applied !== undefined) c.header("Preference-Applied", preference.applied);
    return answerJob(c, view, offer, payments);
  });
}

/** The id of a job that the desk serves already: its terms were agreed to, whatever is offered now. */
function jobTaken(desk: Pick<Desk, "job">, jobId: Hex | undefined): Hex | undefined {
  if (jobId === undefined) return undefined;
  try {
    return desk.job(jobId).status === "waiting" ? undefined : jobId;
  } catch (error) {
    if (error instanceof Refusal && error.code === "unknown-job") return undefined;
    throw error;
  }
}

function answerJob(c: Context<AppEnv>, view: JobView, offer: Offer, payments: PaymentDesk) {
  c.header("Location", `/jobs/${view.jobId}`);
  if (view.status === "closed") {
    throw new ProblemError("job-closed", view.reason ?? "the job ended without a result", {
      "PAYMENT-RESPONSE": payments.response(view),
    });
  }
  if (view.result === undefined) return c.json(jobBody(view, offer), 202);
  c.header("PAYMENT-RESPONSE", payments.response(view));
  return c.json(jobBody(view, offer), 200);
}

function serveJobs(
  app: OpenAPIHono<AppEnv>,
  desk: Desk,
  payments: PaymentDesk,
  { limits, log, trustProxy }: { limits: Limits; log: Logger; trustProxy: boolean },
): void {
  const bodyOf = (view: JobView) => jobBody(view, offerOf(desk, view));
  const widest = Math.max(0, ...desk.offers.map(bodyBytesOf));
  app.put(
    "/jobs/:id/input",
    guardBody(() => widest),
  );
  app.openapi(routes.inputRoute, async (c) => {
    const { job, ...opening } = c.req.valid("json");
    return c.json(bodyOf(await desk.deliverInput(jobIdIn(c.req.valid("param")), job, opening)), 200);
  });
  app.openapi(routes.jobRoute, (c) => {
    const view = desk.job(jobIdIn(c.req.valid("param")));
    if (view.result !== undefined || view.status === "closed") c.header("PAYMENT-RESPONSE", payments.response(view));
    return c.json(bodyOf(view), 200);
  });
  const streams = new Places(limits.streams, limits.streamsPerClient, "streams");
  app.openapi(routes.eventsRoute, (c) => {
    const view = desk.job(jobIdIn(c.req.valid("param")));
    if (c.req.method === "HEAD") return c.body(null, 200, { "Content-Type": "text/event-stream" });
    const free = streams.take(clientAddress(c, trustProxy));
    return streamSSE(c, (stream) =>
      streamJob(stream, desk, view.jobId, offerOf(desk, view), limits)
        .catch((error: unknown) => log.error({ error }, "a stream of events broke"))
        .finally(free),
    );
  });
}

function serveOperations(app: OpenAPIHono<AppEnv>, desk: Desk, { metrics }: ProviderAppOptions): void {
  const health = recentHealth(desk);
  app.openapi(routes.healthRoute, async (c) => {
    const now = await health();
    return now.ok ? c.json(healthBody(now), 200) : c.json(healthBody(now), 503);
  });
  app.openapi(routes.metricsRoute, async (c) => {
    metrics.showHealth(await health());
    return c.text(await metrics.registry.metrics(), 200, { "Content-Type": metrics.registry.contentType });
  });
}

/** The desk's health, asked for once in a while however many clients want it. */
function recentHealth(desk: Pick<Desk, "health">): () => Promise<Health> {
  let last: { readonly at: number; readonly health: Promise<Health> } | undefined;
  return () => {
    if (last === undefined || performance.now() - last.at > HEALTH_LIFE)
      last = { at: performance.now(), health: desk.health() };
    return last.health;
  };
}

function offerNamed(desk: Pick<Desk, "offers">, name: string): Offer {
  const offer = desk.offers.find((candidate) => candidate.name === name);
  if (offer === undefined) throw new ProblemError("unknown-model", `there is no model of this name; see /models`);
  return offer;
}

const offerOf = (desk: Pick<Desk, "offers">, { model }: JobView): Offer | undefined =>
  desk.offers.find(({ name }) => name === model);

function jobIdIn({ id }: { readonly id: string }): Hex {
  const parsed = Bytes32.safeParse(id);
  if (!parsed.success) throw new ProblemError("unknown-job", "want the id of a job, 32 bytes in hex");
  return parsed.data;
}
