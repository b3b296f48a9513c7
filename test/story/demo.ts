import { expect } from "chai";
import { inferForJob, proveForJob } from "../../src/agent/serveJob.ts";
import { commitInput } from "../../src/codec/commitment.ts";
import { InputError } from "../../src/errors.ts";
import { encodeInputs } from "../../src/ir/encodeInputs.ts";
import { connectChain } from "../../src/chain/localChain.ts";
import { recordOf } from "../../src/chain/deploy.ts";
import { proveKnownGood } from "../../src/chain/knownGood.ts";
import { DeploymentRecord, type KnownGoodProof } from "../../src/chain/record.ts";
import { readDigits } from "../../src/demo/digits.ts";
import { openMarket, PRICE, quoteJob, type Market } from "../../src/demo/market.ts";
import type { Narrator } from "../../src/demo/narrator.ts";
import { tellStory, type StoryResult } from "../../src/demo/story.ts";
import { createProver } from "../../src/groth16/prover.ts";
import { compileModel, emitModel } from "../../src/model/compileModel.ts";
import { quantiseModel, readGraph } from "../../src/model/importModel.ts";
import { readModelFiles } from "../../src/model/modelFiles.ts";
import { setupModel, type SetUpModel } from "../../src/model/setupModel.ts";
import { projectPath } from "../../src/paths.ts";

const SILENT: Narrator = {
  chapter: () => {},
  say: () => {},
  table: () => {},
  picture: () => {},
  step: (_title, work) => work(),
};

describe("the story: a digit is paid for against its proof, and nothing else is paid", () => {
  let model: SetUpModel;
  let market: Market;
  let result: StoryResult;
  let trueLabel: number;
  let knownGoodProof: KnownGoodProof;

  before(async () => {
    const cacheRoot = projectPath("build/cache");
    const files = await readModelFiles(projectPath("circuits/models/digits-mlp"));
    const { graph } = quantiseModel(files, await readGraph(files, {}), {});
    model = await setupModel(await compileModel(emitModel(graph), cacheRoot), cacheRoot);
    market = await openMarket(await connectChain(), model);
    const prover = await createProver({ ...model.circuit, zkeyPath: model.zkeyPath });
    const { digit, other } = await readDigits("digits-mlp", 4);
    trueLabel = digit.truth;
    result = await tellStory({ market, prover, narrator: SILENT }, digit, other);
    knownGoodProof = await proveKnownGood(prover, model);
    await prover.close();
  });

  it("keeps the model within 2,000 constraints and predicts their number", () => {
    expect(model.circuit.constraints.total).to.be.at.most(2_000);
    expect(model.circuit.constraints).to.deep.equal(model.emitted.cost);
  });

  it("delivers the true label and pays the provider and the toll", async () => {
    expect(result.label).to.equal(trueLabel);
    expect(result.paid + result.toll).to.equal(PRICE);
    expect(await market.token.balanceOf(market.people.provider)).to.equal(result.paid);
    expect(await market.token.balanceOf(market.people.tollCollector)).to.equal(result.toll);
  });

  it("refuses every cheat for its own reason", () => {
    const errors = Object.fromEntries(result.cheats.map(({ name, error }) => [name, error?.replace(/\(.*/, "")]));
    expect(errors).to.deep.equal({
      "another output": "InvalidProof",
      "another input": "InvalidProof",
      "copied proof for the copier's own job": "InvalidProof",
      "a signal ≥ r": "InputCommitmentOutOfRange",
      "replay with another encoding of the proof": "JobNotInState",
      "a late settle": "DeadlinePassed",
    });
    expect(result.cheats.every(({ refused }) => refused)).to.equal(true);
  });

  it("refunds the job that nobody served, and the copier got nothing", async () => {
    const { escrow } = market.tollgate;
    expect(result.refunded).to.equal(PRICE);
    expect(await escrow.creditOf(market.people.client, market.token)).to.equal(PRICE);
    expect(await escrow.creditOf(market.people.copier, market.token)).to.equal(0n);
    const held = await market.token.balanceOf(escrow);
    expect(held, "the refund, the deposit settled too late and the copier's own").to.equal(3n * PRICE);
  });

  it("has a provider that serves only what opens the commitment, and only while the escrow holds the money", async () => {
    const { graph } = model;
    const inputs = encodeInputs(graph, [Array<number>(64).fill(3)]);
    const job = await quoteJob(market, commitInput(graph.inputs, inputs, 5n), { nonce: 99n });
    const other = encodeInputs(graph, [Array<number>(64).fill(4)]);
    expect(() => inferForJob(model, job, { inputs: other, salt: 5n })).to.throw(InputError, "does not open");
    expect(() => inferForJob(model, job, { inputs, salt: 6n })).to.throw(InputError, "does not open");
    const prover = await createProver({ ...model.circuit, zkeyPath: model.zkeyPath });
    const serving = proveForJob(market.tollgate.escrow, model, prover, job, { inputs, salt: 5n });
    const refusal = await serving.catch((error: unknown) => error);
    await prover.close();
    expect(refusal).to.be.instanceOf(InputError);
    expect((refusal as Error).message).to.equal("the job is None, want Funded");
  });

  it("verifies within 208,400 gas of the registry's own frame", () => {
    expect(result.gas.verify).to.be.at.most(208_400);
  });

  it("writes a deployment record that matches the chain and its schema", async () => {
    const network = { name: "test", chainId: 31337, commit: null };
    const registered = { ...market.registration, setup: "dealer" as const, knownGoodProof };
    const record = await recordOf(market.tollgate, market.terms, network, { "digits-mlp": registered });
    expect(DeploymentRecord.parse(record)).to.deep.equal(record);
    const { ethers } = market;
    const { ModelRegistry, SettlementRegistry, InferenceEscrow, PrepaidOrders, AllowanceCollector } = record.contracts;
    const escrow = await ethers.getContractAt("InferenceEscrow", InferenceEscrow.address);
    const settlement = await ethers.getContractAt("SettlementRegistry", SettlementRegistry.address);
    const collector = await ethers.getContractAt("AllowanceCollector", AllowanceCollector.address);
    const registry = await ethers.getContractAt("ModelRegistry", ModelRegistry.address);
    expect(await escrow.REGISTRY()).to.equal(ModelRegistry.address);
    expect(await settlement.REGISTRY()).to.equal(ModelRegistry.address);
    expect(await collector.ESCROW()).to.equal(InferenceEscrow.address);
    const prepaid = await ethers.getContractAt("PrepaidOrders", PrepaidOrders.address);
    expect([
      await prepaid.REGISTRY(),
      await prepaid.TOLL_COLLECTOR(),
      String(await prepaid.TOLL_BPS()),
      String(await prepaid.MAX_ORDER_LIFE()),
    ]).to.deep.equal(PrepaidOrders.arguments);
    expect([await escrow.REGISTRY(), await escrow.TOLL_COLLECTOR(), String(await escrow.TOLL_BPS())]).to.deep.equal(
      InferenceEscrow.arguments,
    );
    const { modelId, keyId, wordCount, modelHash, circuitHash } = record.models["digits-mlp"];
    const [commitment, deprecated, owner] = await registry.getModel(modelId);
    expect([commitment.modelHash, commitment.circuitHash, commitment.vkHash]).to.deep.equal([
      modelHash,
      circuitHash,
      keyId,
    ]);
    expect([deprecated, owner]).to.deep.equal([false, market.people.deployer.address]);
    expect((await registry.getKey(keyId)).wordCount).to.equal(BigInt(wordCount));
  });
});
