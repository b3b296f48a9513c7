import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { writeJson } from "../src/jsonFile.ts";
import { readHeldOut } from "../src/model/heldOut.ts";
import { readGraph } from "../src/model/importModel.ts";
import { measureAccuracy } from "../src/model/measureAccuracy.ts";
import { measureProving } from "../src/model/measureProving.ts";
import { benchGasCommand } from "./benchGas.ts";
import { benchModelsCommand } from "./benchModels.ts";
import { describeBench, type BenchReport } from "./terminal/benchReport.ts";
import { SHIPPED } from "./terminal/modelOptions.ts";
import { buildKey } from "./terminal/buildModel.ts";
import { callerPath } from "./terminal/callerPath.ts";
import { step } from "./terminal/progress.ts";

const MODEL = "digits-mlp";
/** Warm proofs that are timed; the median counts. */
const RUNS = 9;

export const benchCommand = (): Command =>
  new Command("bench")
    .description("measure constraints, times from clean, memory and accuracy of the digits model")
    .option("--json <file>", "write the figures here")
    // An option behind `models` or `gas` is that command's, also where both have one of its name.
    .enablePositionalOptions()
    .addCommand(benchModelsCommand())
    .addCommand(benchGasCommand())
    .action(bench);

async function bench({ json }: { json?: string }): Promise<void> {
  // A cache of its own, so that compiling and setup are done and not found.
  const cacheRoot = await mkdtemp(join(tmpdir(), "tollgate-bench-"));
  try {
    const report = await measure(cacheRoot);
    console.log(describeBench(report));
    if (json !== undefined) await writeJson(callerPath(json), report);
  } finally {
    await rm(cacheRoot, { recursive: true });
  }
}

async function measure(cacheRoot: string): Promise<BenchReport> {
  const { files, model, seconds } = await buildKey(MODEL, SHIPPED, cacheRoot);
  const { samples } = await readHeldOut(MODEL);
  const proving = await step("Proving", () => measureProving(model, [samples[0].row], RUNS));
  const accuracy = await step("Comparing with the float model", async () =>
    measureAccuracy(files.onnx, await readGraph(files, {}), model.graph, samples),
  );
  return {
    model: MODEL,
    constraints: model.circuit.constraints,
    seconds: { ...seconds, ...proving.warm, firstProof: proving.first.prove },
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    accuracy,
  };
}
