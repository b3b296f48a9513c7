import { keccak256 } from "ethers";
import type { Hex } from "../../codec/statement.ts";
import type { Random } from "../../fuzz/random.ts";
import type { Ask } from "./nodeRpc.ts";

/** Deepest reorganisation, in blocks. */
export const MAX_REORG = 64;

interface Block {
  readonly number: string;
  readonly transactions: readonly Hex[];
}

/**
 * A development chain whose blocks, pool of transactions and history are under control. Blocks come when `mine` is
 * called; before each one a snapshot is taken, so that a reorganisation can go back to it and let another branch grow.
 */
export class ChaosChain {
  readonly #ask: Ask;
  /** Snapshots by the height of the head that they keep. */
  readonly #snapshots = new Map<number, unknown>();
  /** Every transaction that reached the node, by its hash. */
  readonly #raw = new Map<Hex, Hex>();
  #base: unknown;
  #height = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** From now on blocks come by `mine` only; what is on the chain now is what `reset` comes back to. */
  async take(): Promise<void> {
    await this.#ask("evm_setAutomine", [false]);
    this.#base = await this.#ask("evm_snapshot");
  }

  get height(): number {
    return this.#height;
  }

  /** Forgets all that has happened, then mines as many blocks as a reorganisation may undo. */
  reset(): Promise<void> {
    return this.exclusively(async () => {
      await this.#ask("evm_revert", [this.#base]);
      this.#base = await this.#ask("evm_snapshot");
      await this.#dropPending();
      this.#snapshots.clear();
      this.#raw.clear();
      this.#height = Number(await this.#ask("eth_blockNumber"));
      for (let count = 0; count < MAX_REORG; ++count) await this.#mineOne();
    });
  }

  /** Runs `work` while no block is mined, no branch replaced and no transaction taken. */
  exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  mine(count = 1): Promise<void> {
    return this.exclusively(async () => {
      for (let mined = 0; mined < count; ++mined) await this.#mineOne();
    });
  }

  /** Makes the next block's base fee another one, in wei of a gas unit. */
  async setBaseFee(fee: bigint): Promise<void> {
    await this.#ask("hardhat_setNextBlockBaseFeePerGas", [`0x${fee.toString(16)}`]);
  }

  /** Remembers a transaction that reached the node, so that it can come again in another branch. */
  noteRaw(raw: Hex): void {
    this.#raw.set(keccak256(raw), raw);
  }

  /** All transactions that ever reached the node since the last reset. */
  rawTransactions(): readonly Hex[] {
    return [...this.#raw.values()];
  }

  /**
   * Replaces the last `depth` blocks by a branch one to three blocks longer. Each transaction of the old branch and of
   * the pool comes again at once, in a later block of the branch, or never.
   */
  reorg(depth: number, random: Random): Promise<void> {
    return this.exclusively(async () => {
      const fork = this.#height - depth;
      const undone = await this.#transactionsAbove(fork);
      await this.#ask("evm_revert", [this.#snapshots.get(fork)]);
      for (const height of this.#snapshots.keys()) if (height >= fork) this.#snapshots.delete(height);
      this.#height = fork;
      await this.#dropPending();
      const length = depth + 1 + random.below(3);
      await this.#ask("evm_increaseTime", [1 + random.below(5)]);
      const returning = undone.map((raw) => ({ raw, block: blockOfReturn(random, length) }));
      for (let block = 0; block < length; ++block) {
        for (const { raw } of returning.filter((one) => one.block === block)) await this.#offer(raw);
        // Without it a branch of the same transactions would be the same branch.
        await this.#ask("hardhat_setPrevRandao", [randomWord(random)]);
        await this.#mineOne();
      }
    });
  }

  async #mineOne(): Promise<void> {
    this.#snapshots.set(this.#height, await this.#ask("evm_snapshot"));
    await this.#ask("evm_mine");
    this.#height += 1;
  }

  /** Raw transactions of the blocks above `fork` in their order, then those of the pool. */
  async #transactionsAbove(fork: number): Promise<Hex[]> {
    const hashes: Hex[] = [];
    for (let number = fork + 1; number <= this.#height; ++number) {
      const block = (await this.#ask("eth_getBlockByNumber", [`0x${number.toString(16)}`, false])) as Block;
      hashes.push(...block.transactions);
    }
    const pending = (await this.#ask("eth_pendingTransactions")) as readonly { hash: Hex }[];
    hashes.push(...pending.map(({ hash }) => hash));
    return hashes.flatMap((hash) => this.#raw.get(hash) ?? []);
  }

  async #dropPending(): Promise<void> {
    const pending = (await this.#ask("eth_pendingTransactions")) as readonly { hash: Hex }[];
    for (const { hash } of pending) await this.#ask("hardhat_dropTransaction", [hash]);
  }

  /** Offers a transaction to the pool of the new branch, where it may be impossible by now. */
  async #offer(raw: Hex): Promise<void> {
    await this.#ask("eth_sendRawTransaction", [raw]).catch(() => undefined);
  }
}

/** The block of the new branch before which a transaction comes again; −1 for never. */
function blockOfReturn(random: Random, length: number): number {
  const fate = random.below(4);
  if (fate === 0) return -1;
  return fate === 1 ? random.below(length) : 0;
}

const randomWord = (random: Random): Hex =>
  `0x${Array.from({ length: 8 }, () =>
    random
      .below(2 ** 32)
      .toString(16)
      .padStart(8, "0"),
  ).join("")}`;
