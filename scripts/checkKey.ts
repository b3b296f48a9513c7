import { Command } from "commander";
import { elementWidths, layOut } from "../src/codec/codec.ts";
import { InputError } from "../src/errors.ts";
import type { CompiledModel } from "../src/model/compileModel.ts";
import type { CheckedKey } from "../src/model/writeArtefacts.ts";
import { checkKey } from "../src/setup/phase2/checkKey.ts";
import { readTerms } from "../src/setup/phase2/terms.ts";
import { buildCircuit } from "./terminal/buildModel.ts";
import { callerPath } from "./terminal/callerPath.ts";
import { describeKeyReport } from "./terminal/keyReport.ts";
import { MODEL_ARGUMENT, withModelOptions, type ModelOptions } from "./terminal/modelOptions.ts";
import { step } from "./terminal/progress.ts";

/** A finished key and what it is checked against, paths as the user gave them. */
export interface KeyFiles {
  readonly zkey: string;
  readonly ptau: string;
  readonly terms?: string;
  readonly acceptPtau?: true;
}

export const checkKeyCommand = (): Command =>
  withModelOptions(
    new Command("check-key")
      .description("check a finished proving key of phase 2: contributions, beacon, circuit and powers of tau")
      .argument("<model>", MODEL_ARGUMENT)
      .requiredOption("--zkey <file>", "the finished key")
      .requiredOption("--ptau <file>", "prepared powers of tau that it was made from")
      .option("--terms <file>", "ceremony.json as announced; without it the key is one party's own")
      .option("--accept-ptau", "take powers of tau that nobody published, recorded as untrusted"),
  ).action(async (nameOrPath: string, options: ModelOptions & KeyFiles) => {
    await checkFinishedKey((await buildCircuit(nameOrPath, options)).model, options);
  });

/** Checks a key, telling every check; throws InputError for one that must not be used. */
export async function checkFinishedKey(model: CompiledModel, files: KeyFiles): Promise<CheckedKey> {
  const zkeyPath = callerPath(files.zkey);
  const termsPath = files.terms === undefined ? undefined : callerPath(files.terms);
  const terms = termsPath === undefined ? undefined : await readTerms(termsPath);
  const report = await step(
    "Checking the key",
    () =>
      checkKey({
        r1csPath: model.circuit.r1csPath,
        zkeyPath,
        ptauPath: callerPath(files.ptau),
        wordCount: layOut(elementWidths(model.graph.outputs)).wordCount,
        terms,
        requirePinned: files.acceptPtau !== true,
      }),
    ({ keyId, ok }) => `${ok ? "Checked" : "Refused"} the key ${keyId}`,
  );
  console.log(describeKeyReport(report));
  const failed = report.checks.find(({ ok }) => !ok);
  if (failed !== undefined) throw new InputError(`${zkeyPath}: ${failed.name}: ${failed.detail}`);
  return { zkeyPath, report, termsPath };
}
