import { expect } from "chai";
import type { HardhatEthers } from "@nomicfoundation/hardhat-ethers/types";
import { ZeroAddress, id } from "ethers";
import { checkRecord } from "../../src/chain/checkRecord.ts";
import { deployTollgate, recordOf, registerModel, type Tollgate } from "../../src/chain/deploy.ts";
import { findKnownGood } from "../../src/chain/knownGood.ts";
import { connectChain } from "../../src/chain/localChain.ts";
import { DeploymentRecord } from "../../src/chain/record.ts";
import { toBytes32 } from "../../src/codec/statement.ts";
import { toCalldata } from "../../src/groth16/proof.ts";
import { signalsOf } from "../../src/model/infer.ts";
import { type SetUpModel, withKey } from "../../src/model/setupModel.ts";
import { projectPath } from "../../src/paths.ts";
import { dealerTrapdoor, mintProof } from "../../src/setup/mint.ts";
import { keyOf, trapdoorOf } from "../fixtures/mint.ts";
import { setUpShipped } from "./models.ts";

/** A field of the record by its path, and a value that is well formed and false. */
type Edit = readonly [path: string, value: unknown];

const OTHER_ADDRESS = "0x00000000000000000000000000000000000000AA";
const OTHER_HASH = `0x${"5a".repeat(32)}`;
const DEPLOYED = ["ModelRegistry", "SettlementRegistry", "InferenceEscrow", "PrepaidOrders"];
const COLLECTORS = ["AllowanceCollector", "AuthorizationCollector", "NativeCollector", "Permit2Collector"];
const MODEL = "models.digits-mlp";

const EDITS: readonly Edit[] = [
  ["chainId", 1],
  ...[...DEPLOYED, ...COLLECTORS].flatMap((name): Edit[] => [
    [`contracts.${name}.address`, OTHER_ADDRESS],
    [`contracts.${name}.transaction`, OTHER_HASH],
    [`contracts.${name}.block`, 999],
    [`contracts.${name}.deployer`, OTHER_ADDRESS],
    [`contracts.${name}.arguments`, ["1"]],
    [`contracts.${name}.arguments`, [""]],
    [`contracts.${name}.runtimeCodeHash`, OTHER_HASH],
  ]),
  [`${MODEL}.modelId`, OTHER_HASH],
  [`${MODEL}.owner`, OTHER_ADDRESS],
  [`${MODEL}.keyId`, OTHER_HASH],
  [`${MODEL}.wordCount`, 2],
  [`${MODEL}.modelHash`, OTHER_HASH],
  [`${MODEL}.circuitHash`, OTHER_HASH],
  [`${MODEL}.uri`, "ipfs://another"],
  [`${MODEL}.royaltyBps`, 1],
  [`${MODEL}.royaltyTo`, OTHER_ADDRESS],
  [`${MODEL}.setup`, "self"],
  [`${MODEL}.status`, "deprecated"],
  [`${MODEL}.transaction`, OTHER_HASH],
  [`${MODEL}.knownGoodProof.inputCommitment`, "7"],
  [`${MODEL}.knownGoodProof.words`, ["7"]],
  [`${MODEL}.knownGoodProof.subject`, OTHER_HASH],
  [`${MODEL}.knownGoodProof.proof`, ["1", "2", "3", "4", "5", "6", "7", "8"]],
];

/** The checks that may name an edit: of the field itself, and of what is derived from it. */
const namesOf = (path: string): string[] => {
  if (path.endsWith(".address")) return [path, path.replace(/address$/, "runtimeCodeHash")];
  if (path.includes("knownGoodProof")) return [`${MODEL}.knownGoodProof`];
  return [path];
};

