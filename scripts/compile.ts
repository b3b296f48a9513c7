import { Command } from "commander";
import { onFile } from "../src/errors.ts";
import { writeCircuit } from "../src/model/writeArtefacts.ts";
import { workPath } from "../src/paths.ts";
import { buildCircuit } from "./terminal/buildModel.ts";
import { callerPath } from "./terminal/callerPath.ts";
import { MODEL_ARGUMENT, withModelOptions, type ModelOptions } from "./terminal/modelOptions.ts";

export const compileCommand = (): Command =>
  withModelOptions(
    new Command("compile")
      .description("compile a model to a circuit: graph.json, .circom, .r1cs, .wasm, .sym")
      .argument("<model>", MODEL_ARGUMENT)
      .option("--out <folder>", "where to write (default: build/models/<name>)"),
  ).action(compile);

async function compile(nameOrPath: string, options: ModelOptions & { out?: string }): Promise<void> {
  const { files, model } = await buildCircuit(nameOrPath, options);
  const folder = options.out === undefined ? workPath(`build/models/${files.name}`) : callerPath(options.out);
  const written = await onFile(folder, "written", () => writeCircuit(folder, model));
  console.log(`  ${folder}: ${written.join(", ")}`);
  console.log(`  model hash   ${model.modelHash}\n  circuit hash ${model.circuitHash}`);
}
