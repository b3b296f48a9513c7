import { Transaction, type Interface, type Signer } from "ethers";
import type { Logger } from "pino";
import type { Hex } from "../../codec/statement.ts";
import { NodeTrouble, type NodeCalls } from "../watch/nodeCalls.ts";
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
  /** Number of that block. */
  readonly head: number;
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

  /** Simulates an intent. Throws SimulationReverted, InsufficientFunds, or NodeTrouble. */
  async prepare(intent: Intent): Promise<Prepared> {
    const { address } = this.#wallet;
    const [gasLimit, head, tip, balance] = await Promise.all([
      gasLimitOf(this.#node, address, intent, this.#interfaces),
      this.#node.latest(),
      this.#node.tip(),
      this.#node.balance(address),
    ]);
    const fees = offeredFees(this.#policy, head.baseFeePerGas, tip);
    const cost = gasLimit * fees.maxFeePerGas + (intent.value ?? 0n);
    const free = balance - this.#reserved();
    if (free < cost) throw new InsufficientFunds(intent.purpose, free, cost);
    return { gasLimit, fees, head: head.number };
  }

  /** Sends an intent with the next nonce; `instead` is the transaction of the same intent that it takes the place of. */
  async post(
    intent: Intent,
    { gasLimit, fees, head }: Prepared,
    signal: AbortSignal,
    instead?: JournalledTransaction,
  ): Promise<number> {
    const nonce = this.#table.freeNonce(await this.#node.count(this.#wallet.address));
    const call = { to: intent.to, data: intent.data, value: intent.value ?? 0n, gasLimit };
    const attempt = await this.#sign(call, nonce, fees, head);
    signal.throwIfAborted();
    const { id, intent: intentId } = this.#table.add(intent.purpose, nonce, attempt, instead);
    this.#logger?.info({ purpose: intent.purpose, nonce, hash: attempt.hash }, "transaction signed");
    await this.broadcast(id, attempt);
    return intentId;
  }

  /** Signs a transaction anew with the same nonce and higher fees; undefined where the policy allows no more. */
  async raise(
    { id, purpose, nonce }: JournalledTransaction,
    head: number,
    baseFee: bigint,
  ): Promise<Attempt | undefined> {
    const attempts = this.#table.attempts(id);
    if (attempts.length > this.#policy.maxBumps) return undefined;
    const before = Transaction.from(attempts.at(-1)!.raw);
    const offered = offeredFees(this.#policy, baseFee, await this.#node.tip());
    const fees = raisedFees(this.#policy, feesOf(before), offered);
    if (fees === undefined) return undefined;
    const attempt = await this.#sign(callOf(before), nonce, fees, head);
    this.#table.addAttempt(id, attempt);
    this.#logger?.info(
      { purpose, nonce, hash: attempt.hash, fee: String(fees.maxFeePerGas) },
      "transaction fee raised",
    );
    return attempt;
  }

  /** Sends what is journalled; says whether the node has it, as far as it tells. */
  async broadcast(id: number, { hash, raw }: Attempt): Promise<boolean> {
    try {
      await this.#node.sendRaw(raw);
      return true;
    } catch (error) {
      if (!(error instanceof NodeTrouble)) {
        // A development chain mines and then answers with the revert.
        if ((error as { code?: string }).code === "CALL_EXCEPTION") return true;
        throw error;
      }
      if (/already|known transaction/i.test(error.message)) return true;
      this.#logger?.warn({ id, hash, trouble: error.message }, "transaction not taken");
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

  /** Wei that the transactions on their way can cost. */
  #reserved(): bigint {
    return this.#table
      .unsettled()
      .filter(({ state }) => state === "sent")
      .map(({ id }) => Transaction.from(this.#table.attempts(id).at(-1)!.raw))
      .reduce((sum, { gasLimit, maxFeePerGas, value }) => sum + gasLimit * maxFeePerGas! + value, 0n);
  }
}

const callOf = ({ to, data, value, gasLimit }: Transaction): Call => ({ to: to!, data, value, gasLimit });

const feesOf = (transaction: Transaction): Fees => ({
  maxFeePerGas: transaction.maxFeePerGas!,
  maxPriorityFeePerGas: transaction.maxPriorityFeePerGas!,
});
