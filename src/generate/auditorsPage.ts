import { basename } from "node:path";
import { readFileSync } from "node:fs";
import { projectPath } from "../paths.ts";
import type { BugClass, ClaimedTest, Invariant } from "./claimedTests.ts";
import { bugClasses, claimedTests, invariants } from "./claimedTests.ts";
import { markdownTable } from "./markdownTable.ts";
import { withBlock } from "./markedBlock.ts";
import { parameterRows } from "./parameters.ts";

/** The auditor's index. */
export const AUDITORS_PAGE = "docs/auditors.md";

/** The index with its lists renewed: from the threat model, the invariants, the tests' names and the code's constants. */
export function auditorsPage(): string {
  const tests = claimedTests();
  const blocks: [name: string, content: string][] = [
    ["bug classes", bugClassTable(bugClasses(read("docs/threat-model.md")), tests)],
    ["invariants", invariantTable(invariants(read("docs/invariants.md")), tests)],
    ["parameters", markdownTable(parameterRows())],
  ];
  return blocks.reduce((page, [name, content]) => withBlock(AUDITORS_PAGE, page, name, content), read(AUDITORS_PAGE));
}

function bugClassTable(classes: readonly BugClass[], tests: readonly ClaimedTest[]): string {
  const rowOf = ({ id, what, where, built }: BugClass): string[] => {
    const own = tests.filter((test) => test.classes.includes(id));
    return [id, what, where, built ? listOf(own) : "not built"];
  };
  return markdownTable([["id", "what goes wrong", "where it is stopped", "tests"], ...classes.map(rowOf)]);
}

function invariantTable(rows: readonly Invariant[], tests: readonly ClaimedTest[]): string {
  const rowOf = ({ section, id, what, test }: Invariant): string[] => {
    const own = tests.filter(
      ({ invariant, file, name }) => invariant === id && (file === test || name === `\`${test}\``),
    );
    return [section, id, what, listOf(own)];
  };
  return markdownTable([["of", "No.", "invariant", "tests"], ...rows.map(rowOf)]);
}

/** Links to the files, each followed by the names of the tests in it. */
function listOf(tests: readonly ClaimedTest[]): string {
  const files = [...new Set(tests.map(({ file }) => file))];
  return files
    .map((file) => {
      const names = [...new Set(tests.filter((test) => test.file === file).map(({ name }) => escaped(name)))];
      return `[${basename(file)}](../${file}): ${names.join("; ")}`;
    })
    .join(" · ");
}

const escaped = (name: string): string => name.replaceAll("|", "\\|");

const read = (path: string): string => readFileSync(projectPath(path), "utf8");
