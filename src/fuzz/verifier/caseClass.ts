import type { Draw } from "./draw.ts";
import type { Facts } from "./facts.ts";
import type { Forms } from "./forms.ts";
import type { FuzzKey } from "./keys.ts";
import type { Verdicts } from "./verdicts.ts";

/** What the judges are given and what each must say. */
export interface Case {
  readonly facts: Facts;
  readonly wanted: Verdicts;
  /** Forms that differ from what the facts alone would give. */
  readonly change?: (forms: Forms) => Partial<Forms>;
}

export interface Making {
  readonly key: FuzzKey;
  readonly others: readonly FuzzKey[];
  readonly draw: Draw;
}

/** A named way to make cases. */
export interface CaseClass {
  readonly name: string;
  /** Cases of it in every hundred. */
  readonly share: number;
  readonly make: (making: Making) => Case;
}
