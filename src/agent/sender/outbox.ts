import { isError, Transaction, type Interface, type Signer } from "ethers";
import type { Logger } from "pino";
import type { Hex } from "../../codec/statement.ts";
import { NodeTrouble, type Block, type NodeCalls } from "../watch/nodeCalls.ts";
import { offeredFees, raisedFees, type FeePolicy, type Fees } from "./fees.ts";
import type { Intent } from "./sender.ts";
import { gasLimitOf, InsufficientFunds } from "./simulate.ts";
import type { Attempt, JournalledTransaction, TransactionTable } from "./transactionTable.ts";

/** A signer whose address is known without asking. */
export type AddressedSigner = Signer & { readonly address: string };

/** What the latest block says that an intent needs. */
export interface Prepared {
  readonly gasLimit: bigint;
  readonly fees: Fees;
  readonly head: Block;
}

interface Call {
  readonly to: Hex;
  readonly data: Hex;
  readonly value: bigint;
  readonly gasLimit: bigint;
}

/** Signs, journals and sends, in this order. Its calls that sign must not overlap. */
export class Outbox {
  readonly #wallet: AddressedSigner;
  readonly #chainId: bigint;
  readonly #node: NodeCalls;
  readonly #table: TransactionTable;
  readonly #policy: FeePolicy;
  readonly #interfaces: readonly Interface[];
  readonly #logger: Logger | undefined;
  #lastRefusal = "";
  /** Per transaction, the attempt that the node has taken, and the latest block's hash then. */
  readonly #taken = new Map<number, { readonly hash: Hex; readonly head: Hex }>();

  constructor(
    wallet: AddressedSigner,
    chainId: bigint,
    node: NodeCalls,
    table: TransactionTable,
    policy: FeePolicy,
    interfaces: readonly Interface[],
    logger: Logger | undefined,
  ) {
    this.#wallet = wallet;
    this.#chainId = chainId;
    this.#node = node;
    this.#table = table;
    this.#policy = policy;
    this.#interfaces = interfaces;
    this.#logger = logger;
  }

  /** Simulates an intent; `instead` is a transaction that it will take the place of. Throws SimulationReverted, InsufficientFunds. */
  async prepare(intent: Intent, instead?: number): Promise<Prepared> {
    const { address } = this.#wallet;
    const [gasLimit, head, tip, balance] = await Promise.all([
      gasLimitOf(this.#node, address, intent, this.#interfaces),
      this.#node.latest(),
      this.#node.tip(),
      this.#node.balance(address),
    ]);
    const fees = offeredFees(this.#policy, head.baseFeePerGas, tip);
    const cost = gasLimit * fees.maxFeePerGas + (intent.value ?? 0n);
    const free = balance - this.#reserved(instead);
    if (free < cost) throw new InsufficientFunds(intent.purpose, free, cost);
    return { gasLimit, fees, head };
  }

  /** Sends an intent with the next nonce; `instead` is the transaction of the same intent that it takes the place of. */
  async post(
    intent: Intent,
    { gasLimit, fees, head }: Prepared,
    signal: AbortSignal,
    instead?: JournalledTransaction,
  ): Promise<number> {
    const nonce = this.#table.freeNonce(await this.#count());
    const call = { to: intent.to, data: intent.data, value: intent.value ?? 0n, gasLimit };
    const attempt = await this.#sign(call, nonce, fees, head.number);
    signal.throwIfAborted();
    const { id, intent: intentId } = this.#table.add(intent.purpose, nonce, attempt, instead);
    this.#logger?.info({ purpose: intent.purpose, nonce, hash: attempt.hash }, "transaction signed");
    await this.broadcast(id, attempt, head);
    return intentId;
  }

  /** A count above what the journal knows is believed if it is named twice: all wait behind a nonce that is too high. */
  async #count(): Promise<number> {
    const { address } = this.#wallet;
    const count = await this.#node.count(address);
    if (count <= this.#table.nextNonce() || count === (await this.#node.count(address))) return count;
    throw new NodeTrouble(`the node named ${count} as the account's next nonce, then another`);
  }

  /** Signs a transaction anew with the same nonce and higher fees; undefined where the policy allows no more. */
  async raise({ id, purpose, nonce }: JournalledTransaction, head: Block): Promise<Attempt | undefined> {
    const attempts = this.#table.attempts(id);
    if (attempts.length > this.#policy.maxBumps) return undefined;
    const before = Transaction.from(attempts.at(-1)!.raw);
    const offered = offeredFees(this.#policy, head.baseFeePerGas, await this.#node.tip());
    const fees = raisedFees(this.#policy, feesOf(before), offered);
    if (fees === undefined) return undefined;
    const attempt = await this.#sign(callOf(before), nonce, fees, head.number);
    this.#table.addAttempt(id, attempt);
    this.#logger?.info(
      { purpose, nonce, hash: attempt.hash, fee: String(fees.maxFeePerGas) },
      "transaction fee raised",
    );
    return attempt;
  }

  /** Sends what is journalled, once a head: a node may drop what it took. */
  async broadcast(id: number, attempt: Attempt, head: Block): Promise<void> {
    const { hash } = attempt;
    const taken = this.#taken.get(id);
    if (taken?.hash === hash && taken.head === head.hash) return;
    if (await this.#isTaken(attempt)) this.#taken.set(id, { hash, head: head.hash });
    else this.#taken.delete(id);
  }

  /** Forgets what the node took of a transaction that is not on its way any more. */
  forget(id: number): void {
    this.#taken.delete(id);
  }

  async #isTaken({ hash, raw }: Attempt): Promise<boolean> {
    try {
      await this.#node.sendRaw(raw);
      return true;
    } catch (error) {
      // A development chain mines a transaction that reverts, and then answers with the revert.
      if (isError(error, "CALL_EXCEPTION")) return true;
      if (!(error instanceof NodeTrouble)) throw error;
      if (/already|known transaction/i.test(error.message)) return true;
      // Tried again at each look, said once.
      const refusal = `${hash} ${error.message}`;
      if (refusal !== this.#lastRefusal) this.#logger?.warn({ hash, trouble: error.message }, "transaction not taken");
      this.#lastRefusal = refusal;
      return false;
    }
  }

  /** What the intent of a signed transaction was. */
  intentOf({ id, purpose }: JournalledTransaction): Intent {
    const { to, data, value } = callOf(Transaction.from(this.#table.attempts(id).at(-1)!.raw));
    return { purpose, to, data, value };
  }

  async #sign(call: Call, nonce: number, fees: Fees, head: number): Promise<Attempt> {
    const raw = await this.#wallet.signTransaction({ type: 2, chainId: this.#chainId, nonce, ...call, ...fees });
    return { hash: Transaction.from(raw).hash!, raw, head };
  }

  /** Wei that the other transactions on their way can cost. */
  #reserved(except: number | undefined): bigint {
    return this.#table
      .unsettled()
      .filter(({ id, state }) => state === "sent" && id !== except)
      .map(({ id }) => Transaction.from(this.#table.attempts(id).at(-1)!.raw))
      .reduce((sum, { gasLimit, maxFeePerGas, value }) => sum + gasLimit * maxFeePerGas! + value, 0n);
  }
}

const callOf = ({ to, data, value, gasLimit }: Transaction): Call => ({ to: to!, data, value, gasLimit });

const feesOf = (transaction: Transaction): Fees => ({
  maxFeePerGas: transaction.maxFeePerGas!,
  maxPriorityFeePerGas: transaction.maxPriorityFeePerGas!,
});
