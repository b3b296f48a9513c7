import { readFileSync, readdirSync } from "node:fs";
import { expect } from "chai";
import { projectPath } from "../../src/paths.ts";
import { brokenLibrary, checkProperty } from "../../src/smt/checkProperty.ts";
import { PROPERTIES, harnessPath, libraryPath } from "../../src/smt/properties.ts";

const propertyOf = (name: string) => PROPERTIES.find(({ contract }) => contract === name)!;

/** The library of a property, with `before` replaced. */
function libraryWith(name: string, before: string, after: string): string {
  const text = readFileSync(projectPath(libraryPath(propertyOf(name))), "utf8");
  expect(text.split(before), before).to.have.length(2);
  return text.replace(before, after);
}

// All properties, as they are and broken, take minutes: `npm run smt`.
describe("the model checker", () => {
  const WAITS = "LaterAnnouncementsWait";

  it("proves of the real libraries that fees round down and that what was secured stays", async () => {
    const names = ["FeesRoundDown", "EarlierAnnouncementsLeaveTheSecured"];
    const verdicts = await Promise.all(names.map((name) => checkProperty(propertyOf(name))));
    for (const { result, objections } of verdicts) expect(result, objections.join("\n")).to.equal("proved");
  });

  it("refutes a royalty that rounds up, and a promise that an announcement breaks", async () => {
    const names = ["FeesRoundDown", "EarlierAnnouncementsLeaveTheSecured"];
    const verdicts = await Promise.all(
      names.map((name) => checkProperty(propertyOf(name), brokenLibrary(propertyOf(name)))),
    );
    for (const { result, refuted } of verdicts) expect([result, refuted]).to.deep.equal(["not proved", true]);
  });

  it("does not take for proved what it no longer looks at, or cannot read", async () => {
    const body = "maturesAt = announcedAt + life;";
    const unseen = libraryWith(WAITS, body, `unchecked { ${body} }`);
    const unread = libraryWith(WAITS, body, "assembly { maturesAt := add(announcedAt, life) }");
    const [fewer, unsupported] = await Promise.all(
      [unseen, unread].map((text) => checkProperty(propertyOf(WAITS), text)),
    );
    expect(fewer.result).to.equal("not proved");
    expect(fewer.objections).to.deep.equal(["4 targets were proved, want 5"]);
    expect(unsupported.result).to.equal("unsupported");
  });

  it("is shown every contract of test/smt, each is described, and has a break that fits its library", () => {
    const names = readdirSync(projectPath("test/smt")).filter((name) => name.endsWith(".sol"));
    const files = names.map((name) => `test/smt/${name}`);
    const written = files.flatMap((file) =>
      [...readFileSync(projectPath(file), "utf8").matchAll(/^contract (\w+)/gm)].map(([, name]) => `${file}:${name}`),
    );
    const listed = PROPERTIES.map((property) => `${harnessPath(property)}:${property.contract}`);
    expect(written.sort()).to.deep.equal(listed.sort());
    const page = readFileSync(projectPath("docs/invariants.md"), "utf8").split("## Proved for all numbers")[1];
    const described = [...page.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name);
    expect(described.sort()).to.deep.equal(PROPERTIES.map(({ contract }) => contract).sort());
    for (const property of PROPERTIES) expect(brokenLibrary(property)).to.include(property.breaks.after);
  });
});
