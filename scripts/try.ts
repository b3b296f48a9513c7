import { Command } from "commander";
import { buildContracts } from "../src/chain/buildContracts.ts";
import { connectChain } from "../src/chain/localChain.ts";
import { deployVerifier, verifyOnChain } from "../src/chain/verifyClaim.ts";
import { onFile } from "../src/errors.ts";
import { writeJson } from "../src/jsonFile.ts";
import { readInputRows, readModelFiles } from "../src/model/modelFiles.ts";
import { tryModel, unreachedReport, type TryOptions, type TryOutcome } from "../src/model/tryModel.ts";
import { CACHE_ROOT } from "./terminal/buildModel.ts";
import { callerPath } from "./terminal/callerPath.ts";
import {
  calibrationRows,
  importOptionsOf,
  MODEL_ARGUMENT,
  modelPath,
  withModelOptions,
  type ModelOptions,
} from "./terminal/modelOptions.ts";
import { step } from "./terminal/progress.ts";
import { describeTry } from "./terminal/tryReport.ts";

interface Options extends ModelOptions {
  readonly input: string;
  readonly classifier?: string;
  readonly json?: string;
}

export const tryCommand = (): Command =>
  withModelOptions(
    new Command("try")
      .description("everything for one model and one input: circuit, key, proof, verification on an EVM, comparison")
      .argument("<model>", MODEL_ARGUMENT)
      .requiredOption("--input <file>", '{"input_data": [[…flattened tensor…], …]}, one row a model input')
      .option("--classifier <output>", "output whose greatest element is the class")
      .option("--json <file>", "write the report here, on success and on failure"),
  ).action(tryCommandAction);

async function tryCommandAction(nameOrPath: string, options: Options): Promise<void> {
  const { report, failure } = await attempt(nameOrPath, options);
  if (options.json !== undefined) await writeJson(callerPath(options.json), report);
  if (failure !== undefined) throw failure;
  console.log(describeTry(report));
  if (!report.ok) process.exitCode = 1;
}

async function attempt(nameOrPath: string, options: Options): Promise<TryOutcome> {
  try {
    const path = modelPath(nameOrPath);
    const files = await onFile(path, "read", () => readModelFiles(path));
    const rows = await readInputRows(callerPath(options.input));
    const calibrated = await calibrationRows(options);
    const calibration = calibrated && { path: options.calibration!, rows: calibrated };
    return await tryModel(calibration ? { ...files, calibration } : files, tryOptions(options, rows));
  } catch (failure) {
    return { report: unreachedReport(failure instanceof Error ? failure : new Error(String(failure))), failure };
  }
}

const tryOptions = (options: Options, rows: number[][]): TryOptions => ({
  ...importOptionsOf(options, rows),
  rows,
  classifier: options.classifier,
  maxPower: options.maxPower,
  cacheRoot: CACHE_ROOT,
  onStage: (stage, work) => step(stage, work),
  onNote: (note) => console.log(`  ${note}`),
  verify: async (model, claim) => {
    await buildContracts();
    const chain = await connectChain();
    return verifyOnChain(chain, await deployVerifier(chain.ethers, model), model.keyId, claim);
  },
});
