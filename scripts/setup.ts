import { Command } from "commander";
import { onFile } from "../src/errors.ts";
import { writeCircuit, writeKey } from "../src/model/writeArtefacts.ts";
import { workPath } from "../src/paths.ts";
import { buildKey } from "./terminal/buildModel.ts";
import { callerPath } from "./terminal/callerPath.ts";
import { MODEL_ARGUMENT, withModelOptions, type ModelOptions } from "./terminal/modelOptions.ts";

export const setupCommand = (): Command =>
  withModelOptions(
    new Command("setup")
      .description("make the public development key of a model and its Solidity verifier (chain 31337 only)")
      .argument("<model>", MODEL_ARGUMENT)
      .option("--out <folder>", "where to write (default: build/models/<name>)"),
  ).action(setup);

async function setup(nameOrPath: string, options: ModelOptions & { out?: string }): Promise<void> {
  const { files, model } = await buildKey(nameOrPath, options);
  const folder = options.out === undefined ? workPath(`build/models/${files.name}`) : callerPath(options.out);
  const written = await onFile(folder, "written", async () => [
    ...(await writeCircuit(folder, model)),
    ...(await writeKey(folder, model)),
  ]);
  console.log(`  ${folder}: ${written.join(", ")}`);
  console.log(`  model hash   ${model.modelHash}\n  circuit hash ${model.circuitHash}\n  key id       ${model.keyId}`);
  console.log("  The dealer's secrets are public: whoever reads its seed can forge under this key.");
}
