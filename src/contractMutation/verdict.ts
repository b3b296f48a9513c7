/**
 * refused: it does not compile. same: its code is the original's. killed: a test fails. late: the tests do not end.
 * equivalent: no test fails, and the code as it is deployed is the original's. survived: no test fails.
 */
export type Fate = "refused" | "same" | "killed" | "late" | "equivalent" | "survived";

export interface Verdict {
  readonly fate: Fate;
  /** The test that failed, and what it said. */
  readonly test?: FailedTest;
}

export interface FailedTest {
  readonly file: string;
  readonly title: string;
  readonly message: string;
}
