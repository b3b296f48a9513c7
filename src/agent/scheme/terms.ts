import type { Network, PaymentPayload, PaymentRequirements } from "@x402/core/types";
import { z } from "zod";
import { checkSchema } from "../../checkSchema.ts";
import { FUNDING, type Hex, type Job } from "../../codec/statement.ts";
import { InputError } from "../../errors.ts";
import {
  authorizationData,
  permitData,
  TRANSFER_METHODS,
  type Authorization,
  type Order,
  type Permit,
  type TransferMethod,
} from "../order.ts";
import type { Offer } from "../provider/offer.ts";
import { Refusal } from "../provider/desk.ts";
import type { TokenDomain } from "../signMoney.ts";
import { Address, Bytes32, decimalBelow, JobJson, jobToJson, SignatureBytes } from "../wireJson.ts";

/** The name of the x402 scheme: a deposit for one inference, paid to the provider against its proof. */
export const SCHEME = "tollgate-escrow";

/** A chain as x402 names it (CAIP-2). */
export const networkOf = (chainId: bigint): Network => `eip155:${chainId}`;

const Uint256 = decimalBelow(1n << 256n);
const ShortText = z.string().min(1).max(200);

/** `extra` of a payment requirement. Other fields are allowed in it: extensions of x402 may add theirs. */
export const ExtraJson = z
  .object({
    assetTransferMethod: z.enum(["eip3009", "allowance", "prepaid"]),
    paymentFlow: z.literal("escrow"),
    /** The escrow; with `prepaid` the prepaid orders contract. */
    contract: Address,
    /** Who takes the money into the escrow: the receiver of the authorization, or whom the client approves. */
    collector: Address.optional(),
    modelId: Uint256,
    keyId: Bytes32,
    model: ShortText,
    /** EIP-712 domain of the token. */
    name: ShortText.optional(),
    version: ShortText.optional(),
  })
  .refine(({ assetTransferMethod, collector }) => assetTransferMethod === "prepaid" || collector !== undefined, {
    path: ["collector"],
    message: "want the escrow's collector",
  })
  .refine(({ assetTransferMethod, name, version }) => assetTransferMethod !== "eip3009" || (name && version), {
    path: ["name"],
    message: "want name and version of the token's EIP-712 domain",
  });

/** `payload` of a payment as its client signs it. The nonce of the ERC-3009 authorization is the job id. */
export const PayloadJson = z.strictObject({
  job: JobJson,
  signature: SignatureBytes,
  authorization: z.strictObject({ validAfter: Uint256, validBefore: Uint256, signature: SignatureBytes }).optional(),
  permit: z.strictObject({ deadline: Uint256, signature: SignatureBytes }).optional(),
});

const RequirementsJson = z.object({
  scheme: z.literal(SCHEME),
  network: z
    .string()
    .regex(/^eip155:[1-9][0-9]{0,77}$/, "want eip155:<chain id>")
    .transform((network) => BigInt(network.slice("eip155:".length))),
  asset: Address,
  amount: decimalBelow(1n << 128n).refine((amount) => amount > 0n, "want more than 0"),
  payTo: Address,
  maxTimeoutSeconds: z.number().positive(),
  extra: ExtraJson,
});

/** What a provider asks for one inference of one model, paid in one way. Nothing of it is to be trusted by a client. */
export interface OfferedTerms {
  readonly chainId: bigint;
  readonly method: TransferMethod;
  readonly contract: Hex;
  /** Undefined for prepaid orders only. */
  readonly collector?: Hex;
  readonly provider: Hex;
  readonly token: Hex;
  readonly tokenDomain?: TokenDomain;
  /** The price, in the token's base units. */
  readonly amount: bigint;
  readonly modelId: bigint;
  readonly keyId: Hex;
  /** Name of the model's offer. */
  readonly model: string;
  /** Longest time from now to the order's deadline, in seconds. */
  readonly maxSeconds: number;
}

/** Reads a requirement of this scheme. Throws InputError naming the first thing wrong in it. */
export function termsOf(requirements: PaymentRequirements): OfferedTerms {
  const { network, asset, amount, payTo, maxTimeoutSeconds, extra } = checkSchema(RequirementsJson, requirements);
  const { assetTransferMethod, contract, collector, modelId, keyId, model, name, version } = extra;
  return {
    chainId: network,
    method: assetTransferMethod,
    contract,
    ...(assetTransferMethod !== "prepaid" && { collector }),
    provider: payTo,
    token: asset,
    ...(name !== undefined && version !== undefined && { tokenDomain: { name, version } }),
    amount,
    modelId,
    keyId,
    model,
    maxSeconds: maxTimeoutSeconds,
  };
}

