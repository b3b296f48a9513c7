import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { z } from "zod";
import { InputError } from "../errors.ts";
import { parseJsonFile } from "../jsonFile.ts";

const Bounds = z.tuple([z.number(), z.number()]);

/** What a model's author says of it beside the ONNX file, in model.json. */
const ModelConfig = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,63}$/, "want lower-case letters, digits and hyphens")
    .optional(),
  title: z.string().optional(),
  /**
   * By input name: real bounds, of all elements or by position along the last axis, and the distance of neighbouring
   * values where the input is discrete.
   */
  inputs: z.record(
    z.string(),
    z.strictObject({
      range: Bounds.optional(),
      ranges: z.array(Bounds).min(1).optional(),
      step: z.number().positive().optional(),
    }),
  ),
  /** Widths of the whole program, 2 to 16. */
  weightBits: z.int().optional(),
  activationBits: z.int().optional(),
  inputBits: z.int().optional(),
  /** Widths of single layers, by the name of their ONNX node. */
  layers: z
    .record(z.string(), z.strictObject({ weightBits: z.int().optional(), activationBits: z.int().optional() }))
    .optional(),
  /** Output that names the class. */
  classifier: z.string().optional(),
});

export type ModelConfig = z.infer<typeof ModelConfig>;

/** A model as it lies on disk. */
export interface ModelFiles {
  /** Kebab-case name: model.json's, else the file's. */
  readonly name: string;
  readonly onnxPath: string;
  readonly onnx: Uint8Array;
  readonly config: ModelConfig | undefined;
  /** Rows that fix the activation scales: samples/calibration.json of a model folder, absent for a bare file. */
  readonly calibration: InputFile | undefined;
}

/** Rows of inputs and the file that they are from. */
export interface InputFile {
  readonly path: string;
  readonly rows: readonly (readonly number[])[];
}

const InputRows = z.object({ input_data: z.array(z.array(z.number())).min(1) });

/** Reads `{"input_data": [[…flattened tensor…], …]}`, one row a model input; other keys are ignored. */
export async function readInputRows(path: string): Promise<number[][]> {
  return (await parseJsonFile(path, InputRows)).input_data;
}

/**
 * Reads a model folder (model.onnx, model.json, samples/) or an ONNX file with an optional model.json beside it. Only where
 * both have their names in a model folder do the samples beside them count.
 */
export async function readModelFiles(path: string): Promise<ModelFiles> {
  if (!existsSync(path)) throw new InputError(`${path}: no such file or folder, want an ONNX file or a model folder`);
  const onnxPath = statSync(path).isDirectory() ? join(path, "model.onnx") : path;
  if (!existsSync(onnxPath)) throw new InputError(`${path}: holds no model.onnx`);
  const folder = dirname(onnxPath);
  const configPath = join(folder, "model.json");
  const config = existsSync(configPath) ? await parseJsonFile(configPath, ModelConfig) : undefined;
  const isModelFolder = basename(onnxPath) === "model.onnx" && config !== undefined;
  return {
    name: config?.name ?? nameFrom(onnxPath),
    onnxPath,
    onnx: await readFile(onnxPath),
    config,
    calibration: isModelFolder ? await readCalibration(folder) : undefined,
  };
}

async function readCalibration(folder: string): Promise<InputFile | undefined> {
  const path = join(folder, "samples", "calibration.json");
  return existsSync(path) ? { path, rows: await readInputRows(path) } : undefined;
}

function nameFrom(onnxPath: string): string {
  const stem = basename(onnxPath, extname(onnxPath));
  const name = (stem === "model" || stem === "network" ? basename(dirname(onnxPath)) : stem)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+|-+$/g, "")
    .slice(0, 64);
  return name === "" ? "model" : name;
}
