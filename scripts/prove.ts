import { Command, InvalidArgumentError } from "commander";
import { id } from "ethers";
import { randomSalt } from "../src/codec/commitment.ts";
import { createProver } from "../src/groth16/prover.ts";
import { encodeInputs } from "../src/ir/encodeInputs.ts";
import { writeJson } from "../src/jsonFile.ts";
import { claimToJson, openingToJson } from "../src/model/claimFile.ts";
import { infer } from "../src/model/infer.ts";
import { readInputRows } from "../src/model/modelFiles.ts";
import { proveInference } from "../src/model/proveInference.ts";
import { withKey } from "../src/model/setupModel.ts";
import { buildWithZkey } from "./terminal/buildModel.ts";
import { callerPath } from "./terminal/callerPath.ts";
import { describeOutputs } from "./terminal/describeOutputs.ts";
import { MODEL_ARGUMENT, withModelOptions, type ModelOptions } from "./terminal/modelOptions.ts";
import { step } from "./terminal/progress.ts";

interface Options extends ModelOptions {
  readonly input: string;
  readonly subject: string;
  readonly zkey?: string;
  readonly out: string;
}

export const proveCommand = (): Command =>
  withModelOptions(
    new Command("prove")
      .description("run a model on an input and prove the result; writes the claim and, beside it, its opening")
      .argument("<model>", MODEL_ARGUMENT)
      .requiredOption("--input <file>", '{"input_data": [[…flattened tensor…], …]}, one row a model input')
      .option("--subject <hex>", "what the proof is for: a job id, 32 bytes", parseSubject, id("tollgate prove"))
      .option("--zkey <file>", "proving key to use instead of the development key")
      .option("--out <file>", "where the claim goes; the opening goes to the same name with .opening", "claim.json"),
  ).action(prove);

async function prove(nameOrPath: string, options: Options): Promise<void> {
  const rows = await readInputRows(callerPath(options.input));
  const { model: compiled, zkeyPath } = await buildWithZkey(nameOrPath, options);
  const prover = await createProver({ ...compiled.circuit, zkeyPath });
  const model = withKey(compiled, prover.vkey);
  const inference = infer(model.graph, encodeInputs(model.graph, rows), randomSalt());
  const proven = await step("Proving", () => proveInference(prover, model.keyId, inference, options.subject));
  const out = callerPath(options.out);
  // Input and salt are the client's and the provider's alone.
  await writeJson(`${out}.opening`, openingToJson(proven), { mode: 0o600 });
  await writeJson(out, claimToJson(model, proven));
  console.log(describeOutputs(model.graph, inference.outputs));
  console.log(`  ${out}: the claim\n  ${out}.opening: input and salt; give it to nobody who may not know the input`);
}

function parseSubject(text: string): string {
  if (/^0x[0-9a-f]{64}$/.test(text) && BigInt(text) !== 0n) return text;
  throw new InvalidArgumentError("want 0x and 64 lower-case hex digits, not all zero.");
}
