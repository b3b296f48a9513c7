import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import type { Finding } from "../src/fuzz/onnx/fuzzWorker.ts";
import { type FuzzTotals, fuzzOnnx } from "../src/fuzz/onnx/fuzzOnnx.ts";
import { writeJson } from "../src/jsonFile.ts";
import { projectPath } from "../src/paths.ts";
import { seedModels } from "../test/fixtures/onnx/seedModels.ts";
import { callerPath } from "./terminal/callerPath.ts";
import { parsePositive } from "./terminal/modelOptions.ts";
import { formatInteger } from "./terminal/table.ts";

const FOLDER = projectPath("build/fuzz");

export const fuzzOnnxCommand = (): Command =>
  new Command("onnx")
    .description("damage ONNX files and read them: all that may come of it is a program or a refusal of one line")
    .option("--mutants <count>", "files to damage", parsePositive, 200_000)
    .option("--seed <number>", "decides every mutant", parsePositive, 1)
    .option("--json <file>", "write the figures here")
    .action(fuzz);

async function fuzz({ mutants, seed, json }: { mutants: number; seed: number; json?: string }): Promise<void> {
  const models = [...(await shippedModels()), ...seedModels()];
  let told = 0;
  const onProgress = (totals: FuzzTotals) => {
    const twentieths = Math.floor((20 * totals.judged) / mutants);
    if (twentieths > told) console.log(describe(totals));
    told = twentieths;
  };
  const { findings, ...counts } = await fuzzOnnx({ models, seed, mutants, onProgress });
  for (const finding of findings) console.log(`  ${finding.signature}\n    ${await write(finding, seed)}`);
  if (json !== undefined) await writeJson(callerPath(json), { seed, ...counts, kinds: findings.length });
  if (findings.length > 0) process.exitCode = 1;
}

async function shippedModels(): Promise<Uint8Array[]> {
  const folder = projectPath("circuits/models");
  const names = (await readdir(folder)).sort();
  return Promise.all(names.map((name) => readFile(join(folder, name, "model.onnx"))));
}

const describe = ({ judged, accepted, refused, faults, findings }: FuzzTotals): string =>
  `  ${formatInteger(judged)} mutants: ${formatInteger(accepted)} accepted, ${formatInteger(refused)} refused, ` +
  `${formatInteger(faults)} faults of ${findings.length} kinds`;

/** Keeps the file of a finding, and what it does, beside each other. */
async function write({ number, detail, bytes }: Finding, seed: number): Promise<string> {
  await mkdir(FOLDER, { recursive: true });
  const path = join(FOLDER, `seed${seed}-${number}.onnx`);
  await writeFile(path, bytes);
  await writeFile(path.replace(/onnx$/, "txt"), `${detail}\n`);
  return path;
}
