import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { bundleForBrowser } from "../../src/packaging/bundle.ts";

/** What Node has for every module and browsers have not. `require` is bundled; `global` ethers looks for after `self`. */
const NODE_GLOBALS = ["Buffer", "process", "__dirname", "setImmediate"];
/** Names that occur nowhere else, one in place of each use of Node's. */
const RENAMED = Object.fromEntries(NODE_GLOBALS.map((name) => [name, `nodesOwn_${name}`]));

/** The globals of Node that a module and all that it imports use. */
async function usedBy(entry: string): Promise<string[]> {
  const text = await bundleForBrowser(entry, { format: "esm", rename: RENAMED });
  return NODE_GLOBALS.filter((name) => text.includes(RENAMED[name]));
}

describe("the entry for browsers", () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tollgate-bundle-"));
  });
  after(() => rm(folder, { recursive: true }));

  async function written(name: string, text: string): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, text);
    return path;
  }

  for (const entry of ["src/entries/browser.ts", "src/entries/statement.ts", "src/browser/page/page.ts"]) {
    it(`needs nothing of Node: ${entry}`, async () => {
      expect(await usedBy(entry)).to.deep.equal([]);
    });
  }

  it("would be caught using a global of Node", async () => {
    const uses = NODE_GLOBALS.map((name, index) => `export const use${index} = ${name}("a");`);
    expect(await usedBy(await written("uses.ts", uses.join("\n")))).to.deep.equal(NODE_GLOBALS);
  });

  it("would be caught importing a module of Node", async () => {
    const path = await written("imports.ts", `export { readFile } from "node:fs/promises";`);
    const error: unknown = await usedBy(path).catch((caught: unknown) => caught);
    expect(String(error)).to.contain(`Could not resolve "node:fs/promises"`);
  });
});
