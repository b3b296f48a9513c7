import { expect } from "chai";
import { CLAIM_FILES, checkClaim, type Check, type ClaimFiles } from "../../src/browser/checkClaim.ts";
import { toBytes32 } from "../../src/codec/statement.ts";
import type { IntegerGraph } from "../../src/ir/integerGraph.ts";
import { modelHashOf } from "../../src/ir/modelHash.ts";
import { CASES, proveDigit, type ClaimCase, type ProvenFiles } from "./claimCases.ts";

type Json = Record<string, unknown>;

const withJson =
  (role: keyof ClaimFiles, change: (json: Json) => Json) =>
  ({ files }: ProvenFiles): ClaimFiles => {
    const json = JSON.parse(files[role]) as Json;
    return { ...files, [role]: JSON.stringify({ ...json, ...change(json) }) };
  };

/** What the page is not tried with. */
const MORE: readonly ClaimCase[] = [
  { name: "another subject", change: withJson("claim", () => ({ subject: toBytes32(2n) })), failed: ["proof"] },
  {
    name: "a claim under another key",
    change: withJson("claim", () => ({ keyId: toBytes32(2n) })),
    failed: ["claimKey"],
  },
  {
    name: "one word more",
    change: withJson("claim", ({ words }) => ({ words: [...(words as string[]), "0"] })),
    failed: ["claimKey", "output"],
  },
  {
    name: "a word with bits that hold no element",
    change: withJson("claim", () => ({ words: [String(1n << 252n)] })),
    failed: ["output", "proof"],
  },
  { name: "a claim with a field more", change: withJson("claim", () => ({ note: "" })), failed: ["claim"] },
  { name: "a graph with another name", change: withJson("graph", () => ({ name: "digits" })), failed: ["graph"] },
  { name: "a graph of another format", change: withJson("graph", () => ({ format: "" })), failed: ["graph"] },
  {
    name: "a graph of too many elements",
    change: withJson("graph", ({ outputs }) => ({
      outputs: [{ ...(outputs as Json[])[0], shape: [1 << 20, 1 << 20] }],
    })),
    failed: ["graph"],
  },
  {
    name: "a lock with another model hash",
    change: withJson("lock", () => ({ modelHash: toBytes32(2n) })),
    failed: ["graph"],
  },
  { name: "a lock with another key id", change: withJson("lock", () => ({ keyId: toBytes32(2n) })), failed: ["key"] },
  {
    name: "a lock with another number of words",
    change: withJson("lock", () => ({ wordCount: 2 })),
    failed: ["graph", "key"],
  },
  { name: "a lock without setup", change: withJson("lock", () => ({ setup: undefined })), failed: ["lock"] },
  {
    name: "a key with a point at infinity",
    change: withJson("vkey", () => ({ vk_alpha_1: ["0", "0", "1"] })),
    failed: ["key"],
  },
  { name: "another salt", change: withJson("opening", () => ({ salt: "1" })), failed: ["opening"] },
  {
    name: "an input that does not fit",
    change: withJson("opening", () => ({ inputs: [["-1"]] })),
    failed: ["opening"],
  },
  { name: "an opening of something else", change: withJson("opening", () => ({ inputs: 1 })), failed: ["opening"] },
];

describe("checking a claim as a browser does", () => {
  let proven: ProvenFiles;

  before(async () => {
    proven = await proveDigit();
  });

  const failedOf = (checks: readonly Check[]) => checks.flatMap(({ id, state }) => (state === "failed" ? [id] : []));

  it("passes every check of a proven claim and decodes what it says", () => {
    const report = checkClaim(proven.files);
    expect(report.checks.filter(({ state }) => state !== "passed")).to.deep.equal([]);
    expect(report.proven).to.equal(true);
    expect(report.outputs!.find(({ name }) => name === "label")!.values).to.deep.equal([proven.truth]);
    expect(report.inputs).to.deep.equal(
      (JSON.parse(proven.files.opening) as { inputs: string[][] }).inputs.map((row) => row.map(BigInt)),
    );
    expect(report.model!.name).to.equal("digits-mlp");
  });

  it("warns of the dealer's key and of no other", () => {
    expect(checkClaim(proven.files).isDealerKey).to.equal(true);
    expect(checkClaim({}).isDealerKey).to.equal(false);
  });

  it("names the model hash, since a lock that lies can tie another program to a genuine key", () => {
    const { graph: text, lock, ...others } = proven.files;
    const graph = JSON.parse(text) as IntegerGraph;
    const outputs = graph.outputs.map((output) => ({ ...output, scale: output.scale * 1000 }));
    const modelHash = modelHashOf({ ...graph, outputs });
    const files = {
      ...others,
      graph: JSON.stringify({ ...graph, outputs }),
      lock: JSON.stringify({ ...(JSON.parse(lock) as Json), modelHash }),
    };
    const [genuine, forged] = [checkClaim(proven.files), checkClaim(files)];
    expect(forged).to.include({ proven: true, keyId: genuine.keyId });
    expect(forged.outputs).to.not.deep.equal(genuine.outputs);
    expect(forged.model!.modelHash).to.equal(modelHash);
    expect(genuine.model!.modelHash).to.not.equal(modelHash);
  });

  it("takes a claim for proven without its opening", () => {
    const { opening: _, ...files } = proven.files;
    const report = checkClaim(files);
    expect(report.proven).to.equal(true);
    expect(report.checks.map(({ id }) => id)).to.not.include("opening");
  });

  for (const { name, change, failed } of [...CASES, ...MORE]) {
    it(`refuses ${name}, at the check that is about it`, () => {
      const report = checkClaim(change(proven));
      expect(report.proven).to.equal(false);
      expect(failedOf(report.checks)).to.deep.equal(failed);
    });
  }

  for (const role of CLAIM_FILES.filter((file) => file !== "opening")) {
    it(`takes nothing for proven where ${role} is missing, or is no JSON, or another value`, () => {
      const { [role]: _, ...without } = proven.files;
      for (const files of [
        without,
        { ...without, [role]: "}" },
        { ...without, [role]: "null" },
        { ...without, [role]: "[]" },
      ]) {
        const report = checkClaim(files);
        expect(report.proven).to.equal(false);
        expect(failedOf(report.checks)).to.have.length(1);
      }
    });
  }
});