/** Where a provider sells: its chain, its account, and the contracts that take the money. */
export interface Market {
  readonly chainId: bigint;
  readonly provider: Hex;
  readonly escrow: Hex;
  readonly prepaid: Hex;
  /** The escrow's collectors by transfer method. */
  readonly collectors: Readonly<Record<"eip3009" | "allowance", Hex>>;
}

/** One requirement for each transfer method of an offer; ERC-3009 first, since it needs nothing of the client before. */
export function requirementsOf(offer: Offer, market: Market): PaymentRequirements[] {
  const methods = Object.keys(TRANSFER_METHODS) as TransferMethod[];
  return methods
    .filter((method) => offer.methods.includes(method))
    .map((method) => requirementOf(offer, market, method));
}

function requirementOf(offer: Offer, market: Market, method: TransferMethod): PaymentRequirements {
  if (method === "eip3009" && offer.tokenDomain === undefined)
    throw new InputError(`offer ${offer.name}: eip3009 needs the EIP-712 name and version of its token`);
  const extra = {
    assetTransferMethod: method,
    paymentFlow: "escrow",
    contract: method === "prepaid" ? market.prepaid : market.escrow,
    ...(method !== "prepaid" && { collector: market.collectors[method] }),
    modelId: String(offer.modelId),
    keyId: offer.model.keyId,
    model: offer.name,
    ...(method !== "prepaid" && offer.tokenDomain),
  };
  return {
    scheme: SCHEME,
    network: networkOf(market.chainId),
    asset: offer.token,
    amount: String(offer.price),
    payTo: market.provider,
    maxTimeoutSeconds: offer.maxSeconds,
    extra,
  };
}

/** An order in the parts that its client signs. */
export interface PaymentParts {
  readonly job: Job;
  readonly signature: Hex;
  readonly authorization?: Authorization;
  readonly permit?: Permit;
}

/** `payload` of a payment, as JSON. */
export const paymentOf = ({ job, signature, authorization, permit }: PaymentParts): z.input<typeof PayloadJson> => ({
  job: jobToJson(job),
  signature,
  ...(authorization && {
    authorization: {
      validAfter: String(authorization.validAfter),
      validBefore: String(authorization.validBefore),
      signature: authorization.signature,
    },
  }),
  ...(permit && { permit: { deadline: String(permit.deadline), signature: permit.signature } }),
});

/**
 * The order that a payment carries. Throws Refusal `wrong-terms` where it is malformed or its terms are not those
 * required, naming the field. Neither the client's signature nor its money is looked at.
 */
export function orderOf(
  { accepted, payload }: Pick<PaymentPayload, "accepted" | "payload">,
  requirements: PaymentRequirements,
): Order {
  const terms = termsOf(requirements);
  requireSame("accepted.scheme", accepted?.scheme, requirements.scheme);
  requireSame("accepted.network", accepted?.network, requirements.network);
  const parts = readParts(payload);
  requireTerms(parts.job, terms);
  return { contract: terms.contract, job: parts.job, signature: parts.signature, fundingData: fundingOf(parts, terms) };
}

function readParts(payload: unknown): PaymentParts {
  try {
    return checkSchema(PayloadJson, payload);
  } catch (error) {
    throw new Refusal("wrong-terms", `payload: ${(error as Error).message}`, { cause: error });
  }
}

function requireTerms(job: Job, terms: OfferedTerms): void {
  requireSame("job.provider", job.provider, terms.provider);
  requireSame("job.token", job.token, terms.token);
  requireSame("job.amount", job.amount, terms.amount);
  requireSame("job.modelId", job.modelId, terms.modelId);
  requireSame("job.funding", job.funding, TRANSFER_METHODS[terms.method]);
  requireSame("job.bond", job.bond, 0n);
  requireSame("job.acceptBy", job.acceptBy, 0n);
}

function requireSame(field: string, got: unknown, wanted: unknown): void {
  if (got !== wanted) throw new Refusal("wrong-terms", `${field}: got ${String(got)}, want ${String(wanted)}`);
}

/** `fundingData` of the parts; each transfer method takes its own and no other. */
function fundingOf({ job, authorization, permit }: PaymentParts, { method }: OfferedTerms): Hex {
  if ((authorization !== undefined) !== (job.funding === FUNDING.authorization))
    throw new Refusal("wrong-terms", `authorization: ${authorization ? "is" : "is missing"} in a payment by ${method}`);
  if (permit && job.funding !== FUNDING.allowance)
    throw new Refusal("wrong-terms", `permit: is in a payment by ${method}`);
  try {
    if (authorization) return authorizationData(authorization);
    return permit ? permitData(permit) : "0x";
  } catch (error) {
    const part = authorization ? "authorization" : "permit";
    throw new Refusal("bad-signature", `${part}.signature: want r, s and v of 65 bytes`, { cause: error });
  }
}
