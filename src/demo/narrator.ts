/** Where a story is told: a terminal, or nothing in a test. */
export interface Narrator {
  chapter(title: string): void;
  say(line: string): void;
  /** The first row is the head. */
  table(rows: readonly (readonly string[])[]): void;
  /** Row-major pixels in [0, max]. */
  picture(pixels: readonly number[], width: number, max: number): void;
  /** Runs work that may take seconds, showing that it goes on. */
  step<Result>(title: string, work: () => Promise<Result>, describe: (result: Result) => string): Promise<Result>;
}
