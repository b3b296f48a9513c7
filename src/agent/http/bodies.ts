import type { z } from "@hono/zod-openapi";
import { unpackWords } from "../../codec/codec.ts";
import { decodeOutputs } from "../../ir/decodeOutputs.ts";
import type { Health, JobView } from "../provider/desk.ts";
import type { Offer } from "../provider/offer.ts";
import type { HealthBody, JobBody, ModelBody, ModelSummary } from "./schemas.ts";

/** A job as clients read it. The result is there once the desk gives it out; real numbers are decoded from the words. */
export function jobBody(view: JobView, offer: Offer | undefined): z.infer<typeof JobBody> {
  const { jobId, contract, model, status, result, opened, settled, reason } = view;
  return {
    jobId,
    contract,
    model,
    status,
    ...(result && { words: result.words.map(String), proof: result.proof.map(String) }),
    ...(result && offer && { outputs: outputsOf(offer, result.words) }),
    ...(opened && { opened }),
    settlement: settled ?? null,
    ...(reason !== undefined && { reason }),
  };
}

const outputsOf = ({ model: { graph } }: Offer, words: readonly bigint[]) =>
  decodeOutputs(graph, unpackWords(graph.outputs, words)).map(({ name, values }) => ({ name, values: [...values] }));

export const modelSummary = (offer: Offer): z.infer<typeof ModelSummary> => ({
  name: offer.name,
  title: offer.title,
  modelId: String(offer.modelId),
  keyId: offer.model.keyId,
  modelHash: offer.model.modelHash,
  setup: offer.setup,
  token: offer.token,
  price: String(offer.price),
  maxSeconds: offer.maxSeconds,
  methods: [...offer.methods],
});

/** A model with what is needed to write its inputs as integers and to read its outputs. */
export function modelBody(offer: Offer): z.infer<typeof ModelBody> {
  const { graph, wordCount } = offer.model;
  return {
    ...modelSummary(offer),
    wordCount,
    inputs: graph.inputs.map(({ name, shape, bits, signed, scale, exponents, range }) => ({
      name,
      shape: [...shape],
      bits,
      signed,
      scale,
      ...(exponents && { exponents: [...exponents] }),
      range: {
        low: range.low,
        high: range.high,
        ...(range.features && { features: range.features.map(([low, high]): [number, number] => [low, high]) }),
      },
    })),
    outputs: graph.outputs.map(({ name, shape, bits, signed, scale, role }) => ({
      name,
      shape: [...shape],
      bits,
      signed,
      scale,
      role,
    })),
  };
}

export const healthBody = ({ ok, block, jobs, proving, balance }: Health): z.infer<typeof HealthBody> => ({
  ok,
  ...(block && { block: { number: block.number, timestamp: String(block.timestamp) } }),
  jobs: { ...jobs },
  proving,
  ...(balance !== undefined && { balance: String(balance) }),
});
