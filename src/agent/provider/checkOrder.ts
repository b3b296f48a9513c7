import type { Hex } from "../../codec/statement.ts";
import { idOfOrder, type Order } from "../order.ts";
import { checkAuthorization, checkOpens } from "./checkFunds.ts";
import { checkSignature, type SignedBy } from "./checkSignature.ts";
import { checkOrderTerms, offerOf } from "./checkTerms.ts";
import { checkFeasible, checkNotTooFar } from "./checkTime.ts";
import { Refusal } from "./desk.ts";
import type { DeskContext } from "./deskContext.ts";
import type { Offer } from "./offer.ts";
import { checkOpeningFunds, type OpeningFunds } from "./openingFunds.ts";
import { checkSecured, type SecuredDeposit } from "./prepaidExposure.ts";
import { isPrepaid, standingOf } from "./standing.ts";

/** An order that would be served now. */
export interface CheckedOrder {
  readonly id: Hex;
  readonly offer: Offer;
  /** For a prepaid order, what secures it. */
  readonly secured: SecuredDeposit | undefined;
  /** For an order that is still to be opened, what its client has for it. */
  readonly funds: OpeningFunds | undefined;
}

/** Throws Refusal unless the order may be served now: what costs least to see comes first. */
export async function checkOrder(context: DeskContext, order: Order): Promise<CheckedOrder> {
  const { chain } = context;
  const { job } = order;
  const id = idOfOrder(order, chain.chainId);
  const offer = offerOf(context, job);
  checkOrderTerms(context, order, offer);
  checkNotTooFar(context, job, offer);
  await checkFeasible(context, job, offer);
  checkAuthorization(context, order);
  requireNonceFree(context, order, id);
  requireCapacity(context, job.client);
  const signedBy = await checkSignature(chain, id, order);
  await checkModelLive(context, offer);
  const standing = await standingOf(chain, order, "latest");
  const secured = isPrepaid(order) ? await checkPrepaid(context, order, standing) : undefined;
  const funds = isPrepaid(order) ? undefined : await checkEscrowed(context, order, standing, signedBy);
  return { id, offer, secured, funds };
}

async function checkPrepaid(context: DeskContext, order: Order, standing: string): Promise<SecuredDeposit> {
  if (standing !== "Funded") throw nonceUsed(order, "an order was settled with it");
  return checkSecured(context, order);
}

/** The client may have opened the job itself; then its money is there. */
async function checkEscrowed(
  context: DeskContext,
  order: Order,
  standing: string,
  signedBy: SignedBy,
): Promise<OpeningFunds | undefined> {
  if (standing === "Funded") return undefined;
  if (standing !== "None") throw nonceUsed(order, `the escrow has it as ${standing}`);
  await checkOpens(context, order);
  return checkOpeningFunds(context, order, signedBy);
}

/** Throws Refusal unless the registry has the offered model under the offered key, neither deprecated nor stopped. */
export async function checkModelLive({ chain }: DeskContext, offer: Offer): Promise<void> {
  const { keyId, deprecated } = await chain.registry.termsOf(offer.modelId);
  const flaw = (message: string) => new Refusal("model-not-trusted", `model ${offer.name}: ${message}`);
  if (keyId !== offer.model.keyId) throw flaw(`is registered under key ${keyId}, offered under ${offer.model.keyId}`);
  if (deprecated) throw flaw("is deprecated");
  if (await chain.registry.isStopped(keyId)) throw flaw(`key ${keyId} was stopped by a contradiction`);
}

/** Throws Refusal where the client's nonce went to other terms that were taken before. */
export function requireNonceFree({ jobs }: DeskContext, order: Pick<Order, "contract" | "job">, id: Hex): void {
  const holder = jobs.findNonce(order);
  if (holder !== undefined && holder.id !== id) throw nonceUsed(order, `job ${holder.id} has it`);
}

/** Throws Refusal where as many jobs are under way as the policy allows, of this client or of all. */
export function requireCapacity({ jobs, policy }: DeskContext, client: Hex): void {
  const [all, own] = [underWay(jobs.countByStatus()), underWay(jobs.countByStatus(client))];
  if (all >= policy.maxOpenJobs)
    throw new Refusal("too-busy", `${all} jobs are under way, want under ${policy.maxOpenJobs}`);
  if (own >= policy.maxOpenPerClient)
    throw new Refusal("too-busy", `${own} jobs of this client are under way, want under ${policy.maxOpenPerClient}`);
}

const underWay = ({ accepted = 0, funded = 0, proven = 0 }): number => accepted + funded + proven;

const nonceUsed = ({ job: { client, nonce } }: Pick<Order, "job">, holder: string): Refusal =>
  new Refusal("nonce-used", `nonce ${nonce} of ${client} was used: ${holder}`);
