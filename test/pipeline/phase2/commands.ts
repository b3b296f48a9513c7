import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { keccak256 } from "ethers";
import { buildBn128 } from "ffjavascript";
import { zKey } from "snarkjs";
import { readR1cs } from "../../../src/circom/readR1cs.ts";
import { readLock } from "../../../src/model/lock.ts";
import { runTollgate } from "../../cli/runTollgate.ts";
import { buildModel } from "../../fixtures/onnx/buildModel.ts";
import { BEACON, addBeacon, contribute } from "../../fixtures/phase2Keys.ts";
import { writePtau } from "../../fixtures/ptau.ts";

const MODEL = ["own.onnx", "--input-range=-1,1"];
const KEY = ["--zkey", "final.zkey", "--ptau", "powers.ptau"];
const TERMS = ["--terms", "ceremony.json"];

const sha256 = async (path: string): Promise<string> =>
  createHash("sha256")
    .update(await readFile(path))
    .digest("hex");

describe("a key that the dealer did not make, from the command line", () => {
  let folder: string;
  const path = (name: string) => join(folder, name);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tollgate-key-"));
    const constants = { w: { dims: [2, 2], data: [0.5, -1, 0.25, 1] } };
    const nodes = [{ op: "MatMul", name: "only", inputs: ["x", "w"], outputs: ["y"] }];
    const model = { inputs: [{ name: "x", shape: [1, 2] }], outputs: [{ name: "y" }], nodes, constants };
    await writeFile(path("own.onnx"), buildModel(model));
    await writeFile(path("input.json"), '{"input_data": [[0.5, -0.25]]}');
    await run("compile", ...MODEL, "--out", "circuit");
    const r1cs = await readR1cs(path("circuit/Own.r1cs"));
    await writePtau(path("powers.ptau"), r1cs.domainPower);
    await zKey.newZKey(path("circuit/Own.r1cs"), path("powers.ptau"), path("initial.zkey"));
    await addBeacon(await contribute(path("initial.zkey"), path("two.zkey"), ["alice", "bob"]), path("final.zkey"));
    const terms = {
      contributions: 2,
      beacon: { source: "a round announced beforehand", ...BEACON },
      ptau: { sha256: await sha256(path("powers.ptau")) },
      circuitHash: keccak256(r1cs.bytes),
    };
    await writeFile(path("ceremony.json"), JSON.stringify(terms));
  });

  after(async () => {
    await (await buildBn128()).terminate();
    await rm(folder, { recursive: true });
  });

  async function run(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await runTollgate(folder, ...args);
    expect(code, stderr).to.equal(0);
    return stdout;
  }

  async function expectRefusal(message: RegExp, ...args: string[]): Promise<void> {
    const { code, stderr } = await runTollgate(folder, ...args);
    const lines = stderr.split("\n").filter((line) => line.startsWith("error: "));
    expect(code, stderr).to.equal(2);
    expect(lines).to.have.length(1);
    expect(lines[0]).to.match(message);
    expect(stderr).to.not.include("    at ");
  }

  it("is taken into a folder with a lock that says how it was made, and proves", async () => {
    const told = await run("setup", ...MODEL, ...KEY, ...TERMS, "--accept-ptau", "--out", "ceremony");
    expect(told)
      .to.match(/agreement +ok/)
      .and.match(/#2 bob +contribution/)
      .and.match(/UNTRUSTED/);
    const lock = await readLock(path("ceremony/lock.json"));
    const ptau = { sha256: await sha256(path("powers.ptau")), power: 9, pinned: null };
    expect(lock).to.deep.include({ setup: "ceremony", model: "own", ptau: { ...ptau }, beacon: BEACON });
    expect(lock).to.have.property("contributions").that.has.length(3);
    expect(lock.sha256).to.include({
      "circuit.zkey": await sha256(path("ceremony/Own.zkey")),
      "vkey.json": await sha256(path("ceremony/vkey.json")),
      "ceremony.json": await sha256(path("ceremony.json")),
    });
    expect(await sha256(path("ceremony/ceremony.json"))).to.equal(lock.sha256["ceremony.json"]);
    await run("prove", ...MODEL, "--input", "input.json", "--out", "claim", "--zkey", "ceremony/Own.zkey");
    // A claim is written only once its proof verifies under the key.
    const claim = JSON.parse(await readFile(path("claim"), "utf8")) as { keyId: string };
    expect(claim.keyId).to.equal(lock.keyId);
  });

  it("is refused with one line and nothing written where it or its powers of tau must not be used", async () => {
    await expectRefusal(/powers\.ptau: not a published.*--accept-ptau/, "check-key", ...MODEL, ...KEY);
    const initial = ["--zkey", "initial.zkey", "--ptau", "powers.ptau", "--accept-ptau", "--out", "none"];
    await expectRefusal(/initial\.zkey: contributions: 0 contributions/, "setup", ...MODEL, ...initial);
    expect(existsSync(path("none"))).to.equal(false);
    await expectRefusal(/--zkey: want --ptau/, "setup", ...MODEL, "--zkey", "final.zkey");
    await expectRefusal(/belong to a finished key/, "setup", ...MODEL, "--accept-ptau");
  });
});
