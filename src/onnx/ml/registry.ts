import type { Operator } from "../operators/operator.ts";

const ALL: readonly Operator[] = [];

/** The operators of the domain ai.onnx.ml that are supported, by name. */
export const ML_OPERATORS: ReadonlyMap<string, Operator> = new Map(ALL.map((operator) => [operator.name, operator]));
