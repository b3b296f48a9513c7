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
import { type ProjectOptions, reportProject } from "./reportProject.ts";

interface ReportOptions extends ModelOptions, ProjectOptions {
  readonly input?: string;
  readonly svg?: string;
  readonly json?: string;
}

export const reportCommand = (): Command =>
  withModelOptions(
    new Command("report")
      .description(
        "without a model: a page of figures, gas, audit and the life of a job; with one: its errors, widths and constraints",
      )
      .argument("[model]", MODEL_ARGUMENT)
      .option("--out <file>", "where the page goes (default: build/report.html)")
      .option(
        "--audit <file>",
        "show the audit that wrote this file (default: audit all shipped models, which takes minutes)",
      )
      .option("--no-audit", "leave the audit out of the page")
      .option("--input <file>", "rows to measure on (default: the samples that choose the scales)")
      .option("--svg <file>", "draw the network")
      .option("--json <file>", "write the report as JSON"),
  ).action(report);

async function report(model: string | undefined, options: ReportOptions): Promise<void> {
  const { out, audit, maxPower: _, ...ofModel } = options;
  if (model !== undefined && (out !== undefined || audit !== undefined))
    throw new InputError(
      `report ${model}: --out and --audit are for the page of the project; give them without a model`,
    );
  if (model !== undefined) return reportOn(model, options);
  const [name] = Object.keys(ofModel);
  if (name !== undefined) throw new InputError(`report: --${kebabCase(name)} needs a model`);
  return reportProject({ out, audit });
}

const kebabCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Measures a model layer by layer; nothing is compiled. */
async function reportOn(model: string, options: ReportOptions): Promise<void> {
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
