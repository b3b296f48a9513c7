import { mkdir, readdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { Command } from "commander";
import writeFileAtomic from "write-file-atomic";
import { AUDITORS_PAGE, auditorsPage } from "../src/generate/auditorsPage.ts";
import { InputError } from "../src/errors.ts";
import type { GasFigures } from "../src/gas/measureGas.ts";
import { readJson } from "../src/jsonFile.ts";
import { circuitFilesOf, keyFilesOf, sharedFiles } from "../src/generate/generatedFiles.ts";
import { OPERATOR_PAGE, operatorPage } from "../src/generate/operatorTable.ts";
import { withFigures } from "../src/generate/readmeFigures.ts";
import type { SetUpModel } from "../src/model/setupModel.ts";
import { projectPath } from "../src/paths.ts";
import { seedModels } from "../test/fixtures/onnx/seedModels.ts";
import { SHIPPED } from "./terminal/modelOptions.ts";
import { buildKey, buildProgram } from "./terminal/buildModel.ts";

/** The model whose key is committed and whose figures the README shows; the others' keys are made when they are needed. */
const KEYED_MODEL = "digits-mlp";

export const generateCommand = (): Command =>
  new Command("generate")
    .description("write every committed generated file again, or compare them with what would be written")
    .option("--check", "write nothing; fail where a file differs")
    .action(generate);

async function generate({ check = false }: { check?: boolean }): Promise<void> {
  const stale: string[] = [];
  stale.push(...(await update(new Map([[AUDITORS_PAGE, auditorsPage()]]), check)));
  // Poseidon's constants come before the models: their circuits include them.
  stale.push(...(await update(sharedFiles(), check)));
  stale.push(...(await update(new Map([[OPERATOR_PAGE, operatorPage(seedModels())]]), check)));
  for (const name of await readdir(projectPath("circuits/models"))) {
    stale.push(...(await update(circuitFilesOf((await buildProgram(name, SHIPPED)).model), check)));
    if (name !== KEYED_MODEL) continue;
    const { model } = await buildKey(name, SHIPPED);
    stale.push(...(await update(await keyFilesOf(model), check)));
    stale.push(...(await update(await readmeOf(model), check)));
  }
  if (check && stale.length > 0) throw new InputError(`${stale.join(", ")}: not up to date, run: npm run generate`);
  const changed = stale.length === 0 ? "nothing to do" : `wrote ${stale.join(", ")}`;
  console.log(`  Generated files: ${check ? "up to date" : changed}`);
}

async function readmeOf({ circuit }: SetUpModel): Promise<Map<string, string>> {
  const gas = (await readJson(projectPath("test/gas/snapshot.json"))) as GasFigures;
  const readme = await readFile(projectPath("README.md"), "utf8");
  return new Map([["README.md", withFigures(readme, circuit.constraints, gas)]]);
}

/** The files whose text differs from what it should be; written unless `check`. */
async function update(files: ReadonlyMap<string, string>, check: boolean): Promise<string[]> {
  const stale: string[] = [];
  for (const [path, text] of files) {
    const absolute = projectPath(path);
    if ((await readFile(absolute, "utf8").catch(() => undefined)) === text) continue;
    stale.push(path);
    if (check) continue;
    await mkdir(dirname(absolute), { recursive: true });
    await writeFileAtomic(absolute, text);
  }
  return stale;
}
