import { judge } from "./judge.ts";
import { minimise } from "./minimise.ts";
import { mutantOf } from "./mutant.ts";

/** What the worker process is told first: what mutants are made of. */
export interface Setting {
  readonly models: readonly Uint8Array[];
  readonly seed: number;
}

/** What it is told then, again and again: mutants to judge, by number. */
export interface Batch {
  readonly from: number;
  readonly to: number;
}

/** A fault of the compiler, with a small file that shows it. */
export interface Finding {
  readonly number: number;
  readonly signature: string;
  readonly detail: string;
  readonly bytes: Uint8Array;
}

/** What it answers. */
export interface Result {
  readonly accepted: number;
  readonly refused: number;
  readonly findings: readonly Finding[];
}

process.once("message", (setting: Setting) => {
  const known = new Set<string>();
  process.on("message", (batch: Batch) => process.send!(judgeAll(batch, setting, known)));
});

/** Judges mutants; of faults that are alike the first is made small. */
function judgeAll({ from, to }: Batch, { models, seed }: Setting, known: Set<string>): Result {
  const result = { accepted: 0, refused: 0, findings: [] as Finding[] };
  for (let number = from; number < to; number++) {
    const recipe = { seed, number };
    const bytes = mutantOf(models, recipe);
    const verdict = judge(bytes);
    if (verdict.kind !== "fault") {
      result[verdict.kind] += 1;
      continue;
    }
    const { signature, detail } = verdict;
    const isNew = !known.has(signature);
    known.add(signature);
    result.findings.push({ number, signature, detail, bytes: isNew ? minimise(models, recipe, verdict) : bytes });
  }
  return result;
}
