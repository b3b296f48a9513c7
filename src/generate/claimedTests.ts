import { readFileSync, readdirSync } from "node:fs";
import { projectPath } from "../paths.ts";

/** A class of bugs that docs/threat-model.md numbers. */
export interface BugClass {
  readonly id: string;
  readonly what: string;
  readonly defence: string;
  /** Links to the files that hold the defence, as the page has them. */
  readonly where: string;
  /** Whether what it could break exists. */
  readonly built: boolean;
}

/** A row of docs/invariants.md. */
export interface Invariant {
  /** Heading that it stands under: a number stands once for each vault. */
  readonly section: string;
  readonly id: string;
  readonly what: string;
  /** Name of the test in Solidity, or path of the file whose test has the number in its title. */
  readonly test: string;
}

/** A test, or a group of tests, whose name carries ids of bug classes or the number of an invariant. */
export interface ClaimedTest {
  /** Path from the project's top. */
  readonly file: string;
  readonly name: string;
  readonly classes: readonly string[];
  readonly invariant: string | undefined;
}

const CLASS = "[ZEA]\\d+[a-z]?";
/** Ids in brackets in a title: "(Z6)" or "(Z5, Z10)". */
const IN_TITLE = new RegExp(` \\((${CLASS}(?:, ${CLASS})*)\\)`);
/** Ids in the name of a test in Solidity: `test_E8_…`. */
const IN_NAME = new RegExp(`^test(?:Fuzz)?_(${CLASS})_`);
const INVARIANT_IN_TITLE = / \(invariant (\d\d)\)/;
const INVARIANT_IN_NAME = /(?:^|_)invariant_(\d\d)_/;

/** The bug classes of the page, in its order. */
export const bugClasses = (threatModel: string): BugClass[] =>
  rowsOf(threatModel, new RegExp(`^\\| (${CLASS}) `)).map(([id, what, defence, where]) => ({
    id,
    what,
    defence,
    where,
    built: !defence.startsWith("not built"),
  }));

/** The invariants of the page, in its order. */
export const invariants = (page: string): Invariant[] =>
  page.split(/^## /m).flatMap((part) => {
    const section = part.slice(0, part.indexOf("\n"));
    return rowsOf(part, /^\| \d\d /).map(([id, what, test]) => ({ section, id, what, test: test.replaceAll("`", "") }));
  });

/** Cells of the rows of Markdown tables that match, without the outer bars. */
const rowsOf = (text: string, row: RegExp): string[][] =>
  text
    .split("\n")
    .filter((line) => row.test(line))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

/** All tests of the project whose names carry an id, by file and place. */
export function claimedTests(): ClaimedTest[] {
  const files = readdirSync(projectPath("test"), { recursive: true, encoding: "utf8" });
  return files
    .filter((file) => /\.(ts|sol)$/.test(file))
    .map((file) => `test/${file.replaceAll("\\", "/")}`)
    .sort()
    .flatMap((file) => claimedTestsIn(file, readFileSync(projectPath(file), "utf8")));
}

/** The tests of one file whose names carry an id. */
export const claimedTestsIn = (file: string, text: string): ClaimedTest[] =>
  (file.endsWith(".sol") ? solidityNames(text).map(ofName) : titlesIn(text).map(ofTitle))
    .filter(({ classes, invariant }) => classes.length > 0 || invariant !== undefined)
    .map((test) => ({ file, ...test }));

const solidityNames = (text: string): string[] =>
  [...text.matchAll(/function ((?:test|invariant)\w+)/g)].map(([, name]) => name);

/** Titles of `describe` and `it`; what a template puts into them is left open. */
const titlesIn = (text: string): string[] =>
  [...text.matchAll(/\b(?:describe|it)\(\s*(["'`])((?:\\.|(?!\1)[^\\])*)\1/g)].map(([, , title]) =>
    title.replace(/\$\{(?:[^{}]|\{[^}]*\})*\}/g, "…"),
  );

const ofName = (name: string): Omit<ClaimedTest, "file"> => ({
  name: `\`${name}\``,
  classes: [name.match(IN_NAME)?.[1]].filter((id) => id !== undefined),
  invariant: name.match(INVARIANT_IN_NAME)?.[1],
});

const ofTitle = (title: string): Omit<ClaimedTest, "file"> => ({
  name: title.replace(IN_TITLE, "").replace(INVARIANT_IN_TITLE, "").replace(/,$/, ""),
  classes: title.match(IN_TITLE)?.[1].split(", ") ?? [],
  invariant: title.match(INVARIANT_IN_TITLE)?.[1],
});
