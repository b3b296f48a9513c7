import { bitLength } from "./bitLength.ts";
import { type Bounds, greatestOf } from "./bounds.ts";

/** The greater of two nodes: elements first, then constants, then the results of earlier pairs. */
export interface Pair {
  readonly left: number;
  readonly right: number;
  /** Bits of the greatest difference. */
  readonly width: number;
}

/** How a circuit finds the greatest elements of all windows. */
export interface ExtremePlan {
  readonly constants: readonly bigint[];
  readonly pairs: readonly Pair[];
  /** The node that each window's greatest element is. */
  readonly results: readonly number[];
}

/** Beyond this many pairs of elements in windows, no common ones are looked for. */
const SHARING_LIMIT = 1 << 21;
/** Pairs of nodes are numbered left · 2^26 + right, below 2^53. */
const NODE_LIMIT = 1 << 26;

/** Plans the greatest elements of windows over elements with the given bounds; windows share the pairs they have in common. */
export function planExtremes(windows: readonly (readonly number[])[], elements: readonly Bounds[]): ExtremePlan {
  const constants = new Map<bigint, number>();
  const open = windows.map((window) => new Set(candidatesOf(window, elements, constants)));
  const nodes = [...elements, ...[...constants.keys()].map((value) => ({ low: value, high: value }))];
  const pairs: Pair[] = [];
  const join = (left: number, right: number): number => {
    pairs.push({ left, right, width: widthOf(nodes[left], nodes[right]) });
    return nodes.push(greaterOf(nodes[left], nodes[right])) - 1;
  };
  joinCommonPairs(open, join);
  const results = open.map((window) => joinAll([...window], nodes, join));
  return { constants: [...constants.keys()], pairs, results };
}

/** The bounds of the greater of two numbers. */
export const greaterOf = (left: Bounds, right: Bounds): Bounds => ({
  low: greatestOf([left.low, right.low]),
  high: greatestOf([left.high, right.high]),
});

const widthOf = (left: Bounds, right: Bounds): number =>
  bitLength(greatestOf([left.high - right.low, right.high - left.low]));

/**
 * The elements of a window that can be greater than every other: the one with the greatest lower bound and those that
 * reach above it. A constant becomes a node of its own, which no wire has to carry.
 */
function candidatesOf(
  window: readonly number[],
  elements: readonly Bounds[],
  constants: Map<bigint, number>,
): number[] {
  const first = window.reduce((best, index) => (elements[index].low > elements[best].low ? index : best), window[0]);
  const { low, high } = elements[first];
  const others = window.filter((index) => index !== first && elements[index].high > low);
  if (low !== high) return [first, ...others];
  if (!constants.has(low)) constants.set(low, elements.length + constants.size);
  return [constants.get(low)!, ...others];
}

/** Joins all nodes of a window, least first: a difference is narrow while what has been joined is small. */
function joinAll(window: number[], nodes: readonly Bounds[], join: (left: number, right: number) => number): number {
  window.sort(
    (left, right) => compare(nodes[left].high, nodes[right].high) || compare(nodes[left].low, nodes[right].low),
  );
  return window.reduce(join);
}

const compare = (left: bigint, right: bigint): number => (left < right ? -1 : left > right ? 1 : 0);

/**
 * Joins pairs that several windows contain, the commonest first, until no two windows have a pair in common: overlapping
 * pools then compare each pair of elements once.
 */
function joinCommonPairs(windows: readonly Set<number>[], join: (left: number, right: number) => number): void {
  if (!mayShare(windows)) return;
  const users = new Map<number, Set<number>>();
  const byCount: number[][] = [];
  const use = (window: number, left: number, right: number): void => {
    const pair = pairOf(left, right);
    const using = users.get(pair);
    if (using === undefined) users.set(pair, new Set([window]));
    else using.add(window);
  };
  const enqueue = (pair: number): void => {
    const count = users.get(pair)!.size;
    if (count >= 2) (byCount[count] ??= []).push(pair);
  };
  for (const [window, members] of windows.entries()) {
    const list = [...members];
    list.forEach((left, at) => list.slice(at + 1).forEach((right) => use(window, left, right)));
  }
  for (const pair of users.keys()) enqueue(pair);
  for (let count = byCount.length - 1; count >= 2; count--) {
    // The list grows while it is walked: pairs of a new node are at most as common as the pair that it is.
    for (const pair of byCount[count] ?? []) {
      const using = users.get(pair)!;
      if (using.size < count) enqueue(pair);
      else replacePair(pair, using);
    }
  }

  function replacePair(pair: number, using: ReadonlySet<number>): void {
    const [left, right] = [Math.floor(pair / NODE_LIMIT), pair % NODE_LIMIT];
    const joined = join(left, right);
    const created = new Set<number>();
    for (const window of using) {
      const members = windows[window];
      members.delete(left);
      members.delete(right);
      users.get(pair)!.delete(window);
      for (const other of members) {
        users.get(pairOf(left, other))!.delete(window);
        users.get(pairOf(right, other))!.delete(window);
        use(window, other, joined);
        created.add(pairOf(other, joined));
      }
      members.add(joined);
    }
    for (const next of created) enqueue(next);
  }
}

const pairOf = (left: number, right: number): number => Math.min(left, right) * NODE_LIMIT + Math.max(left, right);

/** Some node is in two windows of at least two nodes, and there are not too many pairs to count. */
function mayShare(windows: readonly ReadonlySet<number>[]): boolean {
  const several = windows.filter(({ size }) => size >= 2);
  const pairs = several.reduce((sum, { size }) => sum + (size * (size - 1)) / 2, 0);
  const members = several.flatMap((window) => [...window]);
  return pairs <= SHARING_LIMIT && new Set(members).size < members.length;
}
