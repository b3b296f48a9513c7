import { elementCount } from "../codec/codec.ts";
import type { IntegerInput } from "../ir/integerGraph.ts";
import type { Sample } from "../passes/realRanges.ts";

/** Shares of elements that differ from the number nearest 0, in turn: from noise to almost empty inputs. */
const DENSITIES = [1, 0.5, 0.25, 0.1];

/** Inputs within their ranges, on the grid of the integers that stand for them; the same for the same arguments. */
export function seededSamples(inputs: readonly IntegerInput[], count: number): Sample[] {
  const random = mulberry32(1);
  return Array.from({ length: count }, (_, index) =>
    inputs.map((input) => seededRow(input, DENSITIES[index % DENSITIES.length], random)),
  );
}

function seededRow({ shape, scale, range }: IntegerInput, density: number, random: () => number): number[] {
  const [low, high] = [Math.round(range.low / scale), Math.round(range.high / scale)];
  const rest = Math.min(Math.max(0, low), high);
  return Array.from({ length: elementCount(shape) }, () => {
    const drawn = low + Math.floor(random() * (high - low + 1));
    return (random() < density ? drawn : rest) * scale;
  });
}

/** Mulberry32 (public domain, T. Ettinger): numbers in [0, 1) from a 32-bit seed. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