describe("a deployment record against its chain", () => {
  let ethers: HardhatEthers;
  let record: DeploymentRecord;
  let tollgate: Tollgate;
  let model: SetUpModel;

  before(async () => {
    ({ ethers } = await connectChain());
    const [deployer, tollCollector] = await ethers.getSigners();
    const terms = { tollBps: 50, tollCollector: tollCollector.address, orderLife: 86_400 };
    tollgate = await deployTollgate(ethers, deployer, terms);
    model = await setUpShipped("digits-mlp");
    const royalty = { royaltyBps: 0, royaltyTo: ZeroAddress };
    const registration = await registerModel(tollgate.registry, deployer, model, "ipfs://digits", royalty);
    const knownGoodProof = await findKnownGood(model, model.zkeyPath, projectPath("build/cache"));
    const network = { name: "test", chainId: 31_337, commit: null };
    record = await recordOf(tollgate, terms, network, {
      "digits-mlp": { ...registration, setup: "dealer", knownGoodProof },
    });
  });

  it("registers a model under a key that the dealer did not make", async () => {
    const [owner] = await ethers.getSigners();
    const own = withKey(model, keyOf(trapdoorOf("own")));
    const { keyId } = await registerModel(tollgate.registry, owner, own, "", { royaltyBps: 0, royaltyTo: ZeroAddress });
    expect(keyId).to.equal(own.keyId);
    expect((await tollgate.registry.keyStatusOf(keyId)).wordCount).to.equal(own.wordCount);
  });

  it("agrees in every field", async () => {
    const checks = await checkRecord(record, ethers);
    expect(checks.filter(({ ok }) => !ok)).to.deep.equal([]);
    expect(checks).to.have.lengthOf(58);
  });

  for (const [path, value] of EDITS) {
    it(`tells an edited ${path}: ${JSON.stringify(value)}`, async () => {
      const edited = DeploymentRecord.parse(withField(record, path.split("."), value));
      const failed = (await checkRecord(edited, ethers)).filter(({ ok }) => !ok);
      const named = failed.filter(({ name }) => namesOf(path).includes(name));
      expect(named, JSON.stringify(failed)).to.have.lengthOf.at.least(1);
      expect(named[0].detail).to.not.equal("");
    });
  }

  it("tells arguments that were put together to one", async () => {
    const path = "contracts.PrepaidOrders.arguments";
    const together = [record.contracts.PrepaidOrders.arguments.join(", ")];
    const edited = DeploymentRecord.parse(withField(record, path.split("."), together));
    const failed = (await checkRecord(edited, ethers)).filter(({ ok }) => !ok);
    expect(failed.map(({ name }) => name)).to.deep.equal([path]);
  });

  it("tells a model that was deprecated since, and takes the record that says so", async () => {
    await (await tollgate.registry.deprecateModel(record.models["digits-mlp"].modelId)).wait();
    const failed = (await checkRecord(record, ethers)).filter(({ ok }) => !ok);
    expect(failed).to.deep.equal([{ name: `${MODEL}.status`, ok: false, detail: "recorded live, found deprecated" }]);
    const updated = DeploymentRecord.parse(withField(record, [...MODEL.split("."), "status"], "deprecated"));
    expect((await checkRecord(updated, ethers)).filter(({ ok }) => !ok)).to.deep.equal([]);
  });

  it("tells a key that was stopped since by its status alone, so that others can be deployed beside it", async () => {
    const { keyId } = record.models["digits-mlp"];
    const trapdoor = await dealerTrapdoor(model.circuit.r1csPath);
    const claimOf = (word: bigint) => {
      const [statement, subject] = [{ inputCommitment: 5n, words: [word] }, id("contradiction")];
      const proof = toCalldata(mintProof(trapdoor, signalsOf(statement, keyId, subject)));
      return { inputCommitment: toBytes32(5n), words: [word], subject, proof };
    };
    await (await tollgate.registry.stop(keyId, claimOf(1n), claimOf(2n))).wait();
    const failed = (await checkRecord(record, ethers)).filter(({ ok }) => !ok);
    expect(failed).to.deep.equal([{ name: `${MODEL}.status`, ok: false, detail: "recorded live, found stopped" }]);
    const updated = DeploymentRecord.parse(withField(record, [...MODEL.split("."), "status"], "stopped"));
    expect((await checkRecord(updated, ethers)).filter(({ ok }) => !ok)).to.deep.equal([]);
  });
});

/** A copy with one field changed. */
function withField(value: unknown, [key, ...rest]: readonly string[], field: unknown): unknown {
  const object = value as Record<string, unknown>;
  return { ...object, [key]: rest.length === 0 ? field : withField(object[key], rest, field) };
}
