/** What a client says of waiting in a Prefer header (RFC 7240). */
export interface Preference {
  readonly milliseconds: number;
  /** What was followed, for Preference-Applied. */
  readonly applied?: string;
}

/** `respond-async` waits for nothing; `wait=N` as many seconds as the client says, `longest` at most. */
export function preferenceIn(header: string | undefined, byDefault: number, longest: number): Preference {
  const preferences = (header ?? "").split(",").map((preference) => preference.split(";")[0].trim().toLowerCase());
  if (preferences.includes("respond-async")) return { milliseconds: 0, applied: "respond-async" };
  const wait = preferences
    .map((preference) => /^wait\s*=\s*"?(\d{1,6})"?$/.exec(preference))
    .find((match) => match !== null);
  if (!wait) return { milliseconds: byDefault * 1000 };
  const seconds = Math.min(Number(wait[1]), longest);
  return { milliseconds: seconds * 1000, applied: `wait=${seconds}` };
}
