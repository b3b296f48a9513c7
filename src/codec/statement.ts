import { AbiCoder, TypedDataEncoder, id, keccak256, solidityPacked } from "ethers";
import { SCALAR_ORDER, mod } from "../field.ts";

/** 32 bytes as 0x-prefixed hex, an address, or bytes of any length. */
export type Hex = string;

/** How a job is paid for (ADR-0001). */
export const FUNDING = { allowance: 1, authorization: 2, native: 3, permit2: 4, prepaid: 5 } as const;

/** The states of a job in the order of the contract's enum. */
export const JOB_STATES = ["None", "Funded", "Accepted", "Settled", "Refunded", "Revoked"] as const;

/** Terms of a job. Amount and bond are in token base units, times in unix seconds. */
export interface Job {
  readonly client: Hex;
  readonly provider: Hex;
  readonly token: Hex;
  readonly amount: bigint;
  readonly bond: bigint;
  readonly modelId: bigint;
  readonly inputCommitment: Hex;
  readonly acceptBy: bigint;
  readonly deadline: bigint;
  readonly funding: number;
  readonly nonce: bigint;
}

/** EIP-712 fields of a job, in the order that ADR-0001 freezes. */
const JOB_TYPES = {
  Job: [
    { name: "client", type: "address" },
    { name: "provider", type: "address" },
    { name: "token", type: "address" },
    { name: "amount", type: "uint256" },
    { name: "bond", type: "uint256" },
    { name: "modelId", type: "uint256" },
    { name: "inputCommitment", type: "bytes32" },
    { name: "acceptBy", type: "uint64" },
    { name: "deadline", type: "uint64" },
    { name: "funding", type: "uint8" },
    { name: "nonce", type: "uint256" },
  ],
};

/** A point of G1: x, y. */
export type G1Coordinates = [bigint, bigint];

/** A point of G2 with coordinates x₀ + x₁·i: x₁, x₀, y₁, y₀, the order of EIP-197. */
export type G2Coordinates = [bigint, bigint, bigint, bigint];

/** A Groth16 key of three public signals, as the registry takes it. */
export interface VerifyingKey {
  readonly alpha: G1Coordinates;
  readonly beta: G2Coordinates;
  readonly delta: G2Coordinates;
  readonly ic: [G1Coordinates, G1Coordinates, G1Coordinates, G1Coordinates];
}

/** ERC-7992's description of a model. */
export interface ModelCommitment {
  readonly modelHash: Hex;
  readonly circuitHash: Hex;
  readonly vkHash: Hex;
  readonly proofSystemId: Hex;
  readonly uri: string;
}

/** ERC-7992 proof system id: `bytes4(keccak256("groth16-bn254-v1"))`. */
export const PROOF_SYSTEM_ID = id("groth16-bn254-v1").slice(0, 10);

const KEY_TYPE = "tuple(uint256[2] alpha, uint256[4] beta, uint256[4] delta, uint256[2][4] ic)";
const COMMITMENT_TYPE =
  "tuple(bytes32 modelHash, bytes32 circuitHash, bytes32 vkHash, bytes4 proofSystemId, string uri)";

const hashOf = (types: string[], values: unknown[]): Hex => keccak256(AbiCoder.defaultAbiCoder().encode(types, values));

/** A field element as the bytes32 of the contracts. */
export const toBytes32 = (value: bigint): Hex => `0x${value.toString(16).padStart(64, "0")}`;

/** `keccak256(abi.encode(key, wordCount))`. */
export const keyIdOf = (key: VerifyingKey, wordCount: number): Hex => hashOf([KEY_TYPE, "uint256"], [key, wordCount]);

/** `keccak256(abi.encodePacked(words))`. */
export const hashWords = (words: readonly bigint[]): Hex => keccak256(solidityPacked(["uint256[]"], [words]));

/** The third public signal: ties a proof to a key, an input, a subject and the words (ADR-0001). */
export const contextOf = (keyId: Hex, inputCommitment: bigint, subject: Hex, words: readonly bigint[]): bigint =>
  BigInt(
    hashOf(
      ["bytes32", "bytes32", "bytes32", "bytes32"],
      [keyId, toBytes32(inputCommitment), subject, hashWords(words)],
    ),
  ) >> 3n;

/** The second public signal: `Σ wordᵢ · contextⁱ mod r`. */
export const outputCommitmentOf = (words: readonly bigint[], context: bigint): bigint =>
  words.reduceRight((sum, word) => mod(sum * context + word, SCALAR_ORDER), 0n);

/** The names of the contracts' EIP-712 domains. */
export const DOMAIN = { escrow: "Tollgate InferenceEscrow", orders: "Tollgate PrepaidOrders" } as const;

/** What the client of a job signs under one of the contracts' domains, as EIP-712 has it. */
export const jobTypedData = (name: string, job: Job, chainId: bigint, verifyingContract: Hex) => ({
  domain: { name, version: "1", chainId, verifyingContract },
  types: JOB_TYPES,
  message: job,
});

const jobDigestUnder =
  (name: string) =>
  (job: Job, chainId: bigint, verifyingContract: Hex): Hex => {
    const { domain, types, message } = jobTypedData(name, job, chainId, verifyingContract);
    return TypedDataEncoder.hash(domain, types, message);
  };

/** The EIP-712 digest of a job under an escrow's domain: its id and the subject of its proof. */
export const jobIdOf = jobDigestUnder(DOMAIN.escrow);

/** The same under the domain of a PrepaidOrders contract: what the client of an order signs, and its proof's subject. */
export const orderIdOf = jobDigestUnder(DOMAIN.orders);

/** The id under which a registry knows a model with these immutable terms. */
export const modelIdOf = (
  chainId: bigint,
  registry: Hex,
  owner: Hex,
  commitment: ModelCommitment,
  royaltyBps: number,
  royaltyTo: Hex,
): bigint =>
  BigInt(
    hashOf(
      ["uint256", "address", "address", "bytes32", COMMITMENT_TYPE, "uint16", "address"],
      [chainId, registry, owner, commitment.vkHash, commitment, royaltyBps, royaltyTo],
    ),
  );
