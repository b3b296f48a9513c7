import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { InputError } from "../../../src/errors.ts";
import { readLock } from "../../../src/model/lock.ts";
import { projectPath } from "../../../src/paths.ts";

const COMMITTED = projectPath("circuits/generated/digits-mlp/dealer/lock.json");

describe("the lock of a key", () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tollgate-lock-"));
  });

  after(() => rm(folder, { recursive: true }));

  it("is read whole, as committed for the dealer's key", async () => {
    const lock = await readLock(COMMITTED);
    expect(lock).to.deep.equal(JSON.parse(await readFile(COMMITTED, "utf8")));
    expect(lock.setup).to.equal("dealer");
  });

  it("is refused naming the entry that is wrong", async () => {
    const lock = await readLock(COMMITTED);
    const ptau = { sha256: "0".repeat(64), power: 11, pinned: null };
    const contribution = { type: "contribution", name: "alice", hash: "0".repeat(128) };
    const phase2 = { ...lock, setup: "self", ptau, contributions: [contribution], beacon: null };
    const cases: [lock: object, message: RegExp][] = [
      [{ ...lock, setup: "none" }, /setup/],
      [{ ...lock, keyId: lock.keyId.toUpperCase() }, /keyId: want 32 bytes in lower-case hex/],
      [{ ...lock, ptau }, /ptau/],
      [{ ...lock, sha256: { ...lock.sha256, "vkey.json": "12" } }, /sha256\.vkey\.json: want a SHA-256/],
      [{ ...phase2, ptau: { ...ptau, pinned: undefined } }, /ptau\.pinned/],
      [{ ...phase2, contributions: [] }, /contributions/],
      [{ ...phase2, contributions: [{ ...contribution, hash: "0" }] }, /contributions\.0\.hash: want a blake2b-512/],
      [{ ...phase2, beacon: undefined }, /beacon/],
    ];
    const path = join(folder, "lock.json");
    await writeFile(path, JSON.stringify(phase2));
    expect(await readLock(path)).to.deep.equal(phase2);
    for (const [wrong, message] of cases) {
      await writeFile(path, JSON.stringify(wrong));
      const error = await readLock(path).catch((caught: unknown) => caught);
      expect(error).to.be.instanceOf(InputError).with.property("message").that.matches(message);
    }
  });
});
