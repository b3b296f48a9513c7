import { Command } from "commander";
import { emitModel } from "../src/model/compileModel.ts";
import { quantiseModel, readGraph } from "../src/model/importModel.ts";
import { readModelFiles } from "../src/model/modelFiles.ts";
import { adviseDomain } from "../src/model/adviseDomain.ts";
import type { WidthOptions } from "../src/passes/quantise.ts";
import { describeAdvice, describeCosts } from "./terminal/costTable.ts";
import {
  calibrationRows,
  importOptionsOf,
  MODEL_ARGUMENT,
  modelPath,
  withModelOptions,
  type ModelOptions,
} from "./terminal/modelOptions.ts";

export const estimateCommand = (): Command =>
  withModelOptions(
    new Command("estimate")
      .description("predict a circuit's constraints and its domain without compiling anything")
      .argument("<model>", MODEL_ARGUMENT),
  ).action(estimate);

async function estimate(model: string, options: ModelOptions): Promise<void> {
  const files = await readModelFiles(modelPath(model));
  const rows = await calibrationRows(options);
  const imported = importOptionsOf(options, rows);
  const graph = await readGraph(files, imported);
  const quantised = quantiseModel(files, graph, imported);
  const { emitted } = emitModel(quantised.graph);
  quantised.notes.forEach((note) => console.log(`  ${note}`));
  console.log(describeCosts(emitted));
  const requantise = (widths: WidthOptions) =>
    quantiseModel(files, graph, { ...imported, accuracy: undefined, ...widths }).graph;
  console.log(describeAdvice(adviseDomain(quantised.widths, emitted.cost.domainPower, requantise)));
}
