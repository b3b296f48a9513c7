import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { VERIFY_GAS_FLOOR } from "../src/chain/gasFloor.ts";
import { buildContracts } from "../src/chain/buildContracts.ts";
import { connectChain } from "../src/chain/localChain.ts";
import { measureGas } from "../src/chain/measureGas.ts";
import { writeJson } from "../src/jsonFile.ts";
import { readHeldOut } from "../src/model/heldOut.ts";
import { readGraph } from "../src/model/importModel.ts";
import { measureAccuracy } from "../src/model/measureAccuracy.ts";
import { measureProving } from "../src/model/measureProving.ts";
import { dealerTrapdoor, mintProof } from "../src/setup/mint.ts";
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
    .description("measure constraints, times from clean, memory, accuracy and gas of the shipped model")
    .option("--json <file>", "write the figures here")
    // An option behind `models` is that command's, also where both have one of its name.
    .enablePositionalOptions()
    .addCommand(benchModelsCommand())
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
  await step("Compiling the contracts", buildContracts);
  const { connection } = await connectChain();
  const trapdoor = await dealerTrapdoor(model.circuit.r1csPath);
  const prove = (signals: readonly bigint[]) => mintProof(trapdoor, signals);
  const gas = await step("Measuring gas", () => measureGas(connection, { key: model.key, prove }));
  return {
    model: MODEL,
    constraints: model.circuit.constraints,
    seconds: { ...seconds, ...proving.warm, firstProof: proving.first.prove },
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    accuracy,
    gas: { ...gas, verifyFloor: VERIFY_GAS_FLOOR },
  };
}
