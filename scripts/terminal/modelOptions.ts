import { existsSync } from "node:fs";
import { type Command, InvalidArgumentError } from "commander";
import { InputError } from "../../src/errors.ts";
import type { ImportOptions } from "../../src/model/importModel.ts";
import type { Candidate } from "../../src/model/searchWidths.ts";
import { readInputRows } from "../../src/model/modelFiles.ts";
import { projectPath } from "../../src/paths.ts";
import { callerPath } from "./callerPath.ts";
import { formatInteger } from "./table.ts";

/** Options of every command that reads a model. */
export interface ModelOptions {
  readonly inputRange?: readonly [number, number];
  readonly weightBits?: number;
  readonly activationBits?: number;
  readonly inputBits?: number;
  readonly batch?: number;
  readonly dim?: ReadonlyMap<string, number>;
  readonly accuracy?: number;
  readonly maxPower: number;
  /** Path as given; the rows decide scales, and ranges that nothing else says. */
  readonly calibration?: string;
}

/** Largest domain that is built unless asked for, as a power of two. */
const DEFAULT_MAX_POWER = 18;

/** Options for shipped models, which say everything themselves. */
export const SHIPPED: ModelOptions = { maxPower: DEFAULT_MAX_POWER };

export const MODEL_ARGUMENT = "name of a model in circuits/models, a model folder, or an ONNX file";

/** Adds the options that decide how a model becomes an integer program. */
export const withModelOptions = (command: Command): Command =>
  command
    .option("--input-range <low,high>", "real bounds of inputs that model.json does not describe", parseRange)
    .option(
      "--weight-bits <bits>",
      "width of weights, 2 to 16 (default: as wide as is faithful, from 8)",
      parsePositive,
    )
    .option(
      "--activation-bits <bits>",
      "width of activations, 2 to 16 (default: as wide as is faithful, from 8)",
      parsePositive,
    )
    .option(
      "--input-bits <bits>",
      "width of inputs, 2 to 16; discrete ones have no more (default: as wide as is faithful, from 8)",
      parsePositive,
    )
    .option("--batch <size>", "size of a first axis that the model leaves open (default: 1)", parsePositive)
    .option("--dim <name=size>", "size of a symbolic axis; can be repeated", collectDimension)
    .option("--calibration <file>", "input rows that choose scales where the model brings no samples/calibration.json")
    .option(
      "--accuracy <percent>",
      "choose the widths of the cheapest circuit that keeps this share of labels, or this nearness, on the samples",
      parsePercent,
    )
    .option("--max-power <power>", "largest domain, as a power of two", parsePositive, DEFAULT_MAX_POWER);

export const importOptionsOf = (
  { dim, ...options }: ModelOptions,
  rows?: readonly (readonly number[])[],
): ImportOptions => {
  const { inputRange, weightBits, activationBits, inputBits, batch, accuracy } = options;
  const widths = { weightBits, activationBits, inputBits };
  if (accuracy !== undefined && Object.values(widths).some((bits) => bits !== undefined)) {
    throw new InputError("--accuracy: chooses the widths itself; give it without --weight-bits and the like");
  }
  return { inputRange, ...widths, batch, dimensions: dim, rows, accuracy, onCandidate: tellCandidate };
};

/** The rows of `--calibration`. Never the input that is proven: the key would depend on it. */
export const calibrationRows = async ({ calibration }: ModelOptions): Promise<number[][] | undefined> =>
  calibration === undefined ? undefined : readInputRows(callerPath(calibration));

/** A shipped model's folder by its name, else a path from where the user called. */
export function modelPath(nameOrPath: string): string {
  const shipped = projectPath(`circuits/models/${nameOrPath}`);
  return /^[a-z0-9-]+$/.test(nameOrPath) && existsSync(shipped) ? shipped : callerPath(nameOrPath);
}

export function parsePositive(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError("want a positive integer.");
}

function parsePercent(text: string): number {
  const value = text.trim() === "" ? NaN : Number(text);
  if (value > 0 && value <= 100) return value;
  throw new InvalidArgumentError("want a percentage above 0 and up to 100, for example 99.5.");
}

/** A line a program that a search for widths looks at. */
function tellCandidate({
  widths: { weightBits, activationBits, inputBits, layers },
  accuracy,
  emitted,
}: Candidate): void {
  const bits = `weights ${weightBits}, activations ${activationBits}, inputs ${inputBits} bits`;
  const own = Object.keys(layers ?? {}).length;
  console.error(
    `  ${bits}${own === 0 ? "" : `, ${own} layers of their own`}: ${accuracy.toFixed(2)} %, ${formatInteger(emitted.emitted.cost.total)} constraints`,
  );
}

function parseRange(text: string): [number, number] {
  const bounds = text.split(",").map((bound) => (bound.trim() === "" ? NaN : Number(bound)));
  if (bounds.length === 2 && bounds.every(Number.isFinite) && bounds[0] < bounds[1]) return [bounds[0], bounds[1]];
  throw new InvalidArgumentError("want two numbers, the lower first, for example 0,1.");
}

function collectDimension(text: string, dimensions: ReadonlyMap<string, number> = new Map()): Map<string, number> {
  const [name, size, ...rest] = text.split("=");
  if (name === "" || size === undefined || rest.length > 0) {
    throw new InvalidArgumentError("want a name and a size, for example sequence=16.");
  }
  return new Map([...dimensions, [name, parsePositive(size)]]);
}
