import { FUNDING, type Hex, type Job } from "../../codec/statement.ts";
import { SCALAR_ORDER } from "../../field.ts";
import { TRANSFER_METHODS, type Order } from "../order.ts";
import { Refusal } from "./desk.ts";
import type { DeskContext } from "./deskContext.ts";
import type { DeskPolicy } from "./deskPolicy.ts";
import type { Offer } from "./offer.ts";
import { isPrepaid } from "./standing.ts";

/** Kinds of funding by which the provider can put up a bond: its own allowance, or ether. */
const BOND_FUNDING: readonly number[] = [FUNDING.allowance, FUNDING.native];

/** The offer that a job is of. A trusted key that a client registered under a model of its own is not offered. */
export function offerOf({ offers }: Pick<DeskContext, "offers">, { modelId }: Job): Offer {
  const offer = offers.get(modelId);
  if (offer !== undefined) return offer;
  const known = [...offers.values()].map(({ name, modelId: id }) => `${name} (${id})`).join(", ");
  throw new Refusal("unknown-model", `model ${modelId} is not offered, want ${known}`);
}

/** Throws Refusal unless an order's terms are the offer's. */
export function checkOrderTerms(context: DeskContext, order: Order, offer: Offer): void {
  const { job, contract } = order;
  const { escrow, prepaid } = context.chain;
  const methods = offer.methods.map((method) => TRANSFER_METHODS[method]) as number[];
  if (!methods.includes(job.funding)) throw mismatch("funding", job.funding, methods.join(" or "));
  expectTerm("contract", contract, String(isPrepaid(order) ? prepaid.target : escrow.target));
  expectTerm("amount", job.amount, offer.price);
  if (isPrepaid(order)) expectTerm("bond", job.bond, 0n);
  checkParties(context, job, offer);
  checkBond(context.policy, job);
}

/** Throws Refusal unless a job that its client opened on chain pays the offer's price or more. */
export function checkOpenedTerms(context: DeskContext, job: Job, offer: Offer): void {
  if (job.amount < offer.price) throw mismatch("amount", job.amount, `${offer.price} or more`);
  checkParties(context, job, offer);
  checkBond(context.policy, job);
}

function checkParties(context: DeskContext, job: Job, offer: Offer): void {
  expectTerm("provider", job.provider, context.provider);
  expectTerm("token", job.token, offer.token);
  const commitment = BigInt(job.inputCommitment);
  if (commitment === 0n || commitment >= SCALAR_ORDER)
    throw mismatch("inputCommitment", job.inputCommitment, "1 to the scalar field's order less one");
}

function checkBond({ maxBond }: DeskPolicy, { bond, acceptBy, deadline, funding }: Job): void {
  if (bond > maxBond) throw new Refusal("bond-too-high", `bond: got ${bond}, want at most ${maxBond}`);
  if (bond > 0n && !BOND_FUNDING.includes(funding))
    throw mismatch("funding of a bond", funding, BOND_FUNDING.join(" or "));
  if ((bond === 0n) !== (acceptBy === 0n)) throw mismatch("acceptBy", acceptBy, "0 exactly where there is no bond");
  if (acceptBy > deadline) throw mismatch("acceptBy", acceptBy, `at most the deadline, ${deadline}`);
}

function expectTerm(name: string, got: Hex | bigint, wanted: Hex | bigint): void {
  if (got !== wanted) throw mismatch(name, got, String(wanted));
}

const mismatch = (name: string, got: Hex | bigint | number, wanted: string): Refusal =>
  new Refusal("wrong-terms", `${name}: got ${got}, want ${wanted}`);
