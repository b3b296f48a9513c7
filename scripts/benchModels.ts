import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { argMaxProgram, poolProgram, tableProgram } from "../src/bench/kernelPrograms.ts";
import { mnistDigits } from "../src/bench/mnistDigits.ts";
import { seededTrees } from "../src/bench/seededTrees.ts";
import type { IntegerGraph } from "../src/ir/integerGraph.ts";
import { writeJson } from "../src/jsonFile.ts";
import { compileModel, emitModel, type CompiledModel } from "../src/model/compileModel.ts";
import { type HeldOutSample, readHeldOut } from "../src/model/heldOut.ts";
import { type ImportOptions, quantiseModel, readGraph } from "../src/model/importModel.ts";
import { type Accuracy, measureAccuracy, measureHeldOut } from "../src/model/measureAccuracy.ts";
import { type ModelFiles, readModelFiles } from "../src/model/modelFiles.ts";
import { projectPath } from "../src/paths.ts";
import {
  type CircuitFigures,
  describeModelsBench,
  type ModelsBench,
  type NetworkFigures,
  type ShippedFigures,
} from "./terminal/benchModelsReport.ts";
import { callerPath } from "./terminal/callerPath.ts";
import { withChildUsage } from "./terminal/childUsage.ts";
import { step } from "./terminal/progress.ts";
import { formatInteger } from "./terminal/table.ts";

/** Widths of the shipped LeNet at which its network part fits 65,536 constraints. */
const NARROW = { weightBits: 4, activationBits: 4, inputBits: 8 };

/** Trees as gradient boosting on histograms makes them, of full depth; 16-bit features. */
const TREES = { trees: 100, depth: 6, features: 20, featureBits: 16, bins: 255, scoreBits: 16 };

export const benchModelsCommand = (): Command =>
  new Command("models")
    .description("compile the shipped models and known networks; constraints and label agreement beside published ones")
    .option("--json <file>", "write the figures here")
    .action(benchModels);

async function benchModels({ json }: { json?: string }): Promise<void> {
  // A cache of its own, so that everything is compiled and not found.
  const cacheRoot = await mkdtemp(join(tmpdir(), "tollgate-bench-"));
  try {
    const report = await measure(cacheRoot);
    console.log(describeModelsBench(report));
    if (json !== undefined) await writeJson(callerPath(json), report);
  } finally {
    await rm(cacheRoot, { recursive: true });
  }
}

async function measure(cacheRoot: string): Promise<ModelsBench> {
  const digits = await mnistDigits();
  const rows = digits ?? (await readHeldOut("mnist-lenet")).samples;
  const lenet = await readModelFiles(projectPath("circuits/models/mnist-lenet"));
  const mlp = await readModelFiles(projectPath("bench/mlp-784-56-10"));
  return {
    digits: { count: rows.length, allOfPackage: digits !== null },
    lenet: await measureNetwork(cacheRoot, lenet, rows, {}),
    narrowLenet: await measureNetwork(cacheRoot, lenet, rows, NARROW),
    mlp: await measureNetwork(cacheRoot, mlp, rows, { rows: lenet.calibration?.rows }),
    trees: await measureCircuit(cacheRoot, seededTrees("boosted-trees-100-by-6", TREES)),
    table: await measureCircuit(cacheRoot, tableProgram()),
    pool: await measureCircuit(cacheRoot, poolProgram()),
    argMax: await measureCircuit(cacheRoot, argMaxProgram()),
    shipped: await measureShipped(cacheRoot),
  };
}

async function measureNetwork(
  cacheRoot: string,
  files: ModelFiles,
  samples: readonly HeldOutSample[],
  options: ImportOptions,
): Promise<NetworkFigures> {
  const float = await readGraph(files, options);
  const { graph, widths } = quantiseModel(files, float, options);
  const circuit = await measureCircuit(cacheRoot, graph);
  const accuracy = await compareLabels(files, float, graph, samples);
  return { ...circuit, widths, samples: accuracy.samples, agreement: accuracy.agreement };
}

async function measureShipped(cacheRoot: string): Promise<ShippedFigures[]> {
  const figures: ShippedFigures[] = [];
  for (const name of (await readdir(projectPath("circuits/models"))).sort()) {
    const files = await readModelFiles(projectPath(`circuits/models/${name}`));
    const float = await readGraph(files, {});
    const { graph } = quantiseModel(files, float, {});
    const circuit = await measureCircuit(cacheRoot, graph);
    const held = await readHeldOut(name);
    const heldOut = await step(
      `Comparing ${name} with its float model on ${formatInteger(held.samples.length)} samples`,
      () => measureHeldOut(files.onnx, float, graph, held),
    );
    figures.push({ ...circuit, name, heldOut });
  }
  return figures;
}

const compareLabels = (
  files: ModelFiles,
  float: Awaited<ReturnType<typeof readGraph>>,
  graph: IntegerGraph,
  samples: readonly HeldOutSample[],
): Promise<Accuracy> =>
  step(`Comparing ${files.name} with its float model on ${formatInteger(samples.length)} samples`, () =>
    measureAccuracy(files.onnx, float, graph, samples),
  );

async function measureCircuit(cacheRoot: string, graph: IntegerGraph): Promise<CircuitFigures> {
  const emitted = emitModel(graph);
  const { result, usage } = await step(`Compiling ${graph.name}`, () =>
    withChildUsage(() => compileModel(emitted, cacheRoot)),
  );
  return { ...countsOf(result), compiler: result.circuit.cached ? null : usage };
}

/** The compiler counts the whole; of its parts, the commitment and the output's words are as predicted. */
function countsOf({ emitted, circuit }: CompiledModel): Omit<CircuitFigures, "compiler"> {
  const { total, domainPower } = circuit.constraints;
  const commitment = emitted.byKernel[0].total;
  const outputWords = emitted.byKernel.at(-1)!.total;
  return { total, domainPower, predicted: emitted.cost.total, commitment, outputWords };
}
