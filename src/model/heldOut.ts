import { z } from "zod";
import { parseJsonFile } from "../jsonFile.ts";
import { projectPath } from "../paths.ts";

/** A held-out sample: real pixel values and the class they show. */
export interface HeldOutSample {
  readonly pixels: readonly number[];
  readonly label: number;
}

const HeldOut = z.object({ input_data: z.array(z.array(z.number())).min(2), labels: z.array(z.int()) });

/** The held-out samples of a shipped classifier. */
export async function readHeldOut(model: string): Promise<HeldOutSample[]> {
  const { input_data, labels } = await parseJsonFile(
    projectPath(`circuits/models/${model}/samples/held-out.json`),
    HeldOut,
  );
  return input_data.map((pixels, index) => ({ pixels, label: labels[index] }));
}
