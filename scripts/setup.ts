import { Command } from "commander";
import { InputError, onFile } from "../src/errors.ts";
import { withKey, type KeyedModel } from "../src/model/setupModel.ts";
import { writeCheckedKey, writeCircuit, writeKey } from "../src/model/writeArtefacts.ts";
import { projectPath } from "../src/paths.ts";
import { checkFinishedKey, type KeyFiles } from "./checkKey.ts";
import { buildCircuit, buildKey } from "./terminal/buildModel.ts";
import { callerPath } from "./terminal/callerPath.ts";
import { MODEL_ARGUMENT, withModelOptions, type ModelOptions } from "./terminal/modelOptions.ts";

interface Options extends ModelOptions, Partial<KeyFiles> {
  readonly out?: string;
}

export const setupCommand = (): Command =>
  withModelOptions(
    new Command("setup")
      .description("make a model's development key (chain 31337 only), or check and take in a key of phase 2")
      .argument("<model>", MODEL_ARGUMENT)
      .option("--zkey <file>", "finished key of phase 2 to take in, with --ptau and --out")
      .option("--ptau <file>", "prepared powers of tau that it was made from")
      .option("--terms <file>", "ceremony.json as announced; without it the key is one party's own")
      .option("--accept-ptau", "take powers of tau that nobody published, recorded as untrusted")
      .option("--out <folder>", "where to write (default: build/models/<name>)"),
  ).action(setup);

async function setup(nameOrPath: string, options: Options): Promise<void> {
  const { zkey, ptau, out, ...rest } = options;
  if (zkey === undefined) {
    if (ptau !== undefined || rest.terms !== undefined || rest.acceptPtau !== undefined)
      throw new InputError("--ptau, --terms and --accept-ptau: belong to a finished key; give it with --zkey");
    return deal(nameOrPath, options);
  }
  if (ptau === undefined || out === undefined)
    throw new InputError("--zkey: want --ptau, the powers of tau that the key was made from, and --out, its folder");
  const { model } = await buildCircuit(nameOrPath, options);
  const key = await checkFinishedKey(model, { ...rest, zkey, ptau });
  const folder = callerPath(out);
  const keyed = withKey(model, key.report.vkey);
  tell(folder, keyed, await onFile(folder, "written", () => writeCheckedKey(folder, keyed, key)));
}

async function deal(nameOrPath: string, options: Options): Promise<void> {
  const { files, model } = await buildKey(nameOrPath, options);
  const folder = options.out === undefined ? projectPath(`build/models/${files.name}`) : callerPath(options.out);
  const written = await onFile(folder, "written", async () => [
    ...(await writeCircuit(folder, model)),
    ...(await writeKey(folder, model)),
  ]);
  tell(folder, model, written);
  console.log("  The dealer's secrets are public: whoever reads its seed can forge under this key.");
}

function tell(folder: string, model: KeyedModel, written: readonly string[]): void {
  console.log(`  ${folder}: ${written.join(", ")}`);
  console.log(`  model hash   ${model.modelHash}\n  circuit hash ${model.circuitHash}\n  key id       ${model.keyId}`);
}
