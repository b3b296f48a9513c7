import { DOMAIN, FUNDING, jobTypedData, type Hex, type Job } from "../codec/statement.ts";
import { InputError } from "../errors.ts";
import type { TypedDataSigner } from "./signMoney.ts";

/** The client's signature with which anybody may open the job in an escrow: `openWithSignature`. */
export async function signJob(client: TypedDataSigner, job: Job, chainId: bigint, escrow: Hex): Promise<Hex> {
  if (job.funding === FUNDING.prepaid)
    throw new InputError(`funding ${job.funding}: is of orders, which signOrder signs; want 1 to 4`);
  return sign(client, DOMAIN.escrow, job, chainId, escrow);
}

/** The client's signature of an order, with which its provider settles against the deposit: `settleOrders`. */
export async function signOrder(client: TypedDataSigner, order: Job, chainId: bigint, prepaid: Hex): Promise<Hex> {
  if (order.funding !== FUNDING.prepaid)
    throw new InputError(`funding ${order.funding}: want ${FUNDING.prepaid}, prepaid`);
  if (order.bond !== 0n || order.acceptBy !== 0n)
    throw new InputError(`bond ${order.bond}, acceptBy ${order.acceptBy}: an order has neither, want 0 and 0`);
  return sign(client, DOMAIN.orders, order, chainId, prepaid);
}

function sign(client: TypedDataSigner, name: string, job: Job, chainId: bigint, verifyingContract: Hex): Promise<Hex> {
  const { domain, types, message } = jobTypedData(name, job, chainId, verifyingContract);
  return client.signTypedData(domain, types, message);
}
