import { z } from "zod";

/** What a report shows of what `audit --json` writes; more may stand there. */
export const AuditTables = z.object({
  ok: z.boolean(),
  /** Versions of what was run, by name. */
  tools: z.record(z.string(), z.string()),
  trusted: z.array(z.object({ what: z.string(), why: z.string() })),
  models: z.array(
    z.object({
      model: z.string(),
      setup: z.string(),
      network: z.string().nullable(),
      ok: z.boolean(),
      rows: z.array(
        z.object({
          link: z.string(),
          recomputed: z.string(),
          compared: z.string(),
          claimed: z.string(),
          ok: z.boolean(),
        }),
      ),
    }),
  ),
});

export type AuditTables = z.infer<typeof AuditTables>;
