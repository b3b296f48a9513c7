import { expect } from "chai";
import { AbiCoder } from "ethers";
import { connectChain } from "../../src/chain/localChain.ts";
import { deployTollgate, registerModel, type Tollgate } from "../../src/chain/deploy.ts";
import { toBytes32, type Hex } from "../../src/codec/statement.ts";
import { readDigits } from "../../src/demo/digits.ts";
import { toCalldata } from "../../src/groth16/proof.ts";
import { createProver } from "../../src/groth16/prover.ts";
import { encodeInputs } from "../../src/ir/encodeInputs.ts";
import { compileModel, emitModel } from "../../src/model/compileModel.ts";
import { quantiseModel, readGraph } from "../../src/model/importModel.ts";
import { infer } from "../../src/model/infer.ts";
import { readModelFiles } from "../../src/model/modelFiles.ts";
import { proveInference, type ProvenInference } from "../../src/model/proveInference.ts";
import { setupModel } from "../../src/model/setupModel.ts";
import { projectPath } from "../../src/paths.ts";

const NO_ONE = `0x${"0".repeat(40)}`;
const SUBJECTS = [toBytes32(1n), toBytes32(2n)];

describe("what a digit is, proven from a witness", () => {
  let tollgate: Tollgate;
  let modelId: Hex;
  let proven: ProvenInference[];

  before(async () => {
    const cacheRoot = projectPath("build/cache");
    const files = await readModelFiles(projectPath("circuits/models/digits-mlp"));
    const { graph } = quantiseModel(files, await readGraph(files, {}), {});
    const model = await setupModel(await compileModel(emitModel(graph), cacheRoot), cacheRoot);
    const { ethers } = await connectChain();
    const [deployer] = await ethers.getSigners();
    tollgate = await deployTollgate(ethers, deployer, {
      tollBps: 0,
      tollCollector: deployer.address,
      orderLife: 86_400,
    });
    const royalty = { royaltyBps: 0, royaltyTo: NO_ONE };
    ({ modelId } = await registerModel(tollgate.registry, deployer, model, "", royalty));
    const { digit } = await readDigits("digits-mlp", 4);
    const inference = infer(graph, encodeInputs(graph, [digit.row]), 5n);
    const prover = await createProver({ ...model.circuit, zkeyPath: model.zkeyPath });
    proven = [];
    for (const subject of SUBJECTS) proven.push(await proveInference(prover, model.keyId, inference, subject));
    await prover.close();
  });

  it("is a fact that ERC-7992's face verifies and stores", async () => {
    const { settlement } = tollgate;
    const coder = AbiCoder.defaultAbiCoder();
    const [{ inference, subject, proof }, { proof: other }] = proven;
    const inputCommitment = toBytes32(inference.inputCommitment);
    const output = coder.encode(["uint256[]"], [[...inference.words]]);
    const encode = (points: readonly bigint[]) => coder.encode(["bytes32", "uint256[8]"], [subject, [...points]]);
    const call = [modelId, inputCommitment, output, encode(proof)] as const;
    const id = await settlement.verifyAndStoreInference.staticCall(...call);
    await expect(settlement.verifyAndStoreInference(...call)).to.emit(settlement, "InferenceVerified");
    expect(await settlement.getInference(id)).to.deep.equal([BigInt(modelId), inputCommitment, output]);
    await settlement.verifyInference(...call);
    const swapped = settlement.verifyInference(modelId, inputCommitment, output, encode(other));
    await expect(swapped).to.be.revertedWithCustomError(settlement, "InvalidProof").withArgs();
  });

  it("settles for two subjects at once", async () => {
    const { settlement } = tollgate;
    const claims = proven.map(({ inference, subject, proof }) => ({
      inputCommitment: toBytes32(inference.inputCommitment),
      words: [...inference.words],
      subject,
      proof: toCalldata(proof),
    }));
    const settled = (subject: Hex) =>
      settlement.isSettled(modelId, claims[0].inputCommitment, subject, claims[0].words);
    expect(await Promise.all(SUBJECTS.map(settled))).to.deep.equal([false, false]);
    await settlement.verifyAndSettleBatch([{ modelId, claims }]);
    expect(await Promise.all(SUBJECTS.map(settled))).to.deep.equal([true, true]);
    expect(await settled(toBytes32(3n))).to.equal(false);
  });
});
