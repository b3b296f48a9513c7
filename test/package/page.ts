import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import type { Browser, Page } from "playwright-core";
import type { ClaimFiles } from "../../src/browser/checkClaim.ts";
import { renderPage } from "../../src/packaging/renderPage.ts";
import { CASES, proveDigit, type ProvenFiles } from "./claimCases.ts";
import { startChromium } from "./chromium.ts";

/** What the commands call the files. */
const NAMES: Record<keyof ClaimFiles, string> = {
  claim: "digit.json",
  graph: "graph.json",
  vkey: "vkey.json",
  lock: "lock.json",
  opening: "digit.json.opening",
};

const PASSED = "✔ passed";
const FAILED = "✘ failed";
const NOT_DONE = "– not checked";

/** What the page shows. */
interface Shown {
  readonly verdict: string;
  readonly warning: string;
  readonly facts: string;
  /** Result, title and detail by the check's id. */
  readonly checks: Record<string, string[]>;
  readonly milliseconds: number;
}

describe("the page that verifies a claim", () => {
  let folder: string;
  let browser: Browser;
  let page: Page;
  let proven: ProvenFiles;
  const requests: string[] = [];
  const errors: string[] = [];

  before(async function () {
    const started = await startChromium();
    if ("reasons" in started) {
      console.warn(`    NOT RUN, no browser could be started:\n    ${started.reasons.join("\n    ")}`);
      this.skip();
    }
    browser = started.browser;
    console.log(`    in ${started.name}, version ${browser.version()}`);
    folder = await mkdtemp(join(tmpdir(), "tollgate-page-"));
    await writeFile(join(folder, "verify.html"), await renderPage());
    proven = await proveDigit();
    page = await browser.newPage();
    page.on("request", (request) => requests.push(request.url()));
    page.on("pageerror", (error) => errors.push(String(error)));
    page.on("console", (message) => errors.push(message.text()));
  });

  after(async () => {
    await browser?.close();
    if (folder !== undefined) await rm(folder, { recursive: true });
  });

  const url = () => pathToFileURL(join(folder, "verify.html")).href;

  const payload = (files: ClaimFiles) =>
    Object.entries(files).map(([role, text]) => ({
      name: NAMES[role as keyof ClaimFiles],
      mimeType: "application/json",
      buffer: Buffer.from(text),
    }));

  /** Chooses files on a fresh page and reads what it shows. */
  async function choose(files: ClaimFiles): Promise<Shown> {
    await page.goto(url());
    await page.setInputFiles("#files", payload(files));
    return shown();
  }

  async function shown(): Promise<Shown> {
    await page.waitForSelector("#report:not([hidden])");
    const rows = await page.locator("#checks tr").all();
    const checks: Record<string, string[]> = {};
    for (const row of rows) checks[(await row.getAttribute("id"))!.slice(6)] = await row.locator("td").allInnerTexts();
    return {
      verdict: await page.innerText("#verdict"),
      warning: await page.locator("#warning").innerText(),
      facts: await page.innerText("#facts"),
      checks,
      milliseconds: Number(await page.getAttribute("#report", "data-milliseconds")),
    };
  }

  /** Red, green and blue of the results of one kind. */
  async function colours(state: string): Promise<number[][]> {
    const cells = `[...document.querySelectorAll("#checks .${state}")]`;
    const found = (await page.evaluate(`${cells}.map((cell) => getComputedStyle(cell).color)`)) as string[];
    expect(found).to.not.deep.equal([]);
    return found.map((colour) => colour.match(/\d+/g)!.map(Number));
  }

  const resultsOf = ({ checks }: Shown, result: string) =>
    Object.entries(checks).flatMap(([id, [state]]) => (state === result ? [id] : []));

  it("shows a proven claim: model, commitment, output and every check passed", async () => {
    const report = await choose(proven.files);
    console.log(`    the first verification after load took ${report.milliseconds.toFixed(0)} ms in the page`);
    expect(report.verdict).to.equal("✔ Proven");
    expect(Object.keys(report.checks)).to.have.length(8);
    expect(resultsOf(report, PASSED)).to.deep.equal(Object.keys(report.checks));
    expect(report.facts).to.contain("digits-mlp");
    expect(report.facts).to.contain((JSON.parse(proven.files.claim) as { inputCommitment: string }).inputCommitment);
    expect(report.facts).to.match(new RegExp(`Output label\\s+${proven.truth}(\\s|$)`));
    expect(report.warning).to.contain("everybody can prove anything");
  });

  it("tells good from bad by colour as well as by words: green, red", async () => {
    await choose(proven.files);
    for (const [red, green] of await colours("passed")) expect(green).to.be.above(red);
    await choose(CASES[0].change(proven));
    for (const [red, green] of await colours("failed")) expect(red).to.be.above(green);
  });

  it("takes files that are dropped", async () => {
    await page.goto(url());
    const { opening: _, ...files } = proven.files;
    const texts = JSON.stringify(payload(files).map(({ name, buffer }) => [name, buffer.toString()]));
    const data = await page.evaluateHandle(`
      const transfer = new DataTransfer();
      for (const [name, text] of ${texts}) transfer.items.add(new File([text], name));
      transfer`);
    await page.dispatchEvent("#drop", "drop", { dataTransfer: data });
    expect((await shown()).verdict).to.equal("✔ Proven");
  });

  for (const { name, change, failed } of CASES) {
    it(`shows ${name} in red, at the check that is about it`, async () => {
      const report = await choose(change(proven));
      expect(report.verdict).to.equal("✘ Not proven");
      expect(resultsOf(report, FAILED)).to.deep.equal(failed);
      const done = [...resultsOf(report, PASSED), ...resultsOf(report, NOT_DONE), ...failed];
      expect(done).to.have.members(Object.keys(report.checks));
      expect(report.facts).to.not.match(/Output label\n/);
    });
  }

  it("shows what files say as text", async () => {
    const graph = proven.files.graph.replace(`"name":"digits-mlp"`, `"name":"<img src=x onerror=alert(1)>"`);
    await choose({ ...proven.files, graph, claim: `<script>document.title = "owned"</script>` });
    expect(await page.locator("#report img, #report script").count()).to.equal(0);
    expect(await page.title()).to.equal("Tollgate: verify a claim");
  });

  it("loads nothing, sends nothing and reports no error", () => {
    expect(new Set(requests)).to.deep.equal(new Set([url()]));
    expect(errors).to.deep.equal([]);
  });
});
