import type { ConstraintCounts } from "../circom/compile.ts";
import type { StoryResult } from "./story.ts";

/** What `demo --json` writes: figures of the model and of the story. Amounts become decimal strings. */
export interface DemoReport extends Omit<StoryResult, "proveSeconds"> {
  readonly model: string;
  readonly expectedLabel: number;
  readonly constraints: ConstraintCounts;
  readonly seconds: { readonly compile: number; readonly setup: number; readonly prove: number };
  /** Whether circuit and key came from the cache. */
  readonly cached: boolean;
}
