import { setTimeout as sleep } from "node:timers/promises";
import { encodePaymentSignatureHeader } from "@x402/core/http";
import type { PaymentPayload } from "@x402/core/types";
import { unpackWords } from "../../codec/codec.ts";
import { FUNDING, type Hex } from "../../codec/statement.ts";
import { InputError } from "../../errors.ts";
import type { Proof } from "../../groth16/proof.ts";
import { decodeOutputs, type DecodedOutput } from "../../ir/decodeOutputs.ts";
import type { IntegerGraph } from "../../ir/integerGraph.ts";
import { askJob, backOff, sendOrder, type Delivery } from "./deliver.ts";
import type { Trust } from "./guard.ts";
import { nodeFailure } from "./nodeFailure.ts";
import { chainAccepts, chainTime, orderOnChain } from "./orderOnChain.ts";
import type { Answer, Purchase } from "./purchases.ts";
import { UnconfirmedPurchase } from "./unconfirmedPurchase.ts";

/** An inference that was bought. */
export interface Bought {
  readonly jobId: Hex;
  /** What the words mean: real numbers, one array an output tensor. */
  readonly outputs: readonly DecodedOutput[];
  readonly words: readonly bigint[];
  /** The registry accepted it for this order; undefined where the words are those that the contract paid for. */
  readonly proof: Proof | undefined;
  /** The price of the order in base units; 0 where the provider let it expire after it had shown its proof. */
  readonly paid: bigint;
  /** The transaction that paid; undefined for a prepaid order that is not settled yet. */
  readonly transaction: Hex | undefined;
  /** Whether the contract itself says that it paid for exactly these words. */
  readonly confirmed: boolean;
  /** Whether it was bought before, and nothing was paid this time. */
  readonly reused: boolean;
}

/** Milliseconds for which the buyer's node may lag behind the provider's. */
const LAG = 10_000;

/** The headers of a signed order. */
export const paymentHeaders = ({ payment }: Purchase): Record<string, string> => ({
  "PAYMENT-SIGNATURE": encodePaymentSignatureHeader(JSON.parse(payment) as PaymentPayload),
});

/**
 * Sends a signed order, as often as it takes, and follows it until there is an answer that the chain confirms or its
 * deadline has passed. What the contract paid for counts, whatever the provider says. Throws UnconfirmedPurchase.
 */
export async function receive(trust: Trust, graph: IntegerGraph, purchase: Purchase): Promise<Bought> {
  const now = await chainTime(trust.chain).then(
    ({ timestamp }) => timestamp,
    () => purchase.signedAt,
  );
  const end = performance.now() + Number(purchase.job.deadline - now) * 1000;
  let taken = false;
  let why = "the provider gave no answer";
  for (let round = 0; performance.now() < end; round++) {
    const remaining = end - performance.now();
    const delivery: Delivery = taken
      ? await askJob(purchase, remaining, trust.closing)
      : await sendOrder(purchase, paymentHeaders(purchase), remaining, trust.closing);
    trust.closing.throwIfAborted();
    // What fails for want of time says nothing of the provider.
    if ("why" in delivery && performance.now() < end) why = delivery.why;
    try {
      if (delivery.kind === "result") return await confirm(trust, graph, purchase, delivery);
      const paid = await takePaid(trust, graph, purchase);
      if (paid !== undefined) return paid;
    } catch (error) {
      const failure = nodeFailure(error);
      if (failure === undefined || trust.closing.aborted) throw error;
      why = `the buyer's own node gives no answer (${failure})`;
    }
    taken = delivery.kind === "pending";
    if (delivery.kind === "refused") break;
    await backOff(round, end - performance.now());
  }
  // It may have been paid in the last block before the deadline, or while it was told that it would not be served.
  const paid = await takePaid(trust, graph, purchase).catch((error: unknown) => {
    if (nodeFailure(error) === undefined) throw error;
    return undefined;
  });
  if (paid !== undefined) return paid;
  throw new UnconfirmedPurchase(why, purchase);
}

/** Checks a provider's answer against the model and on the chain; journals what holds. Throws UnconfirmedPurchase. */
export async function confirm(
  trust: Trust,
  graph: IntegerGraph,
  purchase: Purchase,
  { words, proof }: { readonly words: readonly bigint[]; readonly proof: readonly bigint[] },
): Promise<Bought> {
  requireWords(graph, purchase, words);
  const { keyId } = trust.chain.record.models[purchase.model];
  if (!(await chainAccepts(trust.chain, keyId, purchase, words, proof)))
    throw new UnconfirmedPurchase("the registry refuses the proof for these words", purchase);
  const answer: Answer = { words, proof: proof as unknown as Proof };
  trust.purchases.setStatus(purchase.jobId, "answered", answer);
  return (
    (await awaitPaid(trust, graph, purchase, answer)) ?? bought(graph, { ...purchase, status: "answered" }, answer)
  );
}

/** An escrow has paid when its provider shows the words; a prepaid order is settled when the provider likes. */
async function awaitPaid(
  trust: Trust,
  graph: IntegerGraph,
  purchase: Purchase,
  answer: Answer,
): Promise<Bought | undefined> {
  const end = performance.now() + (purchase.job.funding === FUNDING.prepaid ? 0 : LAG);
  for (;;) {
    const paid = await takePaid(trust, graph, purchase, answer);
    if (paid !== undefined || performance.now() >= end) return paid;
    await sleep(250);
  }
}

/** The words that the contract paid for, if it did; they must be those of an answer that is there already. */
async function takePaid(
  trust: Trust,
  graph: IntegerGraph,
  purchase: Purchase,
  answer?: Answer,
): Promise<Bought | undefined> {
  const { state, ...settlement } = { words: undefined, ...(await orderOnChain(trust.chain, purchase)) };
  const words = settlement.words ?? answer?.words;
  if (state !== "paid" || words === undefined) return undefined;
  requireWords(graph, purchase, words);
  if (answer !== undefined && String(answer.words) !== String(words))
    throw new UnconfirmedPurchase(
      "the contract paid for other words than the proof shows: the key is unsound",
      purchase,
    );
  const settled: Answer = { ...answer, ...settlement, words };
  trust.purchases.setStatus(purchase.jobId, "paid", settled);
  return bought(graph, { ...purchase, status: "paid" }, settled);
}

function requireWords(graph: IntegerGraph, purchase: Purchase, words: readonly bigint[]): void {
  try {
    unpackWords(graph.outputs, words);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new UnconfirmedPurchase(`the words are no output of the model: ${error.message}`, purchase, error);
  }
}

/** What a caller gets of a purchase with its answer. */
export const bought = (
  graph: IntegerGraph,
  { jobId, job, status }: Pick<Purchase, "jobId" | "job" | "status">,
  { words, proof, transaction }: Answer,
  reused = false,
): Bought => ({
  jobId,
  outputs: decodeOutputs(graph, unpackWords(graph.outputs, words)),
  words,
  proof,
  paid: status === "released" ? 0n : job.amount,
  transaction,
  confirmed: status === "paid",
  reused,
});
