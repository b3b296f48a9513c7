import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { expect } from "chai";
import type { ModelRegistry } from "../../build/hardhat/types/index.ts";
import type { Opening } from "../../src/agent/serveJob.ts";
import { registerModel } from "../../src/chain/deploy.ts";
import { unpackWords } from "../../src/codec/codec.ts";
import { commitInput, randomSalt } from "../../src/codec/commitment.ts";
import { toBytes32, type Hex } from "../../src/codec/statement.ts";
import { createProver, type Prover } from "../../src/groth16/prover.ts";
import { decodeOutputs } from "../../src/ir/decodeOutputs.ts";
import { encodeInputs } from "../../src/ir/encodeInputs.ts";
import { evaluate } from "../../src/kernels/interpret.ts";
import { compileModel, emitModel } from "../../src/model/compileModel.ts";
import { readHeldOut, type HeldOutSample } from "../../src/model/heldOut.ts";
import { quantiseModel, readGraph } from "../../src/model/importModel.ts";
import { readModelFiles } from "../../src/model/modelFiles.ts";
import { setupModel, type SetUpModel } from "../../src/model/setupModel.ts";
import { projectPath } from "../../src/paths.ts";
import { ROYALTY_BPS } from "../contracts/market.ts";

/** A shipped model with its development key, a prover and samples that it was not trained on. */
export interface WitnessModel {
  readonly model: SetUpModel;
  readonly prover: Prover;
  readonly samples: readonly HeldOutSample[];
}

/** A sample as a client commits to it. */
export interface CommittedSample {
  readonly sample: HeldOutSample;
  readonly opening: Opening;
  readonly inputCommitment: Hex;
}

/** Compiles and sets up a shipped model, or finds it in the cache. The prover must be closed. */
export async function openWitnessModel(name: string): Promise<WitnessModel> {
  const cacheRoot = projectPath("build/cache");
  const files = await readModelFiles(projectPath(`circuits/models/${name}`));
  const { graph } = quantiseModel(files, await readGraph(files, {}), {});
  const model = await setupModel(await compileModel(emitModel(graph), cacheRoot), cacheRoot);
  const prover = await createProver({ ...model.circuit, zkeyPath: model.zkeyPath });
  const { samples } = await readHeldOut(name);
  return { model, prover, samples };
}

/** Registers the model with the royalty of the test markets; returns its id. */
export async function registerWitnessModel(
  registry: ModelRegistry,
  owner: HardhatEthersSigner,
  royaltyTo: HardhatEthersSigner,
  { model }: WitnessModel,
): Promise<bigint> {
  const royalty = { royaltyBps: Number(ROYALTY_BPS), royaltyTo: royaltyTo.address };
  const { modelId } = await registerModel(registry, owner, model, "", royalty);
  return BigInt(modelId);
}

/** Commits to a held-out sample under a salt that nobody else knows. */
export function commitSample({ model: { graph }, samples }: WitnessModel, index: number): CommittedSample {
  const sample = samples[index];
  const opening = { inputs: encodeInputs(graph, [sample.row]), salt: randomSalt() };
  return { sample, opening, inputCommitment: toBytes32(commitInput(graph.inputs, opening.inputs, opening.salt)) };
}

/** The words that a chain tells decode to what the reference interpreter makes of the sample. */
export function expectAnswer(
  { model: { graph } }: WitnessModel,
  words: readonly bigint[],
  { row }: HeldOutSample,
): void {
  const reference = evaluate(graph, encodeInputs(graph, [row]));
  expect(decodeOutputs(graph, unpackWords(graph.outputs, words))).to.deep.equal(decodeOutputs(graph, reference));
}

/** The class that the words decode to. */
export function labelOf({ model: { graph } }: WitnessModel, words: readonly bigint[]): number {
  const decoded = decodeOutputs(graph, unpackWords(graph.outputs, words));
  return decoded[graph.outputs.findIndex(({ role }) => role === "label")].values[0];
}
