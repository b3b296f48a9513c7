import { TypedDataEncoder } from "ethers";
import type { Hex } from "../../../src/codec/statement.ts";

/** What a proof for a consumer is for. */
export interface Request {
  readonly chainId: bigint;
  readonly settlementRegistry: string;
  readonly consumer: string;
  readonly request: Hex;
}

const REQUEST_TYPES = {
  Request: [
    { name: "chainId", type: "uint256" },
    { name: "settlementRegistry", type: "address" },
    { name: "consumer", type: "address" },
    { name: "request", type: "bytes32" },
  ],
};

/** The subject of a consumer's request, apart from `RequestLib`. */
export const subjectOf = (request: Request): Hex => TypedDataEncoder.hashStruct("Request", REQUEST_TYPES, request);

/** What an issuer signs for `CreditLine`, in EIP-712. */
export const ATTESTATION_TYPES = {
  Attestation: [
    { name: "keyId", type: "bytes32" },
    { name: "holder", type: "address" },
    { name: "inputCommitment", type: "bytes32" },
    { name: "expiry", type: "uint64" },
  ],
};

/** The domain of attestations for one `CreditLine`. */
export const attestationDomain = (chainId: bigint, verifyingContract: string) => ({
  name: "Tollgate CreditLine",
  version: "1",
  chainId,
  verifyingContract,
});
