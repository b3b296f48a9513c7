import { z } from "zod";
import { InputError } from "../errors.ts";
import { parseJsonFile } from "../jsonFile.ts";
import { projectPath } from "../paths.ts";

/** A held-out sample: real pixel values and the class they show. */
export interface Digit {
  readonly pixels: readonly number[];
  readonly label: number;
}

const HeldOut = z.object({ input_data: z.array(z.array(z.number())).min(2), labels: z.array(z.int()) });

/** The held-out samples of a shipped classifier. */
export async function readHeldOut(model: string): Promise<Digit[]> {
  const { input_data, labels } = await parseJsonFile(
    projectPath(`circuits/models/${model}/samples/held-out.json`),
    HeldOut,
  );
  return input_data.map((pixels, index) => ({ pixels, label: labels[index] }));
}

/** The held-out digit of a number counted from 1, and one that shows something else. */
export async function readDigits(model: string, number: number): Promise<{ digit: Digit; other: Digit }> {
  const digits = await readHeldOut(model);
  const digit = digits[number - 1];
  if (digit === undefined) throw new InputError(`--digit: got ${number}, want 1 to ${digits.length}`);
  const other = digits.find(({ label }) => label !== digit.label)!;
  return { digit, other };
}
