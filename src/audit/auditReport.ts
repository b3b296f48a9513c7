import { z } from "zod";

/** One comparison of a rebuilt value with a claim of it. */
const AuditRow = z.strictObject({
  /** Step of the way from the model file to the chain. */
  link: z.string(),
  /** What rebuilding gives; for a proof what its verifier has to say. */
  recomputed: z.string(),
  /** Where the claim stands: file and entry, entry of the deployment record, or what the chain was asked. */
  compared: z.string(),
  source: z.enum(["lock", "file", "setup", "record", "chain", "proof"]),
  claimed: z.string(),
  ok: z.boolean(),
});

const ModelAudit = z.strictObject({
  model: z.string(),
  setup: z.enum(["dealer", "self", "ceremony"]),
  /** Null where no chain was asked. */
  network: z.string().nullable(),
  keyId: z.string(),
  rows: z.array(AuditRow).min(1),
  ok: z.boolean(),
  seconds: z.number(),
});

/** What `audit --json` writes; docs/audit.schema.json is generated from this. */
export const AuditReport = z.strictObject({
  models: z.array(ModelAudit).min(1),
  ok: z.boolean(),
  /** Versions of what was run, by name. */
  tools: z.record(z.string(), z.string()),
  /** What the audit takes on trust, and why. */
  trusted: z.array(z.strictObject({ what: z.string(), why: z.string() })),
});

/** JSON schema of the report, for tools of other languages. */
export const AUDIT_SCHEMA = z.toJSONSchema(AuditReport);

export type AuditRow = z.infer<typeof AuditRow>;
export type ModelAudit = z.infer<typeof ModelAudit>;
export type AuditReport = z.infer<typeof AuditReport>;

/** A row that is in order exactly when both values are equal. */
export const compare = (
  link: string,
  source: AuditRow["source"],
  compared: string,
  { recomputed, claimed }: Pick<AuditRow, "recomputed" | "claimed">,
): AuditRow => ({ link, recomputed, compared, source, claimed, ok: recomputed === claimed });
