import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { z } from "zod";
import { parseJsonFile } from "../jsonFile.ts";
import type { HeldOutSample } from "../model/heldOut.ts";

const PIXELS = 28 * 28;
const PIXEL_MAX = 255;
const CLASSES = 10;

const ClassFile = z.object({ data: z.array(z.number().min(0).max(1)).min(PIXELS) });

/**
 * The 10,000 MNIST digits of the development dependency `mnist`, all zeros first; null where it is not installed. Most of
 * them are training digits of the shipped LeNet: good to compare two programs on, not to measure accuracy.
 */
export async function mnistDigits(): Promise<HeldOutSample[] | null> {
  const folder = packageFolder();
  if (folder === null) return null;
  const digits: HeldOutSample[] = [];
  for (let label = 0; label < CLASSES; label++) {
    const { data } = await parseJsonFile(join(folder, "src", "digits", `${label}.json`), ClassFile);
    // The package divides by 255 and cuts to three decimals; rounding restores the integer.
    const pixels = data.map((share) => Math.round(share * PIXEL_MAX));
    for (let start = 0; start < pixels.length; start += PIXELS) {
      digits.push({ row: pixels.slice(start, start + PIXELS), truth: label });
    }
  }
  return digits;
}

function packageFolder(): string | null {
  try {
    return dirname(createRequire(import.meta.url).resolve("mnist/package.json"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND") return null;
    throw error;
  }
}
