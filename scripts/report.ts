import { writeFile } from "node:fs/promises";
import { Command } from "commander";
import { InputError, onFile } from "../src/errors.ts";
import { emitModel } from "../src/model/compileModel.ts";
import { quantiseModel, readGraph, samplesFor } from "../src/model/importModel.ts";
import { readInputRows, readModelFiles } from "../src/model/modelFiles.ts";
import { networkSvg } from "../src/model/networkSvg.ts";
import { reportModel } from "../src/model/reportModel.ts";
import { samplesOf } from "../src/passes/samples.ts";
import { callerPath } from "./terminal/callerPath.ts";
import {
  calibrationRows,
  importOptionsOf,
  MODEL_ARGUMENT,
  modelPath,
  withModelOptions,
} from "./terminal/modelOptions.ts";
import type { ModelOptions } from "./terminal/modelOptions.ts";
import { describeReport } from "./terminal/reportTable.ts";

interface ReportOptions extends ModelOptions {
  readonly input?: string;
  readonly svg?: string;
  readonly json?: string;
}

export const reportCommand = (): Command =>
  withModelOptions(
    new Command("report")
      .description("errors, widths and constraints of an integer program, layer by layer; nothing is compiled")
      .argument("<model>", MODEL_ARGUMENT)
      .option("--input <file>", "rows to measure on (default: the samples that choose the scales)")
      .option("--svg <file>", "draw the network")
      .option("--json <file>", "write the report as JSON"),
  ).action(report);

async function report(model: string, options: ReportOptions): Promise<void> {
  const files = await readModelFiles(modelPath(model));
  const rows = options.input === undefined ? undefined : await readInputRows(callerPath(options.input));
  const calibration = await calibrationRows(options);
  const imported = importOptionsOf(options, calibration ?? rows);
  const graph = await readGraph(files, imported);
  const quantised = quantiseModel(files, graph, imported);
  const samples = rows === undefined ? samplesFor(files, graph, calibration) : samplesOf(graph, rows);
  if (samples === undefined) throw new InputError("there is nothing to measure on; give rows with --input FILE");
  const measured = reportModel(graph, quantised, emitModel(quantised.graph).emitted, samples);
  quantised.notes.forEach((note) => console.log(`  ${note}`));
  console.log(describeReport(measured));
  await write(options.svg, () => networkSvg(measured, files.name));
  await write(options.json, () => `${JSON.stringify(measured, null, 2)}\n`);
}

async function write(path: string | undefined, text: () => string): Promise<void> {
  if (path === undefined) return;
  const target = callerPath(path);
  await onFile(target, "written", () => writeFile(target, text()));
}
