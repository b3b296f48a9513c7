import { InputError } from "../errors.ts";
import { readHeldOut, type HeldOutSample } from "../model/heldOut.ts";

/** A held-out picture of a digit. */
export type Digit = HeldOutSample;

/** The held-out digit of a number counted from 1, and one that shows something else. */
export async function readDigits(model: string, number: number): Promise<{ digit: Digit; other: Digit }> {
  const { samples: digits } = await readHeldOut(model);
  const digit = digits[number - 1];
  if (digit === undefined) throw new InputError(`--digit: got ${number}, want 1 to ${digits.length}`);
  const other = digits.find(({ truth }) => truth !== digit.truth)!;
  return { digit, other };
}
