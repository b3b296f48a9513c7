import { mkdir, readdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { Command } from "commander";
import writeFileAtomic from "write-file-atomic";
import { AUDITORS_PAGE, auditorsPage } from "../src/generate/auditorsPage.ts";
import { InputError } from "../src/errors.ts";
import type { GasFigures } from "../src/gas/measureGas.ts";
import { readJson } from "../src/jsonFile.ts";
import { circuitFilesOf, keyFilesOf, sharedFiles, verifierFileOf } from "../src/generate/generatedFiles.ts";
import { OPERATOR_PAGE, operatorPage } from "../src/generate/operatorTable.ts";
import { withFigures } from "../src/generate/readmeFigures.ts";
import { staleKeyEntries } from "../src/generate/staleKeyEntries.ts";
import type { EmittedModel } from "../src/model/compileModel.ts";
import type { SetUpModel } from "../src/model/setupModel.ts";
import { projectPath } from "../src/paths.ts";
import { seedModels } from "../test/fixtures/onnx/seedModels.ts";
import { SHIPPED } from "./terminal/modelOptions.ts";
import { buildKey, buildProgram } from "./terminal/buildModel.ts";

/** The model whose Solidity verifier is committed and whose figures the README shows. */
const README_MODEL = "digits-mlp";
/** Keys of larger domains, as powers of two, are not made again for a comparison, which would take minutes. */
const MAX_CHECKED_POWER = 14;

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
    const { model } = await buildProgram(name, SHIPPED);
    stale.push(...(await update(circuitFilesOf(model), check)));
    stale.push(...(await updateKey(name, model, check)));
  }
  if (check && stale.length > 0) throw new InputError(`${stale.join(", ")}: not up to date, run: npm run generate`);
  const changed = stale.length === 0 ? "nothing to do" : `wrote ${stale.join(", ")}`;
  console.log(`  Generated files: ${check ? "up to date" : changed}`);
}

/** The key's files; of a large key that is only compared, the entries that need no compiler. */
async function updateKey(name: string, emitted: EmittedModel, check: boolean): Promise<string[]> {
  if (check && emitted.emitted.cost.domainPower > MAX_CHECKED_POWER) {
    console.log(`  ${name}: its large key is not made again here but by: npm run tollgate -- audit ${name}`);
    return staleKeyEntries(emitted);
  }
  const { model } = await buildKey(name, SHIPPED);
  const stale = await update(await keyFilesOf(model), check);
  if (name !== README_MODEL) return stale;
  return [...stale, ...(await update(verifierFileOf(model), check)), ...(await update(await readmeOf(model), check))];
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
