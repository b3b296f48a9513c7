import type { AuditRow, ModelAudit } from "./auditReport.ts";

/**
 * What the rows of an audit come to. "edited": the lock or the record contradicts everything else, and the links hold
 * without it.
 */
export interface Verdict {
  readonly kind: "sound" | "edited" | "broken";
  /** The first difference and where the others are; empty without one. */
  readonly message: string;
}

/**
 * Every link holds; or all differences are in lock.json alone, or in the deployment record alone, while files, proofs and
 * chain agree with the model; or a link is broken, and the first one is named: the later ones rest on it.
 */
export function verdictOf(rows: readonly AuditRow[]): Verdict {
  const wrong = rows.filter(({ ok }) => !ok);
  if (wrong.length === 0) return { kind: "sound", message: "" };
  const sources = new Set(wrong.map(({ source }) => source));
  const isEdited = sources.size === 1 && (sources.has("lock") || sources.has("record"));
  return { kind: isEdited ? "edited" : "broken", message: describe(wrong, isEdited) };
}

/** Of several audits the worst verdict, with a line for each model that is not sound. */
export function conclude(audits: readonly Pick<ModelAudit, "model" | "rows">[]): Verdict {
  const verdicts = audits.map(({ model, rows }) => ({ model, ...verdictOf(rows) }));
  const worst = (["broken", "edited"] as const).find((kind) => verdicts.some((verdict) => verdict.kind === kind));
  const wrong = verdicts.filter(({ kind }) => kind !== "sound");
  return { kind: worst ?? "sound", message: wrong.map(({ model, message }) => `${model}: ${message}`).join("\n") };
}

function describe(wrong: readonly AuditRow[], isEdited: boolean): string {
  const [{ link, compared, recomputed, claimed }] = wrong;
  const values = `says ${claimed}, rebuilding gives ${recomputed}`;
  const rest = wrong.slice(1).map((row) => row.compared);
  const others = rest.length === 0 ? "" : `; also ${rest.join("; ")}`;
  return isEdited ? `${compared} ${values}${others}` : `broken link ${link}: ${compared} ${values}${others}`;
}
