import { FIELD, type Interval } from "./kernel.ts";

/** Bounds of one element, both included. */
export interface Bounds {
  readonly low: bigint;
  readonly high: bigint;
}

/** What constraints say of a wire where they say nothing. */
export const ANYTHING: Bounds = { low: -FIELD, high: FIELD };

/** The bounds of element `index`. */
export const boundsAt = ({ low, high }: Interval, index: number): Bounds => ({ low: low[index], high: high[index] });

export const toInterval = (elements: readonly Bounds[]): Interval => ({
  low: elements.map(({ low }) => low),
  high: elements.map(({ high }) => high),
});

export const isConstant = ({ low, high }: Bounds): boolean => low === high;

/** A wire congruent to an integer inside `bounds` is that integer only where the bounds do not reach around the field. */
export const asGuarantee = (bounds: Bounds): Bounds => (bounds.low < -FIELD || bounds.high > FIELD ? ANYTHING : bounds);

/** The least bounds around several. */
export const hullOf = (elements: readonly Bounds[]): Bounds => ({
  low: leastOf(elements.map(({ low }) => low)),
  high: greatestOf(elements.map(({ high }) => high)),
});

/** Bounds of the product of two numbers. */
export function productOf(left: Bounds, right: Bounds): Bounds {
  const corners = [left.low * right.low, left.low * right.high, left.high * right.low, left.high * right.high];
  return { low: leastOf(corners), high: greatestOf(corners) };
}

/** Bounds of a number's square. */
export function squareOf({ low, high }: Bounds): Bounds {
  const [first, second] = [low * low, high * high];
  const least = low <= 0n && high >= 0n ? 0n : leastOf([first, second]);
  return { low: least, high: greatestOf([first, second]) };
}

export const leastOf = (values: readonly bigint[]): bigint =>
  values.reduce((least, value) => (value < least ? value : least));

export const greatestOf = (values: readonly bigint[]): bigint =>
  values.reduce((greatest, value) => (value > greatest ? value : greatest));
