import { readFileSync, readdirSync } from "node:fs";
import { expect } from "chai";
import { projectPath } from "../../src/paths.ts";

const read = (path: string): string => readFileSync(projectPath(path), "utf8");
const ROWS = read("docs/invariants.md")
  .split("\n")
  .filter((line) => /^\| \d\d /.test(line))
  .map((line) => {
    const [, id, , test] = line.split("|").map((cell) => cell.trim());
    return { id, test };
  });
const FILES = ["test/contracts", "test/invariants"].flatMap((folder) =>
  readdirSync(projectPath(folder), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.(ts|sol)$/.test(file))
    .map((file) => `${folder}/${file}`),
);
/** Of every test: its name, its file, and the number in it. */
const TESTS = FILES.flatMap((file) =>
  [...read(file).matchAll(/function (\w*invariant_(\d\d)_\w+)|it\("[^"]*\(invariant (\d\d)\)"/g)].map(
    ([, name, solidityId, titleId]) => ({ id: solidityId ?? titleId, test: `\`${name ?? file}\`` }),
  ),
);

describe("docs/invariants.md", () => {
  it("numbers its rows from 1 to 27", () => {
    const ids = new Set(ROWS.map(({ id }) => Number(id)));
    expect([...ids]).to.deep.equal(Array.from({ length: 27 }, (_, index) => index + 1));
  });

  it("names exactly the tests that carry a number, each with its own", () => {
    const named = ROWS.filter(({ test }) => !test.startsWith("later: with "));
    const order = (rows: { id: string; test: string }[]) => rows.map(({ id, test }) => `${id} ${test}`).sort();
    expect(order(TESTS)).to.deep.equal(order(named));
  });
});
