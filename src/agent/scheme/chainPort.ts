import {
  getAddress,
  recoverAddress,
  Signature,
  type Block,
  type ContractTransactionResponse,
  type Signer,
  type TransactionReceipt,
} from "ethers";
import { erc20At } from "../../chain/erc20.ts";
import { describeRevert } from "../../chain/revert.ts";
import { FUNDING, JOB_STATES, type Hex, type Job } from "../../codec/statement.ts";
import { InputError, oneLine } from "../../errors.ts";
import { toCalldata, type Proof } from "../../groth16/proof.ts";
import type { AgentChain } from "../agentChain.ts";
import { idOfOrder, type Order } from "../order.ts";
import { Refusal, type RefusalCode } from "../provider/desk.ts";
import type { Done, EscrowPort } from "./facilitator.ts";

/** What the contracts' reverts mean for an order; of others it is the token that refuses. */
const REFUSALS: Readonly<Record<string, RefusalCode>> = {
  InvalidSignature: "bad-signature",
  OrderNotSigned: "bad-signature",
  NonceUsed: "nonce-used",
  JobTermsMismatch: "nonce-used",
  JobNotInState: "job-not-open",
  DeadlinePassed: "order-expired",
  ModelNotFound: "model-not-trusted",
  ModelIsDeprecated: "model-not-trusted",
  KeyIsStopped: "model-not-trusted",
  InputCommitmentOutOfRange: "wrong-terms",
  AmountOutOfRange: "wrong-terms",
  TokenFundingMismatch: "wrong-terms",
  TokenWithoutCode: "wrong-terms",
  DepositMismatch: "wrong-terms",
  ZeroAddress: "wrong-terms",
};

/** Reverts of a settlement whose words or proof are wrong. */
const FALSE_PROOFS = ["InvalidProof", "BatchProofInvalid", "ItemRefused", "WordCountMismatch", "WordTooLarge"];

/** Why `settleOrders` left an order out, in the order of the contract's enum. */
const SKIPPED: readonly RefusalCode[] = [
  "job-not-open",
  "wrong-terms",
  "order-expired",
  "model-not-trusted",
  "nonce-used",
  "insufficient-funds",
];

/** Milliseconds to wait for a transaction's receipt. */
const RECEIPT_TIMEOUT = 60_000;

/** An order that requests are being served for. */
interface Serving {
  readonly order: Order;
  requests: number;
}

export interface ChainPortOptions {
  readonly chain: AgentChain;
  /** The provider's account on that chain, which nobody else sends from. */
  readonly wallet: Signer & { readonly address: Hex };
}

/**
 * Takes orders straight to the chain and waits for each receipt. It remembers what it serves while it runs and no
 * longer, so no result may leave before its settlement, which is how x402 servers work.
 */
export const chainPort = ({ chain, wallet }: ChainPortOptions): EscrowPort => new ChainPort(chain, wallet);

