import type { AuditReport, AuditRow, ModelAudit } from "../../src/audit/auditReport.ts";
import { RECORD_LINK } from "../../src/audit/links.ts";
import { formatTable } from "./table.ts";

/** Characters of a value that are shown; the JSON report has all of them. */
const SHOWN = 20;

/** A line a comparison; one for all fields of a record that are what the chain says. */
export function describeAudit({ model, setup, network, rows, seconds }: ModelAudit): string {
  const head = ["link", "recomputed", "compared with", "result"];
  const fields = rows.filter(isAgreeingField);
  const lines = rows
    .filter((row) => !isAgreeingField(row) || row === fields[0])
    .map((row) =>
      row === fields[0]
        ? [row.link, `${fields.length} fields`, "record: each field, which the JSON report lists", "equal"]
        : [row.link, brief(row.recomputed), row.compared, resultOf(row)],
    );
  const where = network === null ? "" : ` on ${network}`;
  return `\n${model}${where}, setup ${setup}, ${seconds.toFixed(1)} s\n${formatTable([head, ...lines])}`;
}

const isAgreeingField = ({ link, ok }: AuditRow): boolean => ok && link === RECORD_LINK;

/** What the audit ran, and what it leaves on trust. */
export function describeTrust({ tools, trusted }: Pick<AuditReport, "tools" | "trusted">): string {
  const versions = Object.entries(tools).map(([name, version]) => `${name} ${version}`);
  return `\nRun with ${versions.join(", ")}.\nWhat remains on trust:\n${formatTable([["what", "why"], ...trusted.map(({ what, why }) => [what, why])])}`;
}

const resultOf = ({ ok, claimed }: AuditRow): string => (ok ? "equal" : `DIFFERENT: ${brief(claimed)}`);

const brief = (text: string): string => (text.length > SHOWN ? `${text.slice(0, SHOWN - 1)}…` : text);
