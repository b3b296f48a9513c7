import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { toBytes32 } from "../../src/codec/statement.ts";
import { InputError } from "../../src/errors.ts";
import { proofToJson } from "../../src/groth16/proof.ts";
import { readClaim } from "../../src/model/claimFile.ts";
import { mintProof } from "../../src/setup/mint.ts";

const KEY = { keyId: toBytes32(7n), wordCount: 1 };
const PROOF = mintProof({ alpha: 2n, beta: 3n, delta: 5n, ic: [7n, 11n, 13n, 17n] }, [1n, 2n, 3n], { a: 19n, b: 23n });
const CLAIM = {
  keyId: KEY.keyId,
  subject: toBytes32(1n),
  inputCommitment: "1",
  words: ["0"],
  proof: proofToJson(PROOF),
};

describe("a claim's file", () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tollgate-claim-"));
  });
  after(() => rm(folder, { recursive: true }));

  async function read(changes: Partial<typeof CLAIM>) {
    const path = join(folder, "claim.json");
    await writeFile(path, JSON.stringify({ ...CLAIM, ...changes }));
    return readClaim(path, KEY);
  }

  it("holds a statement, whose words may be zero", async () => {
    expect(await read({})).to.deep.equal({ inputCommitment: 1n, words: [0n], subject: CLAIM.subject, proof: PROOF });
  });

  for (const [field, changes] of [
    ["subject", { subject: toBytes32(0n) }],
    ["inputCommitment", { inputCommitment: "0" }],
  ] as const) {
    it(`is refused, as by the registry, where its ${field} is zero`, async () => {
      const error: unknown = await read(changes).catch((caught: unknown) => caught);
      expect(error).to.be.instanceOf(InputError);
      expect((error as Error).message).to.equal(`${join(folder, "claim.json")}: ${field}: is zero`);
    });
  }
});
