import { oneLine } from "../../src/errors.ts";
import type { KeyReport } from "../../src/setup/phase2/checkKey.ts";
import { formatTable } from "./table.ts";

/** Every check, every contribution and the powers of tau. Names in them come from files: no control character is let through. */
export function describeKeyReport({ checks, contributions, ptau }: KeyReport): string {
  const rows = checks.map(({ name, ok, detail }) => [name, ok ? "ok" : "NOT OK", oneLine(detail)]);
  const makers = contributions.map(({ type, name, hash }, index) => [
    oneLine(`#${index + 1} ${name}`),
    type,
    hash.slice(0, 32),
  ]);
  const vouched = ptau.pinned ?? "UNTRUSTED: whoever made the file may know its secrets";
  return [
    formatTable([["check", "", "found"], ...rows]),
    ...(makers.length === 0 ? [] : [formatTable([["contribution", "", "hash, first 16 bytes"], ...makers])]),
    `  powers of tau: 2^${ptau.power}, sha256 ${ptau.sha256}, ${vouched}`,
  ].join("\n");
}