class ChainPort implements EscrowPort {
  readonly provider: Hex;
  readonly chainId: bigint;
  readonly #chain: AgentChain;
  readonly #wallet: Signer;
  readonly #serving = new Map<Hex, Serving>();
  readonly #underway = new Map<string, Promise<Done>>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(chain: AgentChain, wallet: ChainPortOptions["wallet"]) {
    this.provider = wallet.address;
    this.chainId = chain.chainId;
    this.#chain = chain;
    this.#wallet = wallet;
  }

  async check(order: Order): Promise<void> {
    this.#requireOurs(order);
    await this.#asRefusals(byToken(order.job), async () => {
      const block = (await this.#chain.provider.getBlock("latest"))!;
      this.#forgetUntil(BigInt(block.timestamp));
      await (isPrepaid(order.job) ? this.#checkPrepaid(order, block) : this.#checkDeposit(order));
    });
  }

  async open(order: Order): Promise<Done> {
    this.#requireOurs(order);
    const id = idOfOrder(order, this.chainId);
    // Before the check, which counts what is being served: two orders must not count on the same deposit.
    this.#enter(id, order);
    try {
      await this.check(order);
      if (isPrepaid(order.job)) return { transaction: "" };
      return await this.#once(`open ${id}`, () => this.#deposit(order));
    } catch (error) {
      this.#leave(id);
      throw error;
    }
  }

  async deliver(order: Order, words: readonly bigint[], proof: Proof): Promise<Done> {
    const id = idOfOrder(order, this.chainId);
    try {
      return await this.#once(`deliver ${id}`, () =>
        isPrepaid(order.job) ? this.#settleOrder(id, order, words, proof) : this.#settleJob(order, words, proof),
      );
    } finally {
      this.#leave(id);
    }
  }

  async cancel(order: Order): Promise<Done> {
    const id = idOfOrder(order, this.chainId);
    this.#leave(id);
    // Whoever repeats an order that it saw on chain, with another input, must not end the job that it is of.
    if (this.#serving.has(id)) throw new Refusal("job-not-open", "another request is being served for this order");
    if (isPrepaid(order.job)) return { transaction: "" };
    const { job } = order;
    return this.#once(`cancel ${id}`, () =>
      this.#send(job, "Refunded", "job-not-open", () => this.#chain.escrow.connect(this.#wallet).cancel(job)),
    );
  }

  /** What needs no chain. An order that its client did not sign must not count as served, against its deposit. */
  #requireOurs(order: Order): void {
    const { contract, job } = order;
    const wanted = getAddress(String((isPrepaid(job) ? this.#chain.prepaid : this.#chain.escrow).target));
    if (contract !== wanted) throw new Refusal("wrong-terms", `contract: got ${contract}, want ${wanted}`);
    if (job.provider !== this.provider)
      throw new Refusal("wrong-terms", `job.provider: got ${job.provider}, want ${this.provider}`);
    if (isPrepaid(job)) requireSignedBy(job.client, idOfOrder(order, this.chainId), order.signature);
  }

  #enter(id: Hex, order: Order): void {
    const serving = this.#serving.get(id) ?? { order, requests: 0 };
    serving.requests++;
    this.#serving.set(id, serving);
  }

  #leave(id: Hex): void {
    const serving = this.#serving.get(id);
    if (serving && --serving.requests <= 0) this.#serving.delete(id);
  }

  /** Drops orders whose time is over and whose handler failed without a word. */
  #forgetUntil(now: bigint): void {
    for (const [id, { order }] of this.#serving) if (order.job.deadline <= now) this.#serving.delete(id);
  }

  async #checkDeposit({ job, signature, fundingData }: Order): Promise<void> {
    const { escrow, provider } = this.#chain;
    const state = await this.#stateOf(job);
    if (state === "Funded") return;
    if (state !== "None") throw new Refusal("job-not-open", `the job is ${state}, want None or Funded`);
    const balance = await erc20At(job.token, provider).balanceOf(job.client);
    if (balance < job.amount)
      throw new Refusal("insufficient-funds", `the client has ${balance} of the token, want ${job.amount}`);
    await escrow.connect(this.#wallet).openWithSignature.staticCall(job, signature, fundingData);
  }

  /** What IPrepaidOrders asks of a provider before it serves an order. */
  async #checkPrepaid(order: Order, { number, timestamp }: Block): Promise<void> {
    const { prepaid, registry } = this.#chain;
    const { job } = order;
    const now = BigInt(timestamp);
    const at = { blockTag: number };
    if (job.deadline <= now)
      throw new Refusal("order-expired", `deadline: ${job.deadline}, the chain's time is ${now}`);
    const latest = now + (await prepaid.MAX_ORDER_LIFE(at));
    if (job.deadline > latest)
      throw new Refusal("deadline-too-far", `deadline: ${job.deadline}, want ${latest} at most`);
    if (await prepaid.isNonceUsed(job.client, job.provider, job.nonce, at))
      throw new Refusal("nonce-used", `nonce: ${job.nonce} was settled before`);
    const { keyId } = await registry.termsOf(job.modelId, at);
    if (await registry.isStopped(keyId, at)) throw new Refusal("model-not-trusted", `the key ${keyId} is stopped`);
    await this.#requireSecured(order, at);
  }

  /** The deposit must cover this and all other orders being served, up to the latest of their deadlines. */
  async #requireSecured(order: Order, at: { blockTag: number }): Promise<void> {
    const { client, provider, token, nonce } = order.job;
    const id = idOfOrder(order, this.chainId);
    const others = [...this.#serving]
      .filter(([served]) => served !== id)
      .map(([, serving]) => serving.order.job)
      .filter((job) => isPrepaid(job) && job.client === client);
    if (others.some((job) => job.nonce === nonce))
      throw new Refusal("nonce-used", `nonce: ${nonce} is of another order that is being served`);
    const jobs = [order.job, ...others.filter((job) => job.token === token)];
    const wanted = jobs.reduce((sum, { amount }) => sum + amount, 0n);
    const last = jobs.reduce((latest, { deadline }) => (deadline > latest ? deadline : latest), 0n);
    const secured = await this.#chain.prepaid.securedUntil(client, provider, token, last, at);
    if (secured < wanted)
      throw new Refusal("insufficient-funds", `the deposit secures ${secured} until ${last}, want ${wanted}`);
  }

  async #deposit(order: Order): Promise<Done> {
    const { job, signature, fundingData } = order;
    if ((await this.#stateOf(job)) === "Funded") return { transaction: "" };
    const escrow = this.#chain.escrow.connect(this.#wallet);
    return this.#send(job, "Funded", byToken(job), () => escrow.openWithSignature(job, signature, fundingData));
  }

  async #settleJob({ job }: Order, words: readonly bigint[], proof: Proof): Promise<Done> {
    const escrow = this.#chain.escrow.connect(this.#wallet);
    return this.#send(job, "Settled", "job-not-open", () => escrow.settle(job, [...words], toCalldata(proof)));
  }

  async #settleOrder(id: Hex, { job, signature }: Order, words: readonly bigint[], proof: Proof): Promise<Done> {
    const { r, yParityAndS: vs } = Signature.from(signature);
    const item = { job, words: [...words], proof: toCalldata(proof), r, vs };
    return this.#asRefusals("job-not-open", async () => {
      const receipt = await this.#inTurn(() => this.#chain.prepaid.connect(this.#wallet).settleOrders([item]));
      const events = receipt.logs.map((log) => this.#chain.prepaid.interface.parseLog(log));
      const skipped = events.find((event) => event?.name === "OrderSkipped");
      if (skipped)
        throw new Refusal(SKIPPED[Number(skipped.args.reason)], `order ${id} was left out of its settlement`);
      return { transaction: receipt.hash };
    });
  }

  /** Sends what brings a job to a state. Anybody may do that, so a transaction that comes too late has succeeded. */
  async #send(
    job: Job,
    wanted: JobState,
    otherwise: RefusalCode,
    call: () => Promise<ContractTransactionResponse>,
  ): Promise<Done> {
    return this.#asRefusals(otherwise, async () => {
      try {
        return { transaction: (await this.#inTurn(call)).hash };
      } catch (error) {
        if ((await this.#stateOf(job)) === wanted) return { transaction: "" };
        throw error;
      }
    });
  }

  /** One transaction is handed over after another: the account's next nonce is asked of the node. */
  async #inTurn(call: () => Promise<ContractTransactionResponse>): Promise<TransactionReceipt> {
    const sent = this.#turn.then(call);
    this.#turn = sent.catch(() => undefined);
    return (await (await sent).wait(1, RECEIPT_TIMEOUT))!;
  }

  async #once(purpose: string, work: () => Promise<Done>): Promise<Done> {
    const underway = this.#underway.get(purpose) ?? work().finally(() => this.#underway.delete(purpose));
    this.#underway.set(purpose, underway);
    return underway;
  }

  async #stateOf(job: Job): Promise<JobState> {
    return JOB_STATES[Number(await this.#chain.escrow.stateOf(job))];
  }

  /** Refusals for what the chain says to `work`; `otherwise` for a revert that is not the contracts' own. */
  async #asRefusals<Result>(otherwise: RefusalCode, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      throw this.#refusalOf(error, otherwise);
    }
  }

  #refusalOf(error: unknown, otherwise: RefusalCode): unknown {
    const { code, data } = error as { code?: unknown; data?: unknown };
    if (error instanceof Refusal || error instanceof InputError || typeof code !== "string") return error;
    if (code !== "CALL_EXCEPTION")
      return new Refusal("chain-unavailable", `the chain cannot be used now (${code})`, { cause: error });
    const { escrow, prepaid, registry } = this.#chain;
    const known = [escrow.interface, prepaid.interface, registry.interface];
    const revert = oneLine(describeRevert(String(data ?? "0x"), known));
    const name = revert.split("(")[0];
    if (FALSE_PROOFS.includes(name)) return new InputError(`the proof is refused: ${revert}`, { cause: error });
    return new Refusal(REFUSALS[name] ?? otherwise, revert, { cause: error });
  }
}

type JobState = (typeof JOB_STATES)[number];

/** What it means when a token does not give a job's amount. */
const byToken = ({ funding }: Job): RefusalCode =>
  funding === FUNDING.authorization ? "bad-signature" : "insufficient-funds";

const isPrepaid = ({ funding }: Job): boolean => funding === FUNDING.prepaid;

function requireSignedBy(client: Hex, digest: Hex, signature: Hex): void {
  try {
    const recovered = recoverAddress(digest, Signature.from(signature));
    if (recovered === client) return;
    throw new Refusal("bad-signature", `${recovered} signed the order, want ${client}`);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal("bad-signature", "signature: want 65 bytes of ECDSA with a low s", { cause: error });
  }
}
