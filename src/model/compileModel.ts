import { join } from "node:path";
import { readFile, writeFile } from "node:fs/promises";
import { keccak256 } from "ethers";
import { cached } from "../cache.ts";
import { compileCircuit, type CompiledCircuit } from "../circom/compile.ts";
import { emitCircuit, type EmittedCircuit } from "../circom/emitCircuit.ts";
import { InputError } from "../errors.ts";
import type { IntegerGraph } from "../ir/integerGraph.ts";
import { canonicalGraph, modelHashOf } from "../ir/modelHash.ts";
import { projectPath } from "../paths.ts";

/** Folders that an emitted circuit includes from. */
export const CIRCUIT_LIBRARIES = [projectPath("circuits/lib"), projectPath("circuits/lib/generated")];

/** A model with its circuit text and predicted costs; nothing has been compiled yet. */
export interface EmittedModel {
  readonly graph: IntegerGraph;
  /** RFC 8785 text of the graph, whose keccak-256 is the model hash. */
  readonly graphJson: string;
  readonly modelHash: string;
  readonly emitted: EmittedCircuit;
}

/** A model with its compiled circuit. */
export interface CompiledModel extends EmittedModel {
  readonly circuit: CompiledCircuit;
  /** keccak-256 of the r1cs file. */
  readonly circuitHash: string;
}

/** Writes the circuit of an integer graph and predicts its costs. */
export function emitModel(graph: IntegerGraph): EmittedModel {
  const graphJson = canonicalGraph(graph);
  const modelHash = modelHashOf(graph);
  return { graph, graphJson, modelHash, emitted: emitCircuit(graph, modelHash) };
}

/** Throws InputError where the circuit needs a larger domain than 2^maxPower, naming its costliest layer. */
export function requireDomain({ emitted }: EmittedModel, maxPower: number): void {
  if (emitted.cost.domainPower <= maxPower) return;
  const largest = emitted.byKernel.reduce((most, layer) => (layer.total > most.total ? layer : most));
  throw new InputError(
    `the circuit needs ${emitted.cost.total} constraints, a domain of 2^${emitted.cost.domainPower}; --max-power allows ` +
      `2^${maxPower}; the largest layer is ${largest.name} (${largest.kernel}, ${largest.total} constraints)`,
  );
}

/** Compiles the circuit of an emitted model, or finds it in the cache. */
export async function compileModel(model: EmittedModel, cacheRoot: string): Promise<CompiledModel> {
  const { source, template } = model.emitted;
  const { dir } = await cached(cacheRoot, ["circom source", template, source], (folder) =>
    writeFile(join(folder, `${template}.circom`), source),
  );
  const mainPath = join(dir, `${template}.circom`);
  const circuit = await compileCircuit({ mainPath, libraries: CIRCUIT_LIBRARIES, cacheRoot });
  return { ...model, circuit, circuitHash: keccak256(await readFile(circuit.r1csPath)) };
}
