import { z } from "zod";
import { checkSchema } from "../checkSchema.ts";
import { type CodecTensor, MAX_ELEMENT_BITS, elementCount, elementWidths, layOut } from "../codec/codec.ts";
import type { Hex } from "../codec/statement.ts";
import { modelHashOf } from "../ir/modelHash.ts";
import type { IntegerGraph } from "../ir/integerGraph.ts";

/** Most elements of a tensor: more would only keep a browser busy. */
const MAX_ELEMENTS = 1 << 20;

const Tensor = z.looseObject({
  name: z.string(),
  shape: z
    .array(z.int().min(1))
    .max(16)
    .refine((shape) => elementCount(shape) <= MAX_ELEMENTS, `want at most ${MAX_ELEMENTS} elements`),
  bits: z.int().min(1).max(MAX_ELEMENT_BITS),
  signed: z.boolean(),
  scale: z.number().positive(),
});

/** What of graph.json it takes to read inputs and outputs; its hash stands for the rest. */
const Graph = z.looseObject({
  format: z.literal("tollgate-graph-1"),
  name: z.string(),
  source: z.looseObject({ onnxSha256: z.string().regex(/^[0-9a-f]{64}$/, "want a SHA-256 in lower-case hex") }),
  inputs: z.array(Tensor).min(1),
  outputs: z.array(Tensor.extend({ role: z.enum(["label", "values"]) })).min(1),
});

/** A model as its graph.json describes it. */
export interface ModelDescription {
  readonly name: string;
  readonly onnxSha256: string;
  readonly modelHash: Hex;
  readonly wordCount: number;
  readonly inputs: readonly CodecTensor[];
  readonly outputs: readonly (CodecTensor & { readonly role: "label" | "values" })[];
}

/** Reads graph.json and hashes all of it. Throws InputError naming what is wrong. */
export function readGraphFile(json: unknown): ModelDescription {
  const { name, source, inputs, outputs } = checkSchema(Graph, json);
  return {
    name,
    onnxSha256: source.onnxSha256,
    modelHash: modelHashOf(json as IntegerGraph),
    wordCount: layOut(elementWidths(outputs)).wordCount,
    inputs,
    outputs,
  };
}

const Bytes32 = z.string().regex(/^0x[0-9a-f]{64}$/, "want 32 bytes in lower-case hex");

/** What of lock.json ties a key to a model. */
const Lock = z.looseObject({
  model: z.string(),
  setup: z.enum(["dealer", "self", "ceremony"]),
  keyId: Bytes32,
  wordCount: z.int().positive(),
  modelHash: Bytes32,
});

export type LockDescription = z.infer<typeof Lock>;

/** Reads lock.json. Throws InputError naming what is wrong. */
export const readLockFile = (json: unknown): LockDescription => checkSchema(Lock, json);
