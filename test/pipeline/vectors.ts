import { readFileSync } from "node:fs";
import { buildPoseidon } from "circomlibjs";
import { expect } from "chai";
import { id, keccak256, toUtf8Bytes } from "ethers";
import { commit, type SealKeys } from "../../src/codec/commitment.ts";
import {
  PROOF_SYSTEM_ID,
  contextOf,
  jobIdOf,
  keyIdOf,
  modelIdOf,
  outputCommitmentOf,
  type Job,
  type ModelCommitment,
  type VerifyingKey,
} from "../../src/codec/statement.ts";
import { SCALAR_ORDER } from "../../src/field.ts";
import { projectPath } from "../../src/paths.ts";

/** The committed vectors of ADR-0001; integers are decimal strings. */
const vectors = JSON.parse(readFileSync(projectPath("test/fixtures/vectors.json"), "utf8"), (_, value: unknown) =>
  typeof value === "string" && /^\d+$/.test(value) ? BigInt(value) : value,
) as Vectors;

interface Vectors {
  commitments: { salt: bigint; keys?: SealKeys; words: bigint[]; commitment: bigint }[];
  keyId: {
    key: VerifyingKey;
    wordCount: bigint;
    keyId: string;
  };
  context: { keyId: string; inputCommitment: bigint; subject: string; words: bigint[]; context: bigint; sum: bigint };
  modelId: {
    chainId: bigint;
    registry: string;
    owner: string;
    commitment: ModelCommitment;
    royaltyBps: bigint;
    royaltyTo: string;
    modelId: bigint;
  };
  jobId: { chainId: bigint; escrow: string; job: Job; jobId: string };
}

/** A 32-byte big-endian word, as hex without prefix: the whole of the ABI encoding that the ids need. */
const word = (value: bigint | string): string => BigInt(value).toString(16).padStart(64, "0");
const hashWords = (...words: (bigint | string)[]): string => keccak256(`0x${words.map(word).join("")}`);

describe("ADR-0001 vectors, recomputed from the text with independent code", () => {
  let poseidon: Awaited<ReturnType<typeof buildPoseidon>>;
  const hash = (elements: readonly bigint[]): bigint => BigInt(poseidon.F.toString(poseidon([...elements])));

  before(async () => {
    poseidon = await buildPoseidon();
  });

  it("has commitments of 4, 5, 16, 17 and 27 elements, and a sealed one", () => {
    const lengths = vectors.commitments.map(({ keys, words }) => 1 + (keys?.length ?? 0) + words.length);
    expect(lengths).to.include.members([4, 5, 16, 17, 27]);
    expect(vectors.commitments.some(({ keys }) => keys !== undefined)).to.equal(true);
  });

  it("input commitments", () => {
    for (const { salt, keys, words, commitment } of vectors.commitments) {
      const message = [salt, ...(keys ?? []), ...words];
      let expected: bigint;
      if (keys === undefined && message.length <= 5) {
        expected = hash(message);
      } else {
        expected = BigInt(message.length) + (keys === undefined ? 0n : 2n ** 32n);
        for (let start = 0; start < message.length; start += 15) {
          const block = Array.from({ length: 15 }, (_, index) => message[start + index] ?? 0n);
          expected = hash([expected, ...block]);
        }
      }
      expect(commitment).to.equal(expected);
      expect(commit(salt, words, keys)).to.equal(expected);
    }
  });

  it("key id", () => {
    const { key, wordCount, keyId } = vectors.keyId;
    const expected = hashWords(...key.alpha, ...key.beta, ...key.delta, ...key.ic.flat(), wordCount);
    expect(keyId).to.equal(expected);
    expect(keyIdOf(key, Number(wordCount))).to.equal(expected);
  });

  it("context and output commitment", () => {
    const { keyId, inputCommitment, subject, words, context, sum } = vectors.context;
    const expected = BigInt(hashWords(keyId, inputCommitment, subject, hashWords(...words))) >> 3n;
    expect(context).to.equal(expected);
    expect(contextOf(keyId, inputCommitment, subject, words)).to.equal(expected);
    const expectedSum =
      words.reduce((total, value, index) => total + value * expected ** BigInt(index), 0n) % SCALAR_ORDER;
    expect(sum).to.equal(expectedSum);
    expect(outputCommitmentOf(words, context)).to.equal(expectedSum);
  });

  it("model id", () => {
    const { chainId, registry, owner, commitment, royaltyBps, royaltyTo, modelId } = vectors.modelId;
    const uri = Buffer.from(commitment.uri, "utf8");
    const uriWords = uri.toString("hex").padEnd(Math.ceil(uri.length / 32) * 64, "0");
    const head = [chainId, registry, owner, commitment.vkHash, 7n * 32n, royaltyBps, royaltyTo];
    const { modelHash, circuitHash, vkHash, proofSystemId } = commitment;
    const body = [modelHash, circuitHash, vkHash].map(word).join("") + proofSystemId.slice(2).padEnd(64, "0");
    const tail = word(5n * 32n) + word(BigInt(uri.length)) + uriWords;
    const expected = BigInt(keccak256(`0x${head.map(word).join("")}${body}${tail}`));
    expect(modelId).to.equal(expected);
    expect(modelIdOf(chainId, registry, owner, commitment, Number(royaltyBps), royaltyTo)).to.equal(expected);
    expect(PROOF_SYSTEM_ID).to.equal(id("groth16-bn254-v1").slice(0, 10));
  });

  it("job id", () => {
    const { chainId, escrow, job, jobId } = vectors.jobId;
    const type =
      "Job(address client,address provider,address token,uint256 amount,uint256 bond,uint256 modelId," +
      "bytes32 inputCommitment,uint64 acceptBy,uint64 deadline,uint8 funding,uint256 nonce)";
    const domainType = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
    const domain = hashWords(id(domainType), id("Tollgate InferenceEscrow"), id("1"), chainId, escrow);
    const { client, provider, token, amount, bond, modelId, inputCommitment, acceptBy, deadline, funding, nonce } = job;
    const terms = [client, provider, token, amount, bond, modelId, inputCommitment, acceptBy, deadline, funding, nonce];
    const struct = hashWords(keccak256(toUtf8Bytes(type)), ...terms.map((term) => BigInt(term)));
    const expected = keccak256(`0x1901${domain.slice(2)}${struct.slice(2)}`);
    expect(jobId).to.equal(expected);
    expect(jobIdOf(job, chainId, escrow)).to.equal(expected);
  });
});
