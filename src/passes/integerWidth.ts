import { bitLength } from "../kernels/bitLength.ts";
import type { Interval } from "../kernels/kernel.ts";

/** The narrowest width that holds all elements, unsigned where none can be negative; at least 1. */
export function bitWidth({ low, high }: Interval): { bits: number; signed: boolean } {
  const least = low.reduce((a, b) => (b < a ? b : a));
  const greatest = high.reduce((a, b) => (b > a ? b : a));
  const signed = least < 0n;
  const needed = signed ? 1 + Math.max(bitLength(-least - 1n), bitLength(greatest)) : bitLength(greatest);
  return { bits: Math.max(1, needed), signed };
}
