import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../../fuzz/random.ts";
import { type ChaosChain, MAX_REORG } from "../chain/chaosChain.ts";

/** Milliseconds between two events of a storm. */
const TICK = 15;
/** Wei of a gas unit that a base fee rises to at most. */
const HIGHEST_BASE_FEE = 100_000_000_000;

/** What a storm did to the chain. */
export interface Weather {
  readonly blocks: number;
  readonly reorgs: number;
  /** Depth of the deepest, in blocks. */
  readonly deepest: number;
}

/** Lets so many ticks pass: blocks, gaps between them, rising fees and reorganisations; `onTick` comes with each. */
export async function storm(
  chain: ChaosChain,
  random: Random,
  ticks: number,
  onTick: (tick: number) => Promise<void>,
): Promise<Weather> {
  let [blocks, reorgs, deepest] = [0, 0, 0];
  // Some chains never reorganise, some do all the time.
  const reorgIn = random.pick([6, 15, 40, 1_000]);
  for (let tick = 0; tick < ticks; ++tick) {
    if (random.oneIn(reorgIn)) {
      const depth = depthOf(random);
      await chain.reorg(depth, random);
      reorgs += 1;
      deepest = Math.max(deepest, depth);
    } else if (!random.oneIn(4)) {
      if (random.oneIn(10)) await chain.setBaseFee(BigInt(random.below(HIGHEST_BASE_FEE)));
      await chain.mine();
      blocks += 1;
    }
    await onTick(tick);
    await sleep(TICK);
  }
  return { blocks, reorgs, deepest };
}

/** Shallow ones more often; 1 to MAX_REORG. */
const depthOf = (random: Random): number => 1 + random.below(Math.min(MAX_REORG, 2 ** (1 + random.below(6))));
