import type { Interface } from "ethers";
import type { Hex } from "../../codec/statement.ts";
import { toBytes32 } from "../../codec/statement.ts";
import { type Proof, proofToJson } from "../../groth16/proof.ts";
import type { Facts } from "./facts.ts";

/** One case as each judge takes it. */
export interface Forms {
  /** Calldata of the stand-alone verifier: signals and proof. */
  readonly verifier: Hex;
  /** Calldata of the registry: a statement and the proof. */
  readonly registry: Hex;
  /** Arguments of `verifyProof`. */
  readonly numbers: { readonly signals: readonly bigint[]; readonly proof: readonly bigint[] };
  /** Texts of the files that `parseSignals` and `parseProof` read. */
  readonly proofFiles: { readonly signals: string; readonly proof: string };
  /** Text of the file that `readClaim` reads: the registry's statement and the proof. */
  readonly claimFile: string;
}

/** ABIs of the contracts that judge. */
export interface Abis {
  readonly verifier: Interface;
  readonly registry: Interface;
}

/** The forms of a case whose facts every judge is told alike. */
export function formsOf({ signals, statement, proof }: Facts, abis: Abis): Forms {
  const { keyId, inputCommitment, words, subject } = statement;
  const call = [keyId, toBytes32(inputCommitment), words, subject, proof];
  const json = proofToJson(proof as Proof);
  return {
    verifier: abis.verifier.encodeFunctionData("verify", [signals, proof]),
    registry: abis.registry.encodeFunctionData("verify", call),
    numbers: { signals, proof },
    proofFiles: { signals: JSON.stringify(signals.map(String)), proof: JSON.stringify(json) },
    claimFile: JSON.stringify({
      keyId,
      subject,
      inputCommitment: String(inputCommitment),
      words: words.map(String),
      proof: json,
    }),
  };
}
