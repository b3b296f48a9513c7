import { elementCount } from "../codec/codec.ts";
import { elementOf } from "../ir/encodeInputs.ts";
import type { IntegerInput } from "../ir/integerGraph.ts";
import type { Sample } from "./evaluateReal.ts";

/** Shares of elements that differ from the number nearest 0, in turn: from noise to almost empty inputs. */
const DENSITIES = [1, 0.5, 0.25, 0.1];

/** Inputs within their ranges, on the grid of the integers that stand for them; the same for the same arguments. */
export function seededSamples(inputs: readonly IntegerInput[], count: number): Sample[] {
  const random = mulberry32(1);
  return Array.from({ length: count }, (_, index) =>
    inputs.map((input) => seededRow(input, DENSITIES[index % DENSITIES.length], random)),
  );
}

function seededRow(input: IntegerInput, density: number, random: () => number): number[] {
  return Array.from({ length: elementCount(input.shape) }, (_, index) => {
    const { step, low, high } = elementOf(input, index);
    const drawn = low + Math.floor(random() * (high - low + 1));
    const rest = Math.min(Math.max(0, low), high);
    return (random() < density ? drawn : rest) * step;
  });
}

/** Mulberry32 (public domain, T. Ettinger): numbers in [0, 1) from a 32-bit seed. */
export function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
