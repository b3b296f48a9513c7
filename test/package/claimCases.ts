import type { Check, ClaimFiles } from "../../src/browser/checkClaim.ts";
import { toBytes32 } from "../../src/codec/statement.ts";
import { BASE_ORDER } from "../../src/field.ts";
import type { ProofJson } from "../../src/groth16/proof.ts";
import { buildModel, shippedModel } from "../../src/model/buildModel.ts";
import { claimToJson, openingToJson } from "../../src/model/claimFile.ts";
import { infer } from "../../src/model/infer.ts";
import { proveInference } from "../../src/model/proveInference.ts";
import { setupModel } from "../../src/model/setupModel.ts";
import { keyTexts } from "../../src/model/writeArtefacts.ts";
import { projectPath } from "../../src/paths.ts";
import { commitSample, openWitnessModel } from "../story/witnessModel.ts";

/** A claim of a proven inference and the files that it is checked with, as the commands write them. */
export interface ProvenFiles {
  readonly files: Required<ClaimFiles>;
  readonly truth: number;
  /** The key of another model. */
  readonly otherVkey: string;
}

/** A claim's file as JSON has it. */
interface ClaimJson {
  readonly keyId: string;
  readonly subject: string;
  readonly inputCommitment: string;
  readonly words: readonly string[];
  readonly proof: ProofJson;
}

/** The digit that is proven: its label is what the sample is. */
const SAMPLE = 0;

/** Proves a held-out digit for a subject, from a witness. */
export async function proveDigit(): Promise<ProvenFiles> {
  const digits = await openWitnessModel("digits-mlp");
  const { opening, sample } = commitSample(digits, SAMPLE);
  const { model, prover } = digits;
  const inference = infer(model.graph, opening.inputs, opening.salt);
  const proven = await proveInference(prover, model.keyId, inference, toBytes32(1n));
  await prover.close();
  const { "vkey.json": vkey, "lock.json": lock } = await keyTexts(model);
  const claim = JSON.stringify(claimToJson(model, proven));
  const files = { claim, graph: model.graphJson, vkey, lock, opening: JSON.stringify(openingToJson(proven)) };
  const cacheRoot = projectPath("build/cache");
  const other = await setupModel(await buildModel(shippedModel("volatility-mlp"), cacheRoot), cacheRoot);
  return { files, truth: sample.truth, otherVkey: (await keyTexts(other))["vkey.json"] };
}

/** One thing wrong with the files, and the checks that must fail for it, all others passed or not done. */
export interface ClaimCase {
  readonly name: string;
  readonly change: (proven: ProvenFiles) => ClaimFiles;
  readonly failed: readonly Check["id"][];
}

const withClaim =
  (change: (claim: ClaimJson) => object) =>
  ({ files: { claim: text, graph, vkey, lock } }: ProvenFiles): ClaimFiles => {
    const claim = JSON.parse(text) as ClaimJson;
    return { graph, vkey, lock, claim: JSON.stringify({ ...claim, ...change(claim) }) };
  };

const plusOne = (text: string): string => String(BigInt(text) + 1n);

/** What the page is tried with; every one is a way to be deceived. */
export const CASES: readonly ClaimCase[] = [
  {
    name: "a proof with a coordinate flipped",
    // −A: a point of the curve, but of no proof of this.
    change: withClaim(({ proof }) => {
      const [x, y, z] = proof.pi_a;
      return { proof: { ...proof, pi_a: [x, String(BASE_ORDER - BigInt(y)), z] } };
    }),
    failed: ["proof"],
  },
  {
    name: "a proof with a point off the curve",
    change: withClaim(({ proof }) => {
      const [x, y, z] = proof.pi_c;
      return { proof: { ...proof, pi_c: [plusOne(x), y, z] } };
    }),
    failed: ["proof"],
  },
  {
    name: "another model's verification key",
    change: ({ files, otherVkey }) => ({ ...files, vkey: otherVkey }),
    failed: ["key"],
  },
  {
    name: "another output word",
    change: withClaim(({ words: [word] }) => ({ words: [String(BigInt(word) ^ 1n)] })),
    failed: ["proof"],
  },
  {
    name: "another input commitment",
    change: withClaim(({ inputCommitment }) => ({ inputCommitment: plusOne(inputCommitment) })),
    failed: ["proof"],
  },
  {
    name: "a claim that is not JSON",
    change: ({ files: { claim, graph, vkey, lock } }) => ({ claim: claim.slice(0, -1), graph, vkey, lock }),
    failed: ["claim"],
  },
];
