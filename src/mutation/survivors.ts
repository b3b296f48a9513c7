/** A mutant that is neither killed nor proven equivalent, and why it is harmless. */
interface Survivor {
  readonly file: string;
  readonly before: string;
  readonly after: string;
  readonly reason: string;
}

export const SURVIVORS: readonly Survivor[] = [];
