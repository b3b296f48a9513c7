import type { ContractMutant } from "./mutant.ts";
import type { FailedTest } from "./verdict.ts";

/** Tests that are tried before all others. */
const FIRST = 8;

type Counts = Map<string, number>;

/** Which tests killed which mutants: those that killed a neighbour are the likeliest to kill again. */
export class KillHistory {
  readonly #titles = new Map<string, Counts>();
  readonly #files = new Map<string, Counts>();

  note({ file, member }: ContractMutant, test: FailedTest): void {
    for (const scope of [`${file} ${member}`, file]) {
      if (test.title !== "" && test.file.endsWith(".ts")) count(this.#titles, scope, test.title);
      count(this.#files, scope, test.file);
    }
  }

  /** Titles for a mutant of a member, and the order of the files. */
  orderFor({ file, member }: ContractMutant): { first: string[]; order: string[] } {
    const near = ranked(this.#titles.get(`${file} ${member}`));
    const far = ranked(this.#titles.get(file));
    return {
      first: [...new Set([...near.slice(0, FIRST), ...far.slice(0, FIRST / 2)])],
      order: ranked(this.#files.get(file)),
    };
  }
}

function count(all: Map<string, Counts>, scope: string, name: string): void {
  const counts = all.get(scope) ?? new Map<string, number>();
  all.set(scope, counts.set(name, (counts.get(name) ?? 0) + 1));
}

const ranked = (counts: Counts | undefined): string[] =>
  [...(counts ?? [])].sort(([, left], [, right]) => right - left).map(([name]) => name);
