import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { keccak256 } from "ethers";
import type { AuditRow } from "../../src/audit/auditReport.ts";
import { compareFiles, readTexts, type Texts } from "../../src/audit/compareFiles.ts";
import { compareLock } from "../../src/audit/compareLock.ts";
import { inOrderOfLinks } from "../../src/audit/links.ts";
import { readClaims } from "../../src/audit/readClaims.ts";
import { rebuildDealerKey, rebuildProgram, type RebuiltModel } from "../../src/audit/rebuildModel.ts";
import { conclude, verdictOf } from "../../src/audit/verdict.ts";
import { readR1cs } from "../../src/circom/readR1cs.ts";
import { InputError } from "../../src/errors.ts";
import { compileModel, type CompiledModel } from "../../src/model/compileModel.ts";
import { type Lock, readLock } from "../../src/model/lock.ts";
import { type ModelFiles, readModelFiles } from "../../src/model/modelFiles.ts";
import { projectPath } from "../../src/paths.ts";
import { leavesOf, oneByteEdits, withLeaf } from "./oneByte.ts";

const CACHE = projectPath("build/cache");
const KEY_FOLDER = projectPath("circuits/generated/digits-mlp/dealer");
const TEMPLATE = "DigitsMlp";
const MAX_POWER = 18;

