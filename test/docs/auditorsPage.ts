import { readFileSync } from "node:fs";
import { expect } from "chai";
import { AUDITORS_PAGE, auditorsPage } from "../../src/generate/auditorsPage.ts";
import {
  type BugClass,
  type ClaimedTest,
  bugClasses,
  claimedTests,
  claimedTestsIn,
  invariants,
} from "../../src/generate/claimedTests.ts";
import { projectPath } from "../../src/paths.ts";

const read = (path: string): string => readFileSync(projectPath(path), "utf8");
const CLASSES = bugClasses(read("docs/threat-model.md"));
const TESTS = claimedTests();

/** What is wrong between the classes of the threat model and the tests that name them. */
function mismatches(classes: readonly BugClass[], tests: readonly ClaimedTest[]): string[] {
  const named = new Set(tests.flatMap((test) => test.classes));
  const known = new Set(classes.map(({ id }) => id));
  return [
    ...classes.filter(({ id, built }) => built && !named.has(id)).map(({ id }) => `${id}: no test`),
    ...classes.filter(({ id, built }) => !built && named.has(id)).map(({ id }) => `${id}: a test, but not built`),
    ...[...named].filter((id) => !known.has(id)).map((id) => `${id}: a test, but no such class`),
  ];
}

/** So that the examples below are not taken for tests of this file. */
const [GROUP, TEST] = ["describe", "it"];

const numbered = (letter: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${letter}${index + 1}`);

describe("docs/auditors.md", () => {
  it("is what the pages, the constants and the names of the tests give", () => {
    expect(read(AUDITORS_PAGE), "run: npm run generate").to.equal(auditorsPage());
  });

  it("lists a test for every bug class that can occur, and every test that names one", () => {
    expect(mismatches(CLASSES, TESTS)).to.deep.equal([]);
  });

  it("would tell a class without a test, a test of an unknown class and one of what is not built", () => {
    const without = TESTS.filter(({ classes }) => !classes.includes("E13"));
    expect(mismatches(CLASSES, without)).to.deep.equal(["E13: no test"]);
    const stray = claimedTestsIn(
      "test/a.ts",
      `${TEST}("holds (Z99)", () => {}); ${TEST}("survives (Z15, E13)", () => {});`,
    );
    expect(mismatches(CLASSES, [...TESTS, ...stray])).to.deep.equal([
      "Z15: a test, but not built",
      "Z99: a test, but no such class",
    ]);
  });

  it("numbers the classes without a gap, but for E4", () => {
    const wanted = [...numbered("Z", 16), "Z6b", "Z6c", ...numbered("E", 17).filter((id) => id !== "E4")];
    expect(CLASSES.map(({ id }) => id)).to.have.members([...wanted, ...numbered("A", 9)]);
  });

  it("names the test of every invariant", () => {
    for (const { section, id, test } of invariants(read("docs/invariants.md"))) {
      const own = TESTS.filter((one) => one.invariant === id && (one.file === test || one.name === `\`${test}\``));
      expect(own, `${section} ${id}`).to.have.lengthOf(1);
    }
  });

  it("reads ids from titles and names, groups and templates included", () => {
    const text = `${GROUP}(\`of \${name({ a: 1 })} (Z5, Z6b)\`, () => {}); ${TEST}("holds, (E7) (invariant 18)", () => {});`;
    expect(claimedTestsIn("test/a.ts", text)).to.deep.equal([
      { file: "test/a.ts", name: "of …", classes: ["Z5", "Z6b"], invariant: undefined },
      { file: "test/a.ts", name: "holds", classes: ["E7"], invariant: "18" },
    ]);
    const names =
      "function test_E8_Replay() public {} function invariant_03_Stays() public {} function test_Other() {}";
    expect(claimedTestsIn("test/a.t.sol", names)).to.deep.equal([
      { file: "test/a.t.sol", name: "`test_E8_Replay`", classes: ["E8"], invariant: undefined },
      { file: "test/a.t.sol", name: "`invariant_03_Stays`", classes: [], invariant: "03" },
    ]);
  });
});
