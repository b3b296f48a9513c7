import { isError, type Filter, type JsonRpcProvider, type Log } from "ethers";
import pRetry from "p-retry";
import { z } from "zod";
import type { Hex } from "../../codec/statement.ts";
import { oneLine } from "../../errors.ts";
import { Bytes32 } from "../wireJson.ts";

/** A block as a node describes it. */
export interface Block {
  readonly number: number;
  readonly hash: Hex;
  readonly parentHash: Hex;
  /** Unix seconds. */
  readonly timestamp: bigint;
  /** In wei; 0 where the chain has none. */
  readonly baseFeePerGas: bigint;
}

/** Where a transaction was mined, as a node says. */
export interface Receipt {
  readonly transactionHash: Hex;
  readonly blockNumber: number;
  readonly blockHash: Hex;
  readonly succeeded: boolean;
  readonly gasUsed: bigint;
}

/** The node did not answer, or not with what was asked for. It may do so later. */
export class NodeTrouble extends Error {
  override readonly name = "NodeTrouble";
  /** False where the connection broke or timed out: asking again at once may do. */
  readonly answered: boolean;

  constructor(message: string, answered = true) {
    super(message);
    this.answered = answered;
  }
}

/** A broken connection is tried again twice, after these milliseconds and twice as many. */
const AGAIN = { retries: 2, minTimeout: 25 };

const Quantity = z
  .string()
  .regex(/^0x[0-9a-fA-F]{1,64}$/, "want a quantity in hex")
  .transform(BigInt);
const SafeNumber = Quantity.transform(Number).refine(Number.isSafeInteger, "want a number below 2^53");

const BlockAnswer = z
  .object({
    number: SafeNumber,
    hash: Bytes32,
    parentHash: Bytes32,
    timestamp: Quantity,
    baseFeePerGas: Quantity.default(0n),
  })
  .nullable();

const ReceiptAnswer = z
  .object({
    transactionHash: Bytes32,
    blockNumber: SafeNumber,
    blockHash: Bytes32,
    status: Quantity,
    gasUsed: Quantity,
  })
  .transform(({ status, ...receipt }) => ({ ...receipt, succeeded: status === 1n }))
  .nullable();

const toHex = (value: number | bigint): string => `0x${value.toString(16)}`;

/** What a sender and a watch ask a node for. Each call fails with NodeTrouble, or as `signal` says once it has fired. */
export class NodeCalls {
  readonly #provider: JsonRpcProvider;
  readonly #signal: AbortSignal;

  constructor(provider: JsonRpcProvider, signal: AbortSignal) {
    this.#provider = provider;
    this.#signal = signal;
  }

  async latest(): Promise<Block> {
    const block = await this.#ask(BlockAnswer, "eth_getBlockByNumber", "latest", false);
    if (block === null) throw new NodeTrouble("the node has no latest block");
    return block;
  }

  /** Undefined where the node's chain is not that long. */
  async blockAt(number: number): Promise<Block | undefined> {
    const block = await this.#ask(BlockAnswer, "eth_getBlockByNumber", toHex(number), false);
    if (block && block.number !== number)
      throw new NodeTrouble(`the node gave block ${block.number}, asked for ${number}`);
    return block ?? undefined;
  }

  /** Undefined where the transaction is not mined, or in a block that is not on the node's chain. */
  async receipt(hash: Hex): Promise<Receipt | undefined> {
    const receipt = await this.#ask(ReceiptAnswer, "eth_getTransactionReceipt", hash);
    if (receipt === null || receipt.transactionHash !== hash) return undefined;
    const block = await this.blockAt(receipt.blockNumber);
    return block?.hash === receipt.blockHash ? receipt : undefined;
  }

  /** Transactions of an account in the chain: the nonce of its next. */
  count = (account: Hex): Promise<number> => this.#ask(SafeNumber, "eth_getTransactionCount", account, "latest");

  /** In wei. */
  balance = (account: Hex): Promise<bigint> => this.#ask(Quantity, "eth_getBalance", account, "latest");

  /** What the node would pay a block's proposer for a unit of gas, in wei. */
  tip = (): Promise<bigint> => this.#ask(Quantity, "eth_maxPriorityFeePerGas");

  /** Units of gas. Throws ethers' CALL_EXCEPTION where the call reverts. */
  estimateGas = (from: Hex, to: Hex, data: Hex, value: bigint): Promise<bigint> =>
    this.#ask(Quantity, "eth_estimateGas", { from, to, data, value: toHex(value) }, "latest");

  /** Throws NodeTrouble with the node's words also where it refuses the transaction. */
  async sendRaw(raw: Hex): Promise<void> {
    await this.#ask(z.unknown(), "eth_sendRawTransaction", raw);
  }

  logs = (filter: Filter & { blockHash?: Hex }): Promise<Log[]> =>
    this.#await(async () => this.#provider.getLogs(filter));

  async #ask<Schema extends z.ZodType>(
    schema: Schema,
    method: string,
    ...params: unknown[]
  ): Promise<z.output<Schema>> {
    const answer = await this.#await(async () => this.#provider.send(method, params) as Promise<unknown>);
    const parsed = schema.safeParse(answer);
    if (!parsed.success) throw new NodeTrouble(oneLine(`${method}: ${parsed.error.issues[0].message}`));
    return parsed.data;
  }

  #await<Result>(request: () => Promise<Result>): Promise<Result> {
    const signal = this.#signal;
    const attempt = () => request().catch((error: unknown) => Promise.reject(troubleOf(error)));
    const shouldRetry = ({ error }: { error: Error }) => error instanceof NodeTrouble && !error.answered;
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const stop = () => reject(signal.reason);
      signal.addEventListener("abort", stop, { once: true });
      pRetry(attempt, { ...AGAIN, shouldRetry, signal })
        .then(resolve, reject)
        .finally(() => signal.removeEventListener("abort", stop));
    });
  }
}

/** What went wrong, without the node's URL, which may hold an access key; a revert stays the error that it is. */
function troubleOf(error: unknown): Error {
  if (isError(error, "CALL_EXCEPTION")) return error;
  const { shortMessage, code, error: answer, info } = error as TroubledError;
  const said = answer?.message ?? info?.error?.message;
  const message = oneLine([code, said ?? shortMessage].filter(Boolean).join(": ") || "no answer");
  return new NodeTrouble(message, said !== undefined);
}

interface TroubledError {
  readonly code?: string;
  readonly shortMessage?: string;
  readonly error?: { readonly message?: string };
  readonly info?: { readonly error?: { readonly message?: string } };
}
