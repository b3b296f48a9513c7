import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { buildBn128 } from "ffjavascript";
import { zKey } from "snarkjs";
import { auditModel } from "../../src/audit/auditModel.ts";
import type { ModelAudit } from "../../src/audit/auditReport.ts";
import { readClaims } from "../../src/audit/readClaims.ts";
import { rebuildProgram } from "../../src/audit/rebuildModel.ts";
import { trustedBy } from "../../src/audit/trusted.ts";
import type { Lock } from "../../src/model/lock.ts";
import { verdictOf } from "../../src/audit/verdict.ts";
import { elementWidths, layOut } from "../../src/codec/codec.ts";
import { type Chain, connectChain } from "../../src/chain/localChain.ts";
import { compileModel } from "../../src/model/compileModel.ts";
import { type ModelFiles, readModelFiles } from "../../src/model/modelFiles.ts";
import { withKey } from "../../src/model/setupModel.ts";
import { writeCheckedKey, writeCircuit } from "../../src/model/writeArtefacts.ts";
import { projectPath } from "../../src/paths.ts";
import { checkKey } from "../../src/setup/phase2/checkKey.ts";
import { buildModel } from "../fixtures/onnx/buildModel.ts";
import { contribute } from "../fixtures/phase2Keys.ts";
import { writePtau } from "../fixtures/ptau.ts";
import { builtContracts } from "./builtContracts.ts";

const IMPORT = { inputRange: [-1, 1] as const };
const MAX_POWER = 18;

describe("an audit of a key that the dealer did not make", () => {
  let folder: string;
  let files: ModelFiles;
  let chain: Chain;
  const path = (name: string) => join(folder, name);

  before(async () => {
    chain = await connectChain();
    folder = await mkdtemp(join(tmpdir(), "tollgate-phase2-"));
    const constants = { w: { dims: [2, 2], data: [0.5, -1, 0.25, 1] } };
    const nodes = [{ op: "MatMul", name: "only", inputs: ["x", "w"], outputs: ["y"] }];
    const model = { inputs: [{ name: "x", shape: [1, 2] }], outputs: [{ name: "y" }], nodes, constants };
    await writeFile(path("own.onnx"), buildModel(model));
    files = await readModelFiles(path("own.onnx"));
    await writeKeyFolder();
  });

  after(async () => {
    await (await buildBn128()).terminate();
    await chain.close();
    await rm(folder, { recursive: true });
  });

  /** A key of two contributions with everything that setup writes of it. */
  async function writeKeyFolder(): Promise<void> {
    const compiled = await compileModel(await rebuildProgram(files, IMPORT, MAX_POWER), projectPath("build/cache"));
    const { r1csPath, constraints } = compiled.circuit;
    await writePtau(path("powers.ptau"), constraints.domainPower);
    await zKey.newZKey(r1csPath, path("powers.ptau"), path("initial.zkey"));
    const zkeyPath = await contribute(path("initial.zkey"), path("final.zkey"), ["alice", "bob"]);
    const { wordCount } = layOut(elementWidths(compiled.graph.outputs));
    const report = await checkKey({ r1csPath, zkeyPath, ptauPath: path("powers.ptau"), wordCount });
    expect(report.ok).to.equal(true);
    await writeCircuit(path("key"), compiled);
    await writeCheckedKey(path("key"), withKey(compiled, report.vkey), { zkeyPath, report });
  }

  async function audit(): Promise<ModelAudit> {
    const claims = await readClaims("own", { folder: path("key"), ptauPath: path("powers.ptau") });
    const { ModelRegistry } = await builtContracts();
    const registry = Promise.resolve(ModelRegistry);
    const step = <Result>(_: string, work: () => Promise<Result>) => work();
    return auditModel(files, claims, { import: IMPORT, maxPower: MAX_POWER, step, local: chain.ethers, registry });
  }

  it("checks it against the rebuilt circuit and its powers of tau, and proves under it", async () => {
    const { rows, setup } = await audit();
    expect(rows.filter(({ ok }) => !ok)).to.deep.equal([]);
    expect(setup).to.equal("self");
    expect(rows.filter(({ source }) => source === "setup")).to.have.length.greaterThan(10);
    expect(rows.filter(({ source }) => source === "proof").map(({ claimed }) => claimed)).to.include("valid");
  });

  it("names the check that a key without contributions fails, and proves nothing under it", async () => {
    await copyFile(path("key/Own.zkey"), path("good.zkey"));
    await copyFile(path("initial.zkey"), path("key/Own.zkey"));
    const { rows } = await audit();
    await copyFile(path("good.zkey"), path("key/Own.zkey"));
    const { kind, message } = verdictOf(rows);
    expect(kind).to.equal("broken");
    expect(message)
      .to.match(/^broken link circuit\.r1cs → circuit\.zkey: /)
      .and.include("key check: ");
    expect(rows.some(({ source }) => source === "proof")).to.equal(false);
  });

  it("leaves contributors and powers of tau that nobody published on trust, by name", async () => {
    const { lock } = await readClaims("own", { folder: path("key"), ptauPath: path("powers.ptau") });
    const [makers, powers] = trustedBy([lock], undefined).filter(({ what }) => / own$|powers of tau/.test(what));
    expect(makers.what).to.equal("one of the 2 who contributed to the key of own");
    expect(powers.why).to.match(/^UNTRUSTED/);
  });
  it("leaves on trust that a ceremony's terms were announced: they lie beside the key", async () => {
    const { lock } = await readClaims("own", { folder: path("key"), ptauPath: path("powers.ptau") });
    const isNamed = (setup: "self" | "ceremony") =>
      trustedBy([{ ...lock, setup } as Lock], undefined).some(({ what }) => what === "the ceremony.json of own");
    expect([isNamed("self"), isNamed("ceremony")]).to.deep.equal([false, true]);
  });
});
