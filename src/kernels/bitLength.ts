/** Bits of a number without its sign; 0 for 0 and below. */
export const bitLength = (value: bigint): number => (value > 0n ? value.toString(2).length : 0);
