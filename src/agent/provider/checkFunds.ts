import { AbiCoder } from "ethers";
import { FUNDING, type Hex } from "../../codec/statement.ts";
import type { Order } from "../order.ts";
import { Refusal, type RefusalCode } from "./desk.ts";
import type { DeskContext } from "./deskContext.ts";
import { revertOf, type Revert } from "./nodeErrors.ts";

/** What the escrow's own errors mean to a client. All others come from its token: the money did not move. */
const CODES: Readonly<Record<string, RefusalCode>> = {
  NonceUsed: "nonce-used",
  InvalidSignature: "bad-signature",
  DeadlinePassed: "order-expired",
  AcceptancePassed: "order-expired",
  ModelNotFound: "model-not-trusted",
  ModelIsDeprecated: "model-not-trusted",
  KeyIsStopped: "model-not-trusted",
  FundingNotSupported: "wrong-terms",
  TokenFundingMismatch: "wrong-terms",
  TokenWithoutCode: "wrong-terms",
  ValueMismatch: "wrong-terms",
  AmountOutOfRange: "wrong-terms",
  BondOutOfRange: "wrong-terms",
  AcceptByMismatch: "wrong-terms",
  InputCommitmentOutOfRange: "wrong-terms",
  ZeroAddress: "wrong-terms",
  InvalidReceiver: "wrong-terms",
};

/** Has the node try to open the job. Throws Refusal where it would revert, and the node's error where it cannot say. */
export async function checkOpens({ chain, provider }: DeskContext, order: Order): Promise<void> {
  const { job, signature, fundingData } = order;
  try {
    await chain.escrow.openWithSignature.staticCall(job, signature, fundingData, { from: provider });
  } catch (error) {
    const revert = revertOf(error);
    if (revert === undefined) throw error;
    throw refusalFor(revert, error);
  }
}

function refusalFor({ name, text }: Revert, cause: unknown): Refusal {
  const code = (name !== undefined && CODES[name]) || "insufficient-funds";
  const flaw = code === "insufficient-funds" ? "the client's money cannot be taken" : "the job cannot be opened";
  return new Refusal(code, `${flaw}: ${text}`, { cause });
}

/** Throws Refusal where an ERC-3009 authorization would lapse before the job can be opened. */
export function checkAuthorization({ clock, policy }: DeskContext, { job, fundingData }: Order): void {
  if (job.funding !== FUNDING.authorization) return;
  const earliest = clock.now + BigInt(policy.blockSeconds + policy.marginSeconds);
  const validBefore = validBeforeOf(fundingData);
  if (validBefore <= earliest)
    throw new Refusal("deadline-too-near", `authorization: valid before ${validBefore}, want after ${earliest}`);
}

function validBeforeOf(fundingData: Hex): bigint {
  try {
    const types = ["uint256", "uint256", "uint8", "bytes32", "bytes32"];
    return AbiCoder.defaultAbiCoder().decode(types, fundingData)[1] as bigint;
  } catch (cause) {
    throw new Refusal("wrong-terms", "fundingData: want an ERC-3009 authorization", { cause });
  }
}
