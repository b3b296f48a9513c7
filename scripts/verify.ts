import { Command } from "commander";
import { deployedRegistry } from "../src/chain/deployedRegistry.ts";
import { buildContracts } from "../src/chain/buildContracts.ts";
import { connectChain } from "../src/chain/localChain.ts";
import { deployVerifier, requireValid, verifyOnChain } from "../src/chain/verifyClaim.ts";
import { unpackWords } from "../src/codec/codec.ts";
import { InputError } from "../src/errors.ts";
import { verifyProof } from "../src/groth16/verify.ts";
import type { Claim } from "../src/model/claim.ts";
import { readClaim } from "../src/model/claimFile.ts";
import { signalsOf } from "../src/model/infer.ts";
import type { KeyedModel } from "../src/model/setupModel.ts";
import { buildWithVkey } from "./terminal/buildModel.ts";
import { callerPath } from "./terminal/callerPath.ts";
import { describeOutputs } from "./terminal/describeOutputs.ts";
import { MODEL_ARGUMENT, withModelOptions, type ModelOptions } from "./terminal/modelOptions.ts";
import { step } from "./terminal/progress.ts";
import { formatInteger } from "./terminal/table.ts";

interface Options extends ModelOptions {
  readonly vkey?: string;
  readonly network?: string;
}

export const verifyCommand = (): Command =>
  withModelOptions(
    new Command("verify")
      .description("verify a claim in JavaScript and on an EVM: an in-process one, or a network's deployed registry")
      .argument("<model>", MODEL_ARGUMENT)
      .argument("<claim>", "file that prove wrote")
      .option("--vkey <file>", "verification key to use instead of the development key's")
      .option("--network <name>", "ask the registry deployed there"),
  ).action(verify);

async function verify(nameOrPath: string, claimPath: string, options: Options): Promise<void> {
  const model = await buildWithVkey(nameOrPath, options);
  const claim = await readClaim(callerPath(claimPath), model);
  const signals = signalsOf(claim, model.keyId, claim.subject);
  if (!verifyProof(model.vkey, signals, claim.proof)) {
    throw new InputError(`${claimPath}: the proof does not show this statement under the key ${model.keyId}`);
  }
  console.log("  JavaScript: valid");
  const where = options.network ?? "in-process EVM";
  await step(
    `Verifying on ${where}`,
    () => askChain(model, claim, options.network),
    (text) => `${where}: ${text}`,
  );
  console.log(describeOutputs(model.graph, unpackWords(model.graph.outputs, claim.words)));
}

async function askChain(model: KeyedModel, claim: Claim, network: string | undefined): Promise<string> {
  await buildContracts();
  const chain = await connectChain(network);
  if (network === undefined) {
    const gas = await verifyOnChain(chain, await deployVerifier(chain.ethers, model), model.keyId, claim);
    return `valid (${formatInteger(gas)} gas)`;
  }
  const registry = await deployedRegistry(chain);
  await requireValid(registry, model.keyId, claim);
  return `valid, says the registry at ${await registry.getAddress()}`;
}
