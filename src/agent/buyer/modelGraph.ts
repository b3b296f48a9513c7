import { existsSync } from "node:fs";
import { readGraphFile } from "../../browser/modelFiles.ts";
import { commitInput } from "../../codec/commitment.ts";
import { toBytes32, type Hex } from "../../codec/statement.ts";
import { InputError, inFile } from "../../errors.ts";
import { encodeInputs } from "../../ir/encodeInputs.ts";
import type { IntegerGraph } from "../../ir/integerGraph.ts";
import { readJson } from "../../jsonFile.ts";
import { projectPath } from "../../paths.ts";
import type { Opening } from "../serveJob.ts";

/** One row an input tensor: real numbers, or the integers that stand for them. */
export type ModelInput = readonly (readonly number[])[] | readonly (readonly bigint[])[];

/** graph.json of a model that the project brings. */
const shippedGraph = (name: string): string => projectPath(`circuits/generated/${name}/graph.json`);

/**
 * Reads a model's graph.json, the shipped one unless another path is given. Throws InputError unless its hash is
 * `modelHash`: of a graph with that hash everything is known, and nothing of it is taken on trust.
 */
export async function readModelGraph(name: string, modelHash: Hex, given?: string): Promise<IntegerGraph> {
  const path = given ?? shippedGraph(name);
  if (given === undefined && !(/^[a-z0-9-]+$/.test(name) && existsSync(path)))
    throw new InputError(`model ${name}: is not among the shipped ones; give the path of its graph.json`);
  const json = await readJson(path);
  const found = inFile(path, () => readGraphFile(json)).modelHash;
  if (found !== modelHash)
    throw new InputError(
      `${path}: the model hash is ${found}, that of ${name} in the deployment record is ${modelHash}`,
    );
  return json as IntegerGraph;
}

/** The integers of an input. Throws InputError naming what is wrong with it. */
export function integersOf(graph: IntegerGraph, input: ModelInput): bigint[][] {
  const flat = input.flat();
  if (flat.every((value) => typeof value === "bigint")) return input.map((row) => row.map(BigInt));
  if (flat.every((value) => typeof value === "number")) return encodeInputs(graph, input as readonly number[][]);
  throw new InputError("input: mixes numbers and bigints, want real numbers or integers throughout");
}

/** The commitment that an order is about. Throws InputError on integers that do not fit the model's input. */
export const commitmentOf = (graph: IntegerGraph, { inputs, salt }: Opening): Hex =>
  toBytes32(commitInput(graph.inputs, inputs, salt));
