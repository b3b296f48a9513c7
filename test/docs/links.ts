import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { projectPath } from "../../src/paths.ts";

const PAGES = [
  "README.md",
  "SECURITY.md",
  ...readdirSync(projectPath("docs"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => join("docs", file)),
];

const read = (path: string): string => readFileSync(projectPath(path), "utf8");

/** The anchor of a heading, as code hosts make it. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");

const anchorsIn = (page: string): string[] => [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchorOf(heading));

/** Links of a page that lead nowhere within the project. */
function deadLinks(path: string, page: string): string[] {
  const links = [...page.matchAll(/\]\(([^()\s]+)\)/g)].map(([, link]) => link);
  return links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [file, anchor] = link.split("#");
    if (file === "") return !anchorsIn(page).includes(anchor);
    const target = join(dirname(path), file);
    if (!existsSync(projectPath(target))) return true;
    return anchor !== undefined && !anchorsIn(read(target)).includes(anchor);
  });
}

describe("links of the pages", () => {
  for (const path of PAGES) {
    it(`lead somewhere: ${path}`, () => {
      expect(deadLinks(path, read(path))).to.deep.equal([]);
    });
  }

  it("are told when they lead nowhere", () => {
    const page =
      "# A heading: here\n[a](none.md) [b](#a-heading-here) [c](#gone) [d](../README.md#map) [e](../README.md#x)";
    expect(deadLinks("docs/new.md", page)).to.deep.equal(["none.md", "#gone", "../README.md#x"]);
  });
});
