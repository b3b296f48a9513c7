import type { Log } from "ethers";
import type { Hex } from "../../codec/statement.ts";
import { NodeTrouble, type Block, type NodeCalls } from "./nodeCalls.ts";

/** Blocks that are asked for at the same time. */
const AT_ONCE = 16;

/** Consecutive blocks of one chain, all or only the last of them, and the logs of all. */
export interface ChainSpan {
  readonly blocks: readonly Block[];
  readonly logs: readonly Log[];
}

/** The block before a span; the hash is missing where it is not known. */
export interface SpanBase {
  readonly number: number;
  readonly hash: Hex | undefined;
}

/** Reads the blocks after `base` to number `last`, each with its logs. Throws NodeTrouble where they are not one chain. */
export async function readEachBlock(
  node: NodeCalls,
  addresses: readonly Hex[],
  base: SpanBase,
  last: number,
): Promise<ChainSpan> {
  const blocks: Block[] = [];
  const logs: Log[] = [];
  for (let first = base.number + 1; first <= last; first += AT_ONCE) {
    const count = Math.min(AT_ONCE, last - first + 1);
    const read = await Promise.all(
      Array.from({ length: count }, (_, index) => readBlock(node, addresses, first + index)),
    );
    for (const { block, found } of read) {
      requireParent(block, blocks.at(-1) ?? base);
      blocks.push(block);
      logs.push(...found);
    }
  }
  return { blocks, logs };
}

async function readBlock(node: NodeCalls, addresses: readonly Hex[], number: number) {
  const block = await blockAt(node, number);
  const found = inOrder(await node.logs({ blockHash: block.hash, address: [...addresses] }), addresses);
  for (const log of found) requireHash(log, block);
  return { block, found };
}

/** The same by one request for the logs, keeping the last block only; for spans that are deep enough to stay. */
export async function readRange(
  node: NodeCalls,
  addresses: readonly Hex[],
  base: SpanBase,
  last: number,
): Promise<ChainSpan> {
  const first = await blockAt(node, base.number + 1);
  requireParent(first, base);
  const end = await blockAt(node, last);
  const range = { fromBlock: first.number, toBlock: last, address: [...addresses] };
  const logs = inOrder(await node.logs(range), addresses);
  for (const number of new Set(logs.map(({ blockNumber }) => blockNumber))) {
    const block = await blockAt(node, number);
    for (const log of logs) if (log.blockNumber === number) requireHash(log, block);
  }
  // The logs are of this chain if it was there before and after they were given.
  requireSame(await blockAt(node, first.number), first);
  requireSame(await blockAt(node, last), end);
  return { blocks: [end], logs };
}

async function blockAt(node: NodeCalls, number: number): Promise<Block> {
  const block = await node.blockAt(number);
  if (block === undefined) throw new NodeTrouble(`the node has no block ${number} any more`);
  return block;
}

/** The watched contracts' logs in the chain's order, each once. */
function inOrder(logs: readonly Log[], addresses: readonly Hex[]): Log[] {
  const watched = new Set(addresses.map((address) => address.toLowerCase()));
  const unique = new Map(logs.map((log) => [`${log.blockHash} ${log.index}`, log]));
  return [...unique.values()]
    .filter(({ address }) => watched.has(address.toLowerCase()))
    .sort((a, b) => a.blockNumber - b.blockNumber || a.index - b.index);
}

function requireHash({ blockHash, removed }: Log, block: Block): void {
  if (removed || blockHash !== block.hash)
    throw new NodeTrouble(`a log of block ${block.number} ${blockHash}, the chain has ${block.hash} there`);
}

function requireParent({ number, parentHash }: Block, parent: SpanBase): void {
  if (number !== parent.number + 1 || (parent.hash !== undefined && parentHash !== parent.hash))
    throw new NodeTrouble(
      `block ${number} does not follow ${parent.number} ${parent.hash}: the chain changed while read`,
    );
}

function requireSame(now: Block, before: Block): void {
  if (now.hash !== before.hash) throw new NodeTrouble(`block ${now.number} changed while its logs were read`);
}
