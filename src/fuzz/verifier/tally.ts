import { ACCEPTED, JUDGES, type Judge, type Verdicts } from "./verdicts.ts";

/** Cases and what became of them. */
export interface Tally {
  readonly cases: number;
  readonly accepted: Readonly<Record<Judge, number>>;
  /** With every point on its curve and in its group. */
  readonly sound: number;
  /** Accepted by every judge. */
  readonly valid: number;
}

/** Tallies by name of class. */
export type Tallies = ReadonlyMap<string, Tally>;

/** What part of all cases must be sound, and valid, for agreement to mean something. */
export const LEAST_SHARES = { sound: 0.1, valid: 0.01 };

export function tallyOf(verdicts: Verdicts, sound: boolean): Tally {
  const accepted = recordOf((judge) => Number(verdicts[judge] === ACCEPTED));
  const valid = Number(JUDGES.every((judge) => accepted[judge] === 1));
  return { cases: 1, accepted, sound: Number(sound), valid };
}

const NOTHING: Tally = { cases: 0, accepted: recordOf(() => 0), sound: 0, valid: 0 };

const added = (a: Tally, b: Tally): Tally => ({
  cases: a.cases + b.cases,
  accepted: recordOf((judge) => a.accepted[judge] + b.accepted[judge]),
  sound: a.sound + b.sound,
  valid: a.valid + b.valid,
});

function recordOf(count: (judge: Judge) => number): Record<Judge, number> {
  return Object.fromEntries(JUDGES.map((judge) => [judge, count(judge)])) as Record<Judge, number>;
}

/** Both sums, class by class. */
export function mergeTallies(first: Tallies, second: Tallies): Map<string, Tally> {
  const merged = new Map(first);
  for (const [name, tally] of second) merged.set(name, added(merged.get(name) ?? NOTHING, tally));
  return merged;
}

export const totalOf = (tallies: Tallies): Tally => [...tallies.values()].reduce(added, NOTHING);

/** Whether enough of the cases were sound and valid. */
export function meetsShares({ cases, sound, valid }: Tally): boolean {
  return sound >= LEAST_SHARES.sound * cases && valid >= LEAST_SHARES.valid * cases;
}

/** Names of the judges in the head of the table. */
const TITLES: Record<Judge, string> = {
  verifier: "verifier",
  registry: "registry",
  numbers: "verifyProof",
  proofFiles: "proof files",
  claimFile: "claim file",
};

/** A row a class, and one for all: how many cases, accepted by whom, what part sound and valid. */
export function tallyRows(tallies: Tallies): string[][] {
  const head = ["class", "cases", ...JUDGES.map((judge) => TITLES[judge]), "on curve, in subgroup", "valid"];
  const rowOf = (name: string, { cases, accepted, sound, valid }: Tally): string[] => [
    name,
    String(cases),
    ...JUDGES.map((judge) => String(accepted[judge])),
    percent(sound / cases),
    percent(valid / cases),
  ];
  return [head, ...[...tallies].map(([name, tally]) => rowOf(name, tally)), rowOf("all", totalOf(tallies))];
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
