import { AbiCoder, Signature } from "ethers";
import { jobIdOf, orderIdOf, FUNDING, type Hex, type Job } from "../codec/statement.ts";

/** How an order's money travels, in the terms of x402's `extra.assetTransferMethod`. */
export const TRANSFER_METHODS = {
  eip3009: FUNDING.authorization,
  allowance: FUNDING.allowance,
  prepaid: FUNDING.prepaid,
};

export type TransferMethod = keyof typeof TRANSFER_METHODS;

/** What a client signs and hands over: the terms, its consent, and what the money needs to move. */
export interface Order {
  /** The escrow, or the prepaid orders contract where `job.funding` is 5. */
  readonly contract: Hex;
  readonly job: Job;
  /** The client's EIP-712 signature of the job id; "0x" for a job that its client opened on chain. */
  readonly signature: Hex;
  /** What the collector of `job.funding` takes; "0x" for a bare allowance and for prepaid orders. */
  readonly fundingData: Hex;
}

/** The id of an order, which is the subject of its proof: the EIP-712 digest under the domain of its contract. */
export const idOfOrder = ({ contract, job }: Pick<Order, "contract" | "job">, chainId: bigint): Hex =>
  job.funding === FUNDING.prepaid ? orderIdOf(job, chainId, contract) : jobIdOf(job, chainId, contract);

/** ERC-3009 authorization whose nonce is the job id; the times are unix seconds. */
export interface Authorization {
  readonly validAfter: bigint;
  readonly validBefore: bigint;
  readonly signature: Hex;
}

/** `fundingData` of funding 2. */
export function authorizationData({ validAfter, validBefore, signature }: Authorization): Hex {
  const { v, r, s } = Signature.from(signature);
  return AbiCoder.defaultAbiCoder().encode(
    ["uint256", "uint256", "uint8", "bytes32", "bytes32"],
    [validAfter, validBefore, v, r, s],
  );
}

/** ERC-2612 permit over exactly the amount, with the escrow's collector as its spender. */
export interface Permit {
  readonly deadline: bigint;
  readonly signature: Hex;
}

/** `fundingData` of funding 1 with a permit. */
export function permitData({ deadline, signature }: Permit): Hex {
  const { v, r, s } = Signature.from(signature);
  return AbiCoder.defaultAbiCoder().encode(["uint256", "uint8", "bytes32", "bytes32"], [deadline, v, r, s]);
}
