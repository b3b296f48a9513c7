import { createRoute, z } from "@hono/zod-openapi";
import { OpeningJson } from "../wireJson.ts";
import { PROBLEM_TYPE } from "./problems.ts";
import {
  HealthBody,
  InputJson,
  JobBody,
  JobPath,
  ModelBody,
  ModelPath,
  ModelSummary,
  ProblemJson,
  ProblemPath,
} from "./schemas.ts";

/** The paths of the wire protocol, for the router and for the OpenAPI document. */

const json = <Schema extends z.ZodType>(schema: Schema, description: string) => ({
  description,
  content: { "application/json": { schema } },
});
const problem = (description: string) => ({ description, content: { [PROBLEM_TYPE]: { schema: ProblemJson } } });
const header = (description: string) => ({ description, schema: { type: "string" as const } });
const RESPONSE_HEADER = { "PAYMENT-RESPONSE": header("Base64 of x402's SettleResponse") };
const ANY_PROBLEM = { default: problem("What is wrong, as RFC 9457 has it") };

export const inferRoute = createRoute({
  method: "post",
  path: "/models/{name}/infer",
  summary: "Buy an inference",
  description:
    "Without PAYMENT-SIGNATURE: 402 with the terms. With a signed order: the result with its proof, or 202 while it is " +
    "made. The same order again is answered with the same job and never paid twice.",
  request: {
    params: ModelPath,
    headers: z.object({
      "payment-signature": z.string().optional().openapi({ description: "Base64 of x402's PaymentPayload" }),
      prefer: z.string().optional().openapi({ description: "respond-async, or wait=SECONDS", example: "wait=20" }),
    }),
    body: { required: true, content: { "application/json": { schema: OpeningJson } } },
  },
  responses: {
    200: { ...json(JobBody, "The result"), headers: RESPONSE_HEADER },
    202: {
      ...json(JobBody, "The job, whose result is not there yet"),
      headers: { Location: header("Path of the job") },
    },
    402: {
      ...problem("What the inference costs, or why the order is not taken"),
      headers: { "PAYMENT-REQUIRED": header("Base64 of x402's PaymentRequired") },
    },
    409: problem("The nonce is used by other terms, or the job ended without a result"),
    ...ANY_PROBLEM,
  },
});

export const inputRoute = createRoute({
  method: "put",
  path: "/jobs/{id}/input",
  summary: "Deliver the input of a job that was opened on chain",
  request: { params: JobPath, body: { required: true, content: { "application/json": { schema: InputJson } } } },
  responses: { 200: json(JobBody, "The job"), ...ANY_PROBLEM },
});

export const jobRoute = createRoute({
  method: "get",
  path: "/jobs/{id}",
  summary: "How far a job has come",
  request: { params: JobPath },
  responses: { 200: { ...json(JobBody, "The job"), headers: RESPONSE_HEADER }, ...ANY_PROBLEM },
});

export const eventsRoute = createRoute({
  method: "get",
  path: "/jobs/{id}/events",
  summary: "Each change of a job as it happens, until it is over",
  request: { params: JobPath },
  responses: {
    200: {
      description: "Events `job`, each with the job's JSON",
      content: { "text/event-stream": { schema: z.string() } },
    },
    ...ANY_PROBLEM,
  },
});

export const modelsRoute = createRoute({
  method: "get",
  path: "/models",
  summary: "What is sold, and for how much",
  responses: { 200: json(z.object({ models: z.array(ModelSummary) }), "The models"), ...ANY_PROBLEM },
});

export const modelRoute = createRoute({
  method: "get",
  path: "/models/{name}",
  summary: "A model with the encoding of its inputs and outputs",
  request: { params: ModelPath },
  responses: { 200: json(ModelBody, "The model"), ...ANY_PROBLEM },
});

export const healthRoute = createRoute({
  method: "get",
  path: "/health",
  summary: "Whether the provider can take work",
  responses: { 200: json(HealthBody, "It can"), 503: json(HealthBody, "It cannot"), ...ANY_PROBLEM },
});

export const problemRoute = createRoute({
  method: "get",
  path: "/problems/{code}",
  summary: "What a problem's `type` stands for",
  request: { params: ProblemPath },
  responses: {
    200: json(ProblemJson.pick({ type: true, title: true, status: true }), "The kind of problem"),
    ...ANY_PROBLEM,
  },
});

export const cardRoute = createRoute({
  method: "get",
  path: "/.well-known/agent-card.json",
  summary: "The agent card of A2A's discovery",
  responses: { 200: json(z.looseObject({}), "The card"), ...ANY_PROBLEM },
});

export const metricsRoute = createRoute({
  method: "get",
  path: "/metrics",
  summary: "Metrics for Prometheus",
  responses: {
    200: { description: "Prometheus' text format", content: { "text/plain": { schema: z.string() } } },
    ...ANY_PROBLEM,
  },
});
