import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { ChaCha, buildBn128 } from "ffjavascript";
import { zKey } from "snarkjs";
import { compileCircuit } from "../../src/circom/compile.ts";
import type { R1cs } from "../../src/circom/readR1cs.ts";
import { readR1cs } from "../../src/circom/readR1cs.ts";
import { InputError } from "../../src/errors.ts";
import { SCALAR_ORDER } from "../../src/field.ts";
import { parseVerifyingKey } from "../../src/groth16/verifyingKey.ts";
import { projectPath } from "../../src/paths.ts";
import { dealerSecrets, dealerSetup, provingKey } from "../../src/setup/dealer.ts";
import { SECTION, readZkey } from "../../src/groth16/zkeyFile.ts";
import { writePtau } from "../fixtures/ptau.ts";

const TAU = 0x1234_5678_9abc_def0_1111n;
const ALPHA = SCALAR_ORDER - 3n;
const BETA = 0xfeed_beefn ** 5n % SCALAR_ORDER;
/** One above the circuit's domain: a file of the circuit's own power lacks the last point of the doubled domain. */
const POWER = 4;

describe("dealer setup", () => {
  let folder: string;
  let r1csPath: string;
  let r1cs: R1cs;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tollgate-setup-"));
    const mainPath = projectPath("test/fixtures/threeConstraints.circom");
    ({ r1csPath } = await compileCircuit({ mainPath, libraries: [], cacheRoot: projectPath("build/cache") }));
    r1cs = await readR1cs(r1csPath);
    await writePtau(join(folder, "prepared.ptau"), POWER, { tau: TAU, alpha: ALPHA, beta: BETA });
    await zKey.newZKey(r1csPath, join(folder, "prepared.ptau"), join(folder, "initial.zkey"));
  });

  after(async () => {
    await (await buildBn128()).terminate();
    await rm(folder, { recursive: true });
  });

  /** Every section but the contributions, of which a dealer's key has none, equals snarkjs's byte for byte. */
  async function expectSameKey(snarkjsKey: string, delta: bigint): Promise<void> {
    const theirs = (await readZkey(join(folder, snarkjsKey))).sections;
    const ours = await provingKey(r1cs, { tau: TAU, alpha: ALPHA, beta: BETA, delta });
    expect([...ours.keys()].sort()).to.deep.equal([...theirs.keys()].sort());
    for (const [name, id] of Object.entries(SECTION)) {
      if (id === SECTION.contributions) continue;
      expect(Buffer.from(ours.get(id)!).toString("hex"), name).to.equal(Buffer.from(theirs.get(id)!).toString("hex"));
    }
  }

  it("equals snarkjs's initial key in every section where δ is 1", () => expectSameKey("initial.zkey", 1n));

  it("equals snarkjs's key after a contribution of known δ in every section", async () => {
    const beacon = "0123456789abcdef";
    await zKey.beacon(join(folder, "initial.zkey"), join(folder, "final.zkey"), "known", beacon, 10);
    const delta = await beaconScalar(beacon, 10);
    await expectSameKey("final.zkey", delta);
    const otherDelta = await provingKey(r1cs, { tau: TAU, alpha: ALPHA, beta: BETA, delta: delta + 1n });
    const { sections } = await readZkey(join(folder, "final.zkey"));
    for (const id of [SECTION.header, SECTION.c, SECTION.h])
      expect(Buffer.compare(otherDelta.get(id)!, sections.get(id)!), String(id)).to.not.equal(0);
  });

  it("exports the verifying key that snarkjs exports", async () => {
    const { zkeyPath, vkeyPath } = await dealerSetup({ r1csPath, cacheRoot: projectPath("build/cache") });
    const vkey = parseVerifyingKey(JSON.parse(await readFile(vkeyPath, "utf8")));
    expect(vkey).to.deep.equal(parseVerifyingKey(await zKey.exportVerificationKey(zkeyPath)));
    expect(vkey.ic).to.have.length(4);
  });

  it("derives its secrets from the circuit's bytes as ADR-0001 says", () => {
    const scalar = (label: string, data: Uint8Array) => {
      const preimage = Buffer.concat([
        Buffer.from("tollgate dealer v1"),
        Buffer.of(0),
        Buffer.from(label),
        Buffer.of(0),
      ]);
      const hash = createHash("sha512")
        .update(Buffer.concat([preimage, data]))
        .digest();
      return (BigInt(`0x${hash.toString("hex")}`) % (SCALAR_ORDER - 1n)) + 1n;
    };
    const none = Buffer.alloc(0);
    const delta = scalar("delta", createHash("sha256").update(r1cs.bytes).digest());
    const expected = { tau: scalar("tau", none), alpha: scalar("alpha", none), beta: scalar("beta", none), delta };
    expect(dealerSecrets(r1cs.bytes)).to.deep.equal(expected);
    const other = dealerSecrets(Buffer.concat([r1cs.bytes, Buffer.of(0)]));
    expect({ ...other, delta }).to.deep.equal(expected);
    expect(other.delta).to.not.equal(delta);
  });

  it("refuses damaged r1cs and zkey files with one line", async () => {
    const damaged = join(folder, "damaged");
    const cases: [Uint8Array, RegExp][] = [
      [Buffer.from("not a circuit"), /not an \.r1cs file/],
      [r1cs.bytes.subarray(0, r1cs.bytes.length - 1), /truncated/],
      [r1cs.bytes.subarray(0, 20), /truncated/],
    ];
    for (const [bytes, message] of cases) {
      await writeFile(damaged, bytes);
      const error = await dealerSetup({ r1csPath: damaged, cacheRoot: folder }).catch((caught: unknown) => caught);
      expect(error).to.be.instanceOf(InputError).with.property("message").that.matches(message).and.not.include("\n");
    }
  });
});

/** The scalar that a beacon contributes: SHA-256 iterated 2^exponent times seeds ChaCha. */
async function beaconScalar(beacon: string, exponent: number): Promise<bigint> {
  let hash: Buffer = Buffer.from(beacon, "hex");
  for (let round = 0; round < 2 ** exponent; round++) hash = createHash("sha256").update(hash).digest();
  const seed = Array.from({ length: 8 }, (_, index) => hash.readUInt32BE(4 * index));
  const { Fr } = await buildBn128();
  return Fr.toObject(Fr.fromRng(new ChaCha(seed)));
}
