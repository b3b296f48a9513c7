import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { ChaCha, buildBn128 } from "ffjavascript";
import { powersOfTau } from "snarkjs";
import { InputError } from "../../../src/errors.ts";
import { fromG2 } from "../../../src/groth16/points.ts";
import { scalarBytes, words32 } from "../../../src/groth16/zkeyFile.ts";
import { checkKey } from "../../../src/setup/phase2/checkKey.ts";
import { PTAU, identifyPtau, requirePinned } from "../../../src/setup/phase2/ptau.ts";
import { PUBLISHED_PTAUS } from "../../../src/setup/phase2/publishedPtaus.ts";
import { createSnarkjsRandom } from "../../../src/setup/phase2/snarkjsRandom.ts";
import { readTerms } from "../../../src/setup/phase2/terms.ts";
import { type InitialKey, makeInitialKey, readSections } from "../../fixtures/phase2Keys.ts";
import { writePtau, writeSections } from "../../fixtures/ptau.ts";

const require = createRequire(import.meta.url);
const TERMS = {
  contributions: 2,
  beacon: { source: "a round", hash: "ab".repeat(32), iterationsExp: 10 },
  ptau: { sha256: "0".repeat(64) },
  circuitHash: `0x${"0".repeat(64)}`,
};

describe("powers of tau and the terms of a ceremony", () => {
  let folder: string;
  let initial: InitialKey;
  const path = (name: string) => join(folder, name);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tollgate-ptau-"));
    initial = await makeInitialKey(folder);
  });

  after(async () => {
    await (await buildBn128()).terminate();
    await rm(folder, { recursive: true });
  });

  async function expectRefusal(work: () => Promise<unknown>, message: RegExp): Promise<void> {
    const error = await work().catch((caught: unknown) => caught);
    expect(error).to.be.instanceOf(InputError).with.property("message").that.matches(message).and.not.include("\n");
  }

  it("are in the tests byte for byte what snarkjs prepares", async () => {
    const sections = await readSections(initial.ptauPath);
    await writeSections(path("raw.ptau"), "ptau", sections.slice(0, 7));
    await powersOfTau.preparePhase2(path("raw.ptau"), path("prepared.ptau"));
    expect(Buffer.compare(await readFile(path("prepared.ptau")), await readFile(initial.ptauPath))).to.equal(0);
  });

  it("are the published ones by the hashes that snarkjs's README lists", async () => {
    const readme = await readFile(join(dirname(require.resolve("snarkjs")), "..", "README.md"), "utf8");
    const listed = [...readme.matchAll(/\[(powersOfTau28_hez_final\w*\.ptau)\]\(\S+\)\s*\|\s*([0-9a-f]{128})/g)];
    expect(PUBLISHED_PTAUS.map(({ name, blake2b512 }) => [name, blake2b512])).to.deep.equal(
      listed.map(([, name, hash]) => [name, hash]),
    );
    expect(listed).to.have.length(21);
  });

  it("that nobody published are refused, unless accepted", async () => {
    const identity = await identifyPtau(initial.ptauPath);
    expect(identity.pinned).to.equal(null);
    requirePinned(initial.ptauPath, identity, true);
    requirePinned(initial.ptauPath, { ...identity, pinned: "published.ptau" }, false);
    expect(() => requirePinned(initial.ptauPath, identity, false)).to.throw(
      InputError,
      /not a published powers-of-tau file .*--accept-ptau takes it and records it as untrusted/,
    );
    await expectRefusal(() => checkKey({ ...initial, wordCount: 1, requirePinned: true }), /--accept-ptau/);
  });

  it("that are too small, of another curve or damaged are refused with one line", async () => {
    const sections = new Map(await readSections(initial.ptauPath));
    const header = sections.get(PTAU.header)!;
    const otherCurve = Buffer.concat([words32(32), scalarBytes(97n), header.subarray(36)]);
    const bytes = await readFile(initial.ptauPath);
    const lagrange = sections.get(PTAU.lagrangeG1)!;
    const offCurve = Buffer.concat([lagrange.subarray(0, 7 * 64), Buffer.alloc(64, 1), lagrange.subarray(8 * 64)]);
    const ptauPath = path("bad.ptau");
    const write = (changed: Iterable<[number, Buffer]>) => writeSections(ptauPath, "ptau", changed);
    const withPart = (id: number, content: Buffer) => write(new Map(sections).set(id, content));
    const cases: [make: () => Promise<void>, message: RegExp][] = [
      [() => writePtau(ptauPath, 2), /of power 2, the circuit needs power 3/],
      [() => withPart(PTAU.header, otherCurve), /of another curve; want one over BN254/],
      [() => withPart(PTAU.header, Buffer.from(header.subarray(1))), /of another curve/],
      [() => withPart(PTAU.tauG2, Buffer.alloc(128)), /section tauG2 has 128 bytes, power 3 has 1024/],
      [() => withPart(PTAU.lagrangeG1, offCurve), /not every Lagrange point is on its curve/],
      [() => write([...sections].slice(0, 7)), /not prepared for phase 2/],
      [() => write([...sections, [PTAU.betaG2, sections.get(PTAU.betaG2)!]]), /section 6 \(betaG2\) is there twice/],
      [() => writeFile(ptauPath, bytes.subarray(0, bytes.length - 5)), /truncated \.ptau file/],
      [() => writeFile(ptauPath, "no powers of tau"), /not a \.ptau file/],
      [() => rm(ptauPath), /cannot be read \(ENOENT\)/],
    ];
    for (const [make, message] of cases) {
      await make();
      await expectRefusal(() => checkKey({ ...initial, ptauPath, wordCount: 1 }), message);
    }
  });

  it("give points and secrets by snarkjs's stream of random numbers", async () => {
    const { Fr, G1, G2 } = await buildBn128();
    for (let round = 0; round < 24; round++) {
      const hash = Buffer.alloc(64, `seed ${round}`);
      const theirs = new ChaCha(Array.from({ length: 8 }, (_, index) => hash.readUInt32BE(4 * index)));
      const ours = createSnarkjsRandom(hash);
      expect(ours.scalar()).to.equal(Fr.toObject(Fr.fromRng(theirs)));
      const [x, y] = G1.toObject(G1.toAffine(G1.fromRng(theirs))) as bigint[];
      expect(ours.g1().toAffine()).to.deep.equal({ x, y });
      const [[x0, x1], [y0, y1]] = G2.toObject(G2.toAffine(G2.fromRng(theirs))) as bigint[][];
      expect(fromG2(ours.g2())).to.deep.equal([x1, x0, y1, y0]);
    }
  });

  it("are announced in terms that are whole, or refused naming the entry", async () => {
    const file = path("ceremony.json");
    await writeFile(file, JSON.stringify(TERMS));
    expect(await readTerms(file)).to.deep.equal(TERMS);
    const cases: [terms: object, message: RegExp][] = [
      [{ ...TERMS, contributions: 1 }, /contributions: want at least 2/],
      [{ ...TERMS, beacon: { ...TERMS.beacon, hash: "0xabcd" } }, /beacon\.hash: want 16 to 255 bytes/],
      [{ ...TERMS, beacon: { ...TERMS.beacon, iterationsExp: 40 } }, /beacon\.iterationsExp/],
      [{ ...TERMS, beacon: { ...TERMS.beacon, source: "" } }, /beacon\.source/],
      [{ ...TERMS, ptau: {} }, /ptau\.sha256/],
      [{ ...TERMS, circuitHash: "12" }, /circuitHash: want 32 bytes/],
      [{ ...TERMS, more: true }, /more/],
    ];
    for (const [terms, message] of cases) {
      await writeFile(file, JSON.stringify(terms));
      await expectRefusal(() => readTerms(file), message);
    }
  });
});