describe("an audit's comparison of a rebuilt model with its lock and files", () => {
  let folder: string;
  let files: ModelFiles;
  let compiled: CompiledModel;
  let rebuilt: RebuiltModel;
  let lock: Lock;
  let texts: Texts;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tollgate-links-"));
    files = await readModelFiles(projectPath("circuits/models/digits-mlp"));
    compiled = await compileModel(await rebuildProgram(files, {}, MAX_POWER), CACHE);
    rebuilt = await rebuildDealerKey(compiled, CACHE);
    lock = await readLock(join(KEY_FOLDER, "lock.json"));
    texts = await readTexts(KEY_FOLDER, TEMPLATE);
  });

  after(() => rm(folder, { recursive: true }));

  interface Claimed {
    readonly lock: Lock;
    readonly texts: Texts;
  }

  const compareWith = (model: RebuiltModel, claimed: Partial<Claimed> = {}): AuditRow[] => {
    const locked = compareLock(model.lock, claimed.lock ?? lock, TEMPLATE);
    return inOrderOfLinks([...locked, ...compareFiles(model.texts, claimed.texts ?? texts, TEMPLATE)], TEMPLATE);
  };

  /** The links that differ, each once, and the verdict. */
  const linksIn = (rows: readonly AuditRow[]): string[] => [
    ...new Set(rows.filter(({ ok }) => !ok).map(({ link }) => link)),
  ];

  /** The digits model made again from other files. */
  async function rebuildFrom(changed: Partial<ModelFiles>): Promise<RebuiltModel> {
    const program = await rebuildProgram({ ...files, ...changed }, {}, MAX_POWER);
    return rebuildDealerKey(await compileModel(program, CACHE), CACHE);
  }

  it("agrees in every row", () => {
    const rows = compareWith(rebuilt);
    expect(rows.filter(({ ok }) => !ok)).to.deep.equal([]);
    expect(verdictOf(rows)).to.deep.equal({ kind: "sound", message: "" });
    expect(rows).to.have.length(18);
  });

  it("names model.onnx where a weight was flipped, and everything that rests on it", async () => {
    const onnx = Buffer.from(files.onnx);
    const weights = onnx.indexOf(Buffer.from(floatsOf(onnx, 0.0625)));
    onnx[weights + 3] ^= 0x80;
    const rows = compareWith(await rebuildFrom({ onnx }));
    expect(verdictOf(rows).kind).to.equal("broken");
    expect(verdictOf(rows).message).to.match(/^broken link model\.onnx: lock\.json: sha256\.model\.onnx says/);
    expect(linksIn(rows)).to.include.members(["model.onnx → graph.json", "circuit.r1cs → circuit.zkey"]);
  });

  it("names graph.json where model.json has another range", async () => {
    const config = { ...files.config!, inputs: { pixels: { range: [0, 15] as [number, number], step: 1 } } };
    const rows = compareWith(await rebuildFrom({ config }));
    expect(verdictOf(rows).message).to.match(/^broken link model\.onnx → graph\.json: lock\.json: modelHash says/);
    expect(rows.find(({ compared }) => compared.startsWith("graph.json, entry "))).to.include({ ok: false });
  });

  it("names the circuit and the line where its text was edited", () => {
    const edited = editedText(`${TEMPLATE}.circom`, (text) => text.replace("<==", "<--"));
    const rows = compareWith(rebuilt, { texts: edited });
    expect(verdictOf(rows).message).to.match(
      /^broken link graph\.json → DigitsMlp\.circom: DigitsMlp\.circom, line \d+ says/,
    );
    expect(linksIn(rows)).to.have.length(1);
  });

  it("names the r1cs where compiling gives another constraint", async () => {
    const r1csPath = join(folder, "circuit.r1cs");
    await copyFile(compiled.circuit.r1csPath, r1csPath);
    const { bytes, start } = await readR1cs(r1csPath);
    // The lowest byte of the first coefficient, after a count and a wire.
    bytes[start + 8] ^= 1;
    await writeFile(r1csPath, bytes);
    const other = { ...compiled, circuit: { ...compiled.circuit, r1csPath }, circuitHash: keccak256(bytes) };
    const rows = compareWith(await rebuildDealerKey(other, folder));
    expect(verdictOf(rows).message).to.match(
      /^broken link DigitsMlp\.circom → circuit\.r1cs: lock\.json: (circuitHash|sha256\.circuit\.r1cs) says/,
    );
    expect(linksIn(rows)).to.include("circuit.zkey → vkey.json");
  });

  it("names the key where another model's was put in its place", async () => {
    const other = projectPath("circuits/generated/volatility-mlp/dealer");
    const vkey = await readFile(join(other, "vkey.json"), "utf8");
    const { keyId, sha256, ...rest } = await readLock(join(other, "lock.json"));
    const swapped = {
      ...lock,
      keyId,
      sha256: { ...lock.sha256, "circuit.zkey": sha256["circuit.zkey"], "vkey.json": sha256["vkey.json"] },
    };
    expect(rest.model).to.equal("volatility-mlp");
    const rows = compareWith(rebuilt, { lock: swapped, texts: new Map([...texts, ["vkey.json", vkey]]) });
    expect(verdictOf(rows).message).to.match(
      /^broken link circuit\.r1cs → circuit\.zkey: lock\.json: sha256\.circuit\.zkey says/,
    );
    expect(linksIn(rows)).to.deep.equal([
      "circuit.r1cs → circuit.zkey",
      "circuit.zkey → vkey.json",
      "vkey.json → key id",
    ]);
  });

  it("refuses the key folder of another model, and powers of tau for a dealer's key", async () => {
    const other = projectPath("circuits/generated/volatility-mlp/dealer");
    for (const [folderOfKey, ptauPath, wanted] of [
      [other, undefined, /lock\.json: model: the lock is of volatility-mlp, want digits-mlp/],
      [undefined, "powers.ptau", /lock\.json: setup: is dealer, which has no --ptau/],
    ] as const) {
      const read = readClaims("digits-mlp", { folder: folderOfKey, ptauPath });
      const error = await read.catch((caught: unknown) => caught);
      expect(error).to.be.instanceOf(InputError).with.property("message").that.matches(wanted);
    }
  });

  it("names the coordinate where an IC point was changed in vkey.json", () => {
    const edited = editedText("vkey.json", (text) => {
      const json = JSON.parse(text) as { IC: string[][] };
      json.IC[2] = json.IC[1];
      return `${JSON.stringify(json, null, 1)}\n`;
    });
    const rows = compareWith(rebuilt, { texts: edited });
    expect(verdictOf(rows).message).to.match(
      /^broken link circuit\.zkey → vkey\.json: vkey\.json, entry IC\.2\.0 says/,
    );
    expect(linksIn(rows)).to.have.length(1);
  });

  it("names graph.json, the line of the verifier, and a vkey.json that is no JSON", () => {
    for (const [name, where] of [
      ["graph.json", /^broken link model\.onnx → graph\.json: graph\.json, (entry|line) /],
      [
        `${TEMPLATE}Verifier.sol`,
        /^broken link vkey\.json → DigitsMlpVerifier\.sol: DigitsMlpVerifier\.sol, line \d+ says/,
      ],
      ["vkey.json", /^broken link circuit\.zkey → vkey\.json: vkey\.json, line 1 says/],
    ] as const) {
      const edited = editedText(name, (text) => (name === "vkey.json" ? `!${text}` : text.replace("1", "7")));
      expect(verdictOf(compareWith(rebuilt, { texts: edited })).message).to.match(where);
    }
  });

  it("names every entry of lock.json that is edited by one byte, as bad input", async () => {
    const path = join(folder, "lock.json");
    const entries = leavesOf(lock);
    expect(entries).to.have.length(14);
    for (const leaf of entries) {
      const name = leaf.path.join(".");
      for (const edit of oneByteEdits(String(leaf.value))) {
        const value = typeof leaf.value === "number" ? Number(edit) : edit;
        await writeFile(path, JSON.stringify(withLeaf(lock, leaf.path, value)));
        expect(await saidOfLock(path), name).to.include(`lock.json: ${name}`);
      }
    }
  });

  it("names every entry of lock.json that is missing or called otherwise", async () => {
    const path = join(folder, "lock.json");
    for (const { path: leaf } of leavesOf(lock)) {
      const without = JSON.parse(JSON.stringify(withLeaf(lock, leaf, undefined))) as Lock;
      await writeFile(path, JSON.stringify(without));
      expect(await saidOfLock(path)).to.include(`lock.json: ${leaf.join(".")}`);
      const renamed = [...leaf.slice(0, -1), `${leaf[leaf.length - 1]}x`];
      await writeFile(path, JSON.stringify(withLeaf(without, renamed, "00")));
      expect(await saidOfLock(path)).to.include(leaf.join("."));
    }
  });

  it("concludes the worst of several audits, with a line for each model that is not sound", () => {
    const sound = { model: "sound", rows: compareWith(rebuilt) };
    const edited = { model: "edited", rows: compareWith(rebuilt, { lock: { ...lock, circom2: "0" } }) };
    const spoilt = editedText("graph.json", (text) => `${text} `);
    const broken = { model: "broken", rows: compareWith(rebuilt, { texts: spoilt }) };
    expect(conclude([sound, sound])).to.deep.equal({ kind: "sound", message: "" });
    expect(conclude([sound, edited]).kind).to.equal("edited");
    const { kind, message } = conclude([edited, sound, broken]);
    expect(kind).to.equal("broken");
    expect(message.split("\n").map((line) => line.slice(0, 20))).to.deep.equal([
      "edited: lock.json: c",
      "broken: broken link ",
    ]);
  });

  /** What an audit says of a lock file that alone is wrong: refused when it is read, or by its rows. */
  async function saidOfLock(path: string): Promise<string> {
    try {
      const verdict = verdictOf(compareWith(rebuilt, { lock: await readLock(path) }));
      expect(verdict.kind).to.equal("edited");
      return verdict.message;
    } catch (error) {
      if (error instanceof InputError) return error.message;
      throw error;
    }
  }

  function editedText(name: string, edit: (text: string) => string): Texts {
    const edited = edit(texts.get(name)!);
    expect(edited).to.not.equal(texts.get(name));
    return new Map([...texts, [name, edited]]);
  }
});

/** A window of the file's weights: four bytes that are a small float. */
function floatsOf(onnx: Buffer, limit: number): Uint8Array {
  for (let at = Math.floor(onnx.length / 2); at + 4 <= onnx.length; at++) {
    const value = Math.abs(onnx.readFloatLE(at));
    if (value > limit && value < 1) return onnx.subarray(at, at + 4);
  }
  throw new Error("no weight found");
}
