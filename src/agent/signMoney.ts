import { authorizationTypes } from "@x402/evm";
import type { Signer } from "ethers";
import type { Hex, Job } from "../codec/statement.ts";
import type { Authorization, Permit } from "./order.ts";

/** Whatever signs typed data as an ethers signer does. */
export type TypedDataSigner = Pick<Signer, "signTypedData">;

/** EIP-712 domain of a token, but for its chain and address. */
export interface TokenDomain {
  readonly name: string;
  readonly version: string;
}

const PERMIT_TYPES = {
  Permit: [
    { name: "owner", type: "address" },
    { name: "spender", type: "address" },
    { name: "value", type: "uint256" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
};

/** ERC-3009: exactly the job's amount to the escrow's collector, for this job or nothing, until the job's deadline. */
export async function signAuthorization(
  client: TypedDataSigner,
  job: Job,
  jobId: Hex,
  collector: Hex,
  token: TokenDomain,
  chainId: bigint,
): Promise<Authorization> {
  const validity = { validAfter: 0n, validBefore: job.deadline };
  // The collector calls `receiveWithAuthorization`, so nobody can send the money ahead of the job.
  const types = { ReceiveWithAuthorization: [...authorizationTypes.TransferWithAuthorization] };
  const message = { from: job.client, to: collector, value: job.amount, ...validity, nonce: jobId };
  return { ...validity, signature: await client.signTypedData(domainOf(job, token, chainId), types, message) };
}

/** ERC-2612: exactly the job's amount for the escrow's collector; `nonce` is the token's next for the client. */
export async function signPermit(
  client: TypedDataSigner,
  job: Job,
  collector: Hex,
  token: TokenDomain,
  chainId: bigint,
  nonce: bigint,
): Promise<Permit> {
  const message = { owner: job.client, spender: collector, value: job.amount, nonce, deadline: job.deadline };
  const signature = await client.signTypedData(domainOf(job, token, chainId), PERMIT_TYPES, message);
  return { deadline: job.deadline, signature };
}

const domainOf = (job: Job, token: TokenDomain, chainId: bigint) => ({
  ...token,
  chainId,
  verifyingContract: job.token,
});
