import { z } from "@hono/zod-openapi";
import { TRANSFER_METHODS } from "../order.ts";
import { JobJson, OpeningJson } from "../wireJson.ts";
import { PROBLEMS } from "./problems.ts";

/** Bodies of the wire protocol: what validates requests, and what the OpenAPI document says of answers. */

const decimal = z.string().regex(/^(0|[1-9][0-9]*)$/);
const hash = z.string().regex(/^0x[0-9a-f]{64}$/);
const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/);
const keysOf = <Key extends string>(record: Readonly<Record<Key, unknown>>) => Object.keys(record) as [Key, ...Key[]];

export const ModelPath = z.object({ name: z.string().max(200) });
export const JobPath = z.object({ id: z.string().max(66) });
export const ProblemPath = z.object({ code: z.string().max(64) });

/** The input of a job that its client opened on chain; with the terms where the provider may not have seen them yet. */
export const InputJson = OpeningJson.extend({ job: JobJson.optional() });

export const ProblemJson = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(keysOf(PROBLEMS)),
    id: z.string().optional(),
  })
  .openapi("Problem");

export const STATUSES = ["waiting", "accepted", "funded", "proven", "settled", "final", "closed"] as const;

export const JobBody = z
  .object({
    jobId: hash,
    contract: address,
    model: z.string(),
    status: z.enum(STATUSES),
    words: z.array(decimal).optional(),
    proof: z.array(decimal).length(8).optional(),
    outputs: z.array(z.object({ name: z.string(), values: z.array(z.number()) })).optional(),
    opened: hash.optional(),
    settlement: z.object({ transaction: hash, blockNumber: z.int() }).nullable(),
    reason: z.string().optional(),
  })
  .openapi("Job");

const Tensor = z.object({
  name: z.string(),
  shape: z.array(z.int()),
  bits: z.int(),
  signed: z.boolean(),
  scale: z.number(),
});

const Range = z.object({
  low: z.number(),
  high: z.number(),
  features: z.array(z.tuple([z.number(), z.number()])).optional(),
});

export const ModelSummary = z
  .object({
    name: z.string(),
    title: z.string(),
    modelId: decimal,
    keyId: hash,
    modelHash: hash,
    setup: z.enum(["dealer", "self", "ceremony"]),
    token: address,
    price: decimal,
    maxSeconds: z.int(),
    methods: z.array(z.enum(keysOf(TRANSFER_METHODS))),
  })
  .openapi("ModelSummary");

export const ModelBody = ModelSummary.extend({
  wordCount: z.int(),
  inputs: z.array(Tensor.extend({ exponents: z.array(z.int()).optional(), range: Range })),
  outputs: z.array(Tensor.extend({ role: z.enum(["label", "values"]) })),
}).openapi("Model");

export const HealthBody = z
  .object({
    ok: z.boolean(),
    block: z.object({ number: z.int(), timestamp: decimal }).optional(),
    jobs: z.record(z.string(), z.int()),
    proving: z.int(),
    balance: decimal.optional(),
  })
  .openapi("Health");
