import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { buildBn128 } from "ffjavascript";
import { network } from "hardhat";
import { type Hex, contextOf, keyIdOf, toBytes32 } from "../../../src/codec/statement.ts";
import { SCALAR_ORDER } from "../../../src/field.ts";
import { compileContracts } from "../../../src/fuzz/verifier/verifierCode.ts";
import type { Proof } from "../../../src/groth16/proof.ts";
import { verifyProof } from "../../../src/groth16/verify.ts";
import { toContractKey } from "../../../src/groth16/verifyingKey.ts";
import { type KeyReport, checkKey } from "../../../src/setup/phase2/checkKey.ts";
import { renderSolidityVerifier } from "../../../src/setup/solidityVerifier.ts";
import { forgeProof, publicDelta } from "../../fixtures/forgingKit.ts";
import { type InitialKey, addBeacon, contribute, makeInitialKey } from "../../fixtures/phase2Keys.ts";

/** No square: the circuit's second signal is one, so no input gives it. */
const NON_RESIDUE = 5n;
const INPUT_COMMITMENT = toBytes32(123n);
const SUBJECT = toBytes32(7n);

/** The three signals of "the output is the non-residue" under a key. */
function falseSignals(keyId: Hex): bigint[] {
  const input = BigInt(INPUT_COMMITMENT);
  return [input, NON_RESIDUE, contextOf(keyId, input, SUBJECT, [NON_RESIDUE])];
}

const failed = ({ checks }: KeyReport): string[] => checks.filter(({ ok }) => !ok).map(({ name }) => name);

describe("forging under keys that nobody made secret", () => {
  let initial: InitialKey;

  before(async () => {
    initial = await makeInitialKey(await mkdtemp(join(tmpdir(), "tollgate-forging-")));
  });

  after(async () => {
    await (await buildBn128()).terminate();
    await rm(initial.folder, { recursive: true });
  });

  const check = (zkeyPath: string) => checkKey({ ...initial, zkeyPath, wordCount: 1 });

  /** A proof of the false statement, which the JavaScript verifier takes. */
  async function forge(zkeyPath: string, { vkey, keyId }: KeyReport): Promise<{ signals: bigint[]; proof: Proof }> {
    const signals = falseSignals(keyId);
    const proof = forgeProof(vkey, await publicDelta(zkeyPath), signals);
    expect(verifyProof(vkey, signals, proof)).to.equal(true);
    return { signals, proof };
  }

  async function deployStandAlone({ vkey }: KeyReport) {
    const sources = new Map([["ForgedVerifier", renderSolidityVerifier("ForgedVerifier", vkey)]]);
    const [{ abi, bytecode }] = await compileContracts(sources);
    const { ethers } = await network.create();
    const [deployer] = await ethers.getSigners();
    return new ethers.ContractFactory(abi, bytecode, deployer).deploy();
  }

  it("states what no input gives", () => {
    const isSquare = powMod(NON_RESIDUE, (SCALAR_ORDER - 1n) / 2n) === 1n;
    expect(isSquare).to.equal(false);
  });

  it("works under a key of no contribution, which snarkjs takes, and checker and registry refuse (Z10)", async () => {
    const report = await check(initial.zkeyPath);
    expect(report.checks.find(({ name }) => name === "snarkjs")).to.include({ ok: true });
    expect(failed(report)).to.deep.equal(["contributions", "secret delta"]);
    const { signals, proof } = await forge(initial.zkeyPath, report);
    const verifier = await deployStandAlone(report);
    await verifier.getFunction("verify").staticCall(signals, proof);
    const other = [signals[0], signals[1], (signals[2] + 1n) % SCALAR_ORDER];
    await expect(verifier.getFunction("verify").staticCall(other, proof)).to.be.revertedWithCustomError(
      verifier,
      "InvalidProof",
    );
    const { ethers } = await network.create();
    const registry = await ethers.deployContract("ModelRegistry");
    await expect(registry.publishKey(toContractKey(report.vkey), 1)).to.be.revertedWithCustomError(
      registry,
      "G2PointIsGenerator",
    );
  });

  it("works under a key of a beacon alone, which snarkjs and registry take, and the checker refuses (Z10)", async () => {
    const zkeyPath = join(initial.folder, "beacon.zkey");
    await addBeacon(initial.zkeyPath, zkeyPath);
    const report = await check(zkeyPath);
    expect(report.checks.find(({ name }) => name === "snarkjs")).to.include({ ok: true });
    expect(failed(report)).to.deep.equal(["contributions"]);
    const { proof } = await forge(zkeyPath, report);
    const { ethers } = await network.create();
    const registry = await ethers.deployContract("ModelRegistry");
    const key = toContractKey(report.vkey);
    await registry.publishKey(key, 1);
    await registry.verify(keyIdOf(key, 1), INPUT_COMMITMENT, [NON_RESIDUE], SUBJECT, [...proof]);
  });

  it("has no δ to start from where somebody contributed", async () => {
    const zkeyPath = await contribute(initial.zkeyPath, join(initial.folder, "one.zkey"), ["alice"]);
    expect(failed(await check(zkeyPath))).to.deep.equal([]);
    const error = await publicDelta(zkeyPath).catch((caught: unknown) => caught);
    expect(error).to.be.instanceOf(Error).with.property("message").that.includes("nobody but alice knows");
  });
});

function powMod(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let power = base, left = exponent; left > 0n; left >>= 1n, power = (power * power) % SCALAR_ORDER)
    if ((left & 1n) === 1n) result = (result * power) % SCALAR_ORDER;
  return result;
}
