import type { Attribute } from "../../ir/graph.ts";
import { type Call, nodeError, operandAt } from "../operators/operator.ts";

/** Versions of the domain ai.onnx.ml that are known. */
export const ML_OPSETS = { from: 1, to: 5 } as const;

/** Numbers from a list, or undefined where it is absent or empty. */
export function numbersAttribute(call: Call, name: string): readonly number[] | undefined {
  const value = call.node.attributes.get(name);
  if (isEmpty(value)) return undefined;
  if (Array.isArray(value) && value.every((item) => typeof item === "number")) return value as readonly number[];
  throw nodeError(call, `attribute ${name} is not a list of numbers`);
}

/** Numbers from a list or from the tensor that newer versions call `<name>_as_tensor`; undefined where both are empty. */
export function numbersOrTensor(call: Call, name: string): readonly number[] | undefined {
  const numbers = numbersAttribute(call, name) ?? tensorAttribute(call, `${name}_as_tensor`);
  return isEmpty(numbers) ? undefined : numbers;
}

/** The elements of a tensor, or undefined where it is absent. */
export function tensorAttribute(call: Call, name: string): readonly number[] | undefined {
  const value = call.node.attributes.get(name);
  if (value === undefined) return undefined;
  if (typeof value === "object" && "data" in value) return value.data;
  throw nodeError(call, `attribute ${name} is not a tensor`);
}

/** Strings, or undefined where they are absent. */
export function textsAttribute(call: Call, name: string): readonly string[] | undefined {
  const value = call.node.attributes.get(name);
  if (isEmpty(value)) return undefined;
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value as readonly string[];
  throw nodeError(call, `attribute ${name} is not a list of strings`);
}

/** One of the given words; the first where the attribute is absent. */
export function choiceAttribute<Choice extends string>(call: Call, name: string, choices: readonly Choice[]): Choice {
  const value = call.node.attributes.get(name) ?? choices[0];
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  throw nodeError(call, `attribute ${name} is ${JSON.stringify(value)}, want one of ${choices.join(", ")}`);
}

/** As many rows of features as a batch holds; a tensor of one axis is one row. */
export function rowsOfFeatures(call: Call, index = 0): { rows: number; features: number } {
  const { shape } = operandAt(call, index);
  if (shape.length === 1) return { rows: 1, features: shape[0] };
  if (shape.length === 2) return { rows: shape[0], features: shape[1] };
  throw nodeError(call, `operand ${index} has ${shape.length} axes, want rows of features`);
}

const isEmpty = (value: Attribute | undefined): boolean =>
  value === undefined || (Array.isArray(value) && value.length === 0);
