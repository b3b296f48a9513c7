import type { ClientEvmSigner } from "@x402/evm";
import { findDefaultAsset } from "@x402/evm";
import type { PaymentPayloadResult, PaymentRequirements, SchemeNetworkClient } from "@x402/core/types";
import type { Signer } from "ethers";
import type { Hex, Job } from "../../codec/statement.ts";
import { InputError } from "../../errors.ts";
import { idOfOrder, TRANSFER_METHODS } from "../order.ts";
import { signJob, signOrder } from "../signJob.ts";
import { signAuthorization, signPermit, type TokenDomain, type TypedDataSigner } from "../signMoney.ts";
import { paymentOf, SCHEME, termsOf, type OfferedTerms } from "./terms.ts";

/**
 * What a buyer lets be signed. The first fields come from its own deployment record, never from the server: where the
 * server's differ, nothing is signed.
 */
export interface Approval {
  readonly chainId: bigint;
  /** The escrow that the buyer trusts; for `prepaid` its prepaid orders contract. */
  readonly contract: Hex;
  /** That escrow's collector for the transfer method; undefined for `prepaid`. */
  readonly collector?: Hex;
  /** EIP-712 domain of the token, where an authorization or a permit is to be signed. */
  readonly tokenDomain?: TokenDomain;
  /** Commitment to the input, computed by the buyer itself. */
  readonly inputCommitment: Hex;
  /** Unix seconds of the chain's time. */
  readonly deadline: bigint;
  /** Used for no other job or order of this client and provider. */
  readonly nonce: bigint;
  /** For `allowance`: signs an ERC-2612 permit as well, with this nonce of the token. */
  readonly permitNonce?: bigint;
}

/**
 * Decides before anything is signed, and is the only one who does: provider, token, price, model, key and time are the
 * server's word in `terms`, to be checked against the buyer's allow-list and caps. Rejects with the reason where the
 * buyer does not want to pay. What it resolves with is signed with the `terms` it was shown, so a guard that counts
 * spending counts before it resolves.
 */
export type PaymentGuard = (terms: OfferedTerms) => Promise<Approval>;

export interface TollgateEscrowClientOptions {
  /** A viem account, or an ethers wallet by {@link walletSigner}. */
  readonly signer: ClientEvmSigner;
  readonly guard: PaymentGuard;
}

/** The client's side of `tollgate-escrow`: signs a job, or an order, and its money, where the guard approves. */
export class TollgateEscrowClient implements SchemeNetworkClient {
  readonly scheme = SCHEME;
  /** Lets the caps in dollars of x402's client work for stablecoins that it knows. */
  readonly findDefaultAsset = findDefaultAsset;
  readonly #signer: ClientEvmSigner;
  readonly #guard: PaymentGuard;

  constructor({ signer, guard }: TollgateEscrowClientOptions) {
    this.#signer = signer;
    this.#guard = guard;
  }

  async createPaymentPayload(x402Version: number, requirements: PaymentRequirements): Promise<PaymentPayloadResult> {
    if (x402Version !== 2) throw new InputError(`x402 version ${x402Version}: ${SCHEME} is of version 2`);
    const terms = Object.freeze(termsOf(requirements));
    const approval = Object.freeze({ ...(await this.#guard(terms)) });
    requireApproved(terms, approval);
    const payload = await sign(
      typedDataSigner(this.#signer),
      jobOf(this.#signer.address, terms, approval),
      terms,
      approval,
    );
    return { x402Version, payload };
  }
}

/** An ethers wallet as x402's schemes sign with. */
export const walletSigner = (wallet: Signer & { readonly address: string }): ClientEvmSigner => ({
  address: wallet.address as `0x${string}`,
  signTypedData: async ({ domain, types, message }) =>
    (await wallet.signTypedData(domain, types as Parameters<Signer["signTypedData"]>[1], message)) as `0x${string}`,
});

const typedDataSigner = (signer: ClientEvmSigner): TypedDataSigner => ({
  signTypedData: (domain, types, message) =>
    signer.signTypedData({ domain: { ...domain }, types, primaryType: Object.keys(types)[0], message }),
});

function requireApproved(terms: OfferedTerms, approval: Approval): void {
  for (const field of ["chainId", "contract", "collector"] as const)
    if (terms[field] !== approval[field])
      throw new InputError(
        `${field}: the server wants ${terms[field]}, the guard approved ${approval[field]}; not signed`,
      );
}

const jobOf = (client: Hex, terms: OfferedTerms, { inputCommitment, deadline, nonce }: Approval): Job => ({
  client,
  provider: terms.provider,
  token: terms.token,
  amount: terms.amount,
  bond: 0n,
  modelId: terms.modelId,
  inputCommitment,
  acceptBy: 0n,
  deadline,
  funding: TRANSFER_METHODS[terms.method],
  nonce,
});

async function sign(signer: TypedDataSigner, job: Job, { method }: OfferedTerms, approval: Approval) {
  const { chainId, contract, permitNonce } = approval;
  if (method === "prepaid") return paymentOf({ job, signature: await signOrder(signer, job, chainId, contract) });
  const signature = await signJob(signer, job, chainId, contract);
  if (method === "allowance" && permitNonce === undefined) return paymentOf({ job, signature });
  const { collector, tokenDomain } = approval;
  if (collector === undefined || tokenDomain === undefined)
    throw new InputError(`${method}: the guard approved no EIP-712 domain of the token; not signed`);
  if (method === "allowance")
    return paymentOf({
      job,
      signature,
      permit: await signPermit(signer, job, collector, tokenDomain, chainId, permitNonce!),
    });
  const jobId = idOfOrder({ contract, job }, chainId);
  const authorization = await signAuthorization(signer, job, jobId, collector, tokenDomain, chainId);
  return paymentOf({ job, signature, authorization });
}
