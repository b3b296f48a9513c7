import { InputError } from "../errors.ts";

/**
 * Throws InputError unless all `values` are integers that a double holds exactly, at least `least` and at most `most`;
 * `what` names them in the message.
 */
export function requireIntegers(
  what: string,
  values: readonly number[],
  least = Number.MIN_SAFE_INTEGER,
  most = Number.MAX_SAFE_INTEGER,
): void {
  for (const value of values) {
    if (!Number.isSafeInteger(value) || value < least || value > most)
      throw new InputError(`${what} ${value}: want an integer ${rangeText(least, most)}`);
  }
}

function rangeText(least: number, most: number): string {
  if (least === Number.MIN_SAFE_INTEGER && most === Number.MAX_SAFE_INTEGER) return "below 2^53";
  return most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`;
}
