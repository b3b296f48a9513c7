import { z } from "zod";
import { InputError } from "../errors.ts";
import { parseJsonFile } from "../jsonFile.ts";
import { projectPath } from "../paths.ts";

/** A held-out sample: a row of real inputs, flat and row-major, and its class or the number to be forecast. */
export interface HeldOutSample {
  readonly row: readonly number[];
  readonly truth: number;
}

export interface HeldOut {
  /** What `truth` is: classes or forecast numbers. */
  readonly kind: "labels" | "targets";
  readonly samples: readonly HeldOutSample[];
}

const HeldOutFile = z.object({
  input_data: z.array(z.array(z.number())).min(2),
  labels: z.array(z.int()).optional(),
  targets: z.array(z.number()).optional(),
});

/** The held-out samples of a shipped model. Throws InputError where they have not one label or target each. */
export async function readHeldOut(model: string): Promise<HeldOut> {
  const path = projectPath(`circuits/models/${model}/samples/held-out.json`);
  const { input_data, labels, targets } = await parseJsonFile(path, HeldOutFile);
  const truths = labels ?? targets ?? [];
  if (truths.length !== input_data.length) {
    throw new InputError(`${path}: ${truths.length} labels or targets for ${input_data.length} rows, want one each`);
  }
  return {
    kind: labels === undefined ? "targets" : "labels",
    samples: input_data.map((row, index) => ({ row, truth: truths[index] })),
  };
}
