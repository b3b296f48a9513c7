import type { Logger } from "pino";
import type { Hex } from "../../codec/statement.ts";
import type { AgentChain } from "../agentChain.ts";
import type { Journal } from "../journal/journal.ts";
import { BlockCursor, KEPT_BLOCKS } from "./blockCursor.ts";
import type { ChainWatch, Head } from "./chainWatch.ts";
import { readEachBlock, readRange, type ChainSpan, type SpanBase } from "./chainSpan.ts";
import { NodeCalls, NodeTrouble, type Block } from "./nodeCalls.ts";
import { pollLoop } from "./pollLoop.ts";

export { CURSOR_SCHEMA } from "./blockCursor.ts";

export interface WatchOptions {
  readonly chain: Pick<AgentChain, "chainId" | "provider">;
  /** With CURSOR_SCHEMA. */
  readonly journal: Journal;
  /** Contracts whose logs are wanted. */
  readonly addresses: readonly Hex[];
  /** Number of the first block whose logs are wanted, where the journal has no cursor yet. */
  readonly from: number;
  readonly pollMilliseconds: number;
  readonly logger?: Logger;
}

/** Blocks whose logs are asked for at once at most, far behind the head; fewer where the node refuses. */
const LONGEST_RANGE = 2_048;

/** Where the chain goes on from what was seen. */
interface Fork {
  readonly base: SpanBase;
  readonly rewound: boolean;
}

export const createWatch = (options: WatchOptions): ChainWatch => new JournalWatch(options);

/**
 * Follows the chain by asking, and trusts hashes only: each block must name the one before it. A reorganisation deeper
 * than the cursor goes back rewinds to the oldest block that it keeps; what changed below that is not noticed.
 */
class JournalWatch implements ChainWatch {
  #head: Head | undefined;
  readonly #options: WatchOptions;
  readonly #stopping = new AbortController();
  readonly #node: NodeCalls;
  readonly #cursor: BlockCursor;
  #range = LONGEST_RANGE;
  #polling: Promise<void> | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#node = new NodeCalls(options.chain.provider, this.#stopping.signal);
    this.#cursor = new BlockCursor(options.journal, options.chain.chainId);
  }

  get head(): Head | undefined {
    return this.#head;
  }

  /** Resolves when the chain's head was reached for the first time, as far as the node has it, or the watch was stopped. */
  async start(onHead: (head: Head) => Promise<void>): Promise<void> {
    if (this.#polling) throw new Error("the watch was started before");
    const { pollMilliseconds, logger } = this.#options;
    const { signal } = this.#stopping;
    const warn = ({ name, message }: Error) => logger?.warn({ trouble: `${name}: ${message}` }, "watch");
    await new Promise<void>((reached) => {
      const follow = async () => {
        await this.#catchUp(onHead);
        reached();
      };
      this.#polling = pollLoop(follow, pollMilliseconds, warn, signal).finally(reached);
    });
  }

  /** Lets the call that is running end. */
  async stop(): Promise<void> {
    this.#stopping.abort(new DOMException("the watch is stopped", "AbortError"));
    await this.#polling;
  }

  async #catchUp(onHead: (head: Head) => Promise<void>): Promise<void> {
    for (;;) {
      this.#stopping.signal.throwIfAborted();
      const latest = await this.#node.latest();
      const fork = await this.#findFork(latest);
      if (fork === undefined) return;
      const { base, rewound } = fork;
      if (base.number >= latest.number) return this.#greet(latest, onHead);
      const { blocks, logs } = await this.#read(base, latest);
      const { number, hash, timestamp } = blocks.at(-1)!;
      const head = { number, hash, timestamp, logs, ...(rewound && { rewoundTo: base.number }) };
      await onHead(head);
      this.#cursor.move(base.number, blocks);
      this.#head = head;
    }
  }

  /** The present head to one who starts on a chain that stands still. */
  async #greet({ number, hash, timestamp }: Block, onHead: (head: Head) => Promise<void>): Promise<void> {
    if (this.#head !== undefined || this.#cursor.kept().length === 0) return;
    const head = { number, hash, timestamp, logs: [] };
    await onHead(head);
    this.#head = head;
  }

  /** Undefined where the node is behind what was seen, on the same chain as far as one can tell: it will catch up. */
  async #findFork(latest: Block): Promise<Fork | undefined> {
    const kept = this.#cursor.kept();
    if (kept.length === 0) return { base: { number: this.#options.from - 1, hash: undefined }, rewound: false };
    const comparable = kept.filter(({ number }) => number <= latest.number);
    if (comparable.length === 0) return undefined;
    for (const mark of comparable) {
      const block = mark.number === latest.number ? latest : await this.#node.blockAt(mark.number);
      if (block === undefined) throw new NodeTrouble(`the node has no block ${mark.number} below ${latest.number}`);
      if (block.hash !== mark.hash) continue;
      const behind = mark === comparable[0] && mark !== kept[0];
      return behind ? undefined : { base: mark, rewound: mark !== kept[0] };
    }
    const oldest = comparable.at(-1)!.number;
    this.#options.logger?.warn({ oldest }, "reorganisation below the oldest block kept: older logs may be undone");
    return { base: { number: oldest - 1, hash: undefined }, rewound: true };
  }

  async #read(base: SpanBase, latest: Block): Promise<ChainSpan> {
    const { addresses } = this.#options;
    const far = latest.number - KEPT_BLOCKS;
    if (base.number >= far) return readEachBlock(this.#node, addresses, base, latest.number);
    try {
      const span = await readRange(this.#node, addresses, base, Math.min(base.number + this.#range, far));
      this.#range = Math.min(2 * this.#range, LONGEST_RANGE);
      return span;
    } catch (error) {
      this.#range = Math.max(1, this.#range >> 1);
      throw error;
    }
  }
}
