import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { expect } from "chai";
import { gasReport } from "../../src/gas/gasReport.ts";
import { compileModel, emitModel } from "../../src/model/compileModel.ts";
import { quantiseModel, readGraph } from "../../src/model/importModel.ts";
import { readModelFiles } from "../../src/model/modelFiles.ts";
import { setupModel } from "../../src/model/setupModel.ts";
import { projectPath } from "../../src/paths.ts";
import type { AuditTables } from "../../src/report/auditTable.ts";
import { jobLife, jobStates } from "../../src/report/jobLife.ts";
import { type ModelFigures, modelFigures } from "../../src/report/modelFigures.ts";
import { type ReportFigures, reportPage } from "../../src/report/reportPage.ts";
import { runTollgate } from "../cli/runTollgate.ts";

const read = (path: string): string => readFileSync(projectPath(path), "utf8");
const STATES = jobStates(read("contracts/types/Job.sol"));
const ADR = read("docs/adr/0001-statement-job-and-storage.md");
const GAS = gasReport(JSON.parse(read("test/gas/snapshot.json")));
const HASH = `0x${"ab".repeat(32)}`;

const lives = (states = STATES, adr = ADR) => [
  { title: "Without a bond", life: jobLife(states, adr, false) },
  { title: "With a bond", life: jobLife(states, adr, true) },
];

async function digitsFigures(): Promise<ModelFigures> {
  const cacheRoot = projectPath("build/cache");
  const files = await readModelFiles(projectPath("circuits/models/digits-mlp"));
  const { graph } = quantiseModel(files, await readGraph(files, {}), {});
  return modelFigures(files, await setupModel(await compileModel(emitModel(graph), cacheRoot), cacheRoot));
}

/** An audit whose second row differs, with text that would be markup. */
const AUDIT: AuditTables = {
  ok: false,
  tools: { circom2: "0.2.23" },
  trusted: [{ what: "circom", why: "it wrote the r1cs" }],
  models: [
    {
      model: "digits-mlp",
      setup: "dealer",
      network: null,
      ok: false,
      rows: [
        { link: "model.onnx → graph.json", recomputed: HASH, compared: "lock.json", claimed: HASH, ok: true },
        { link: "r1cs → key", recomputed: HASH, compared: "<b>", claimed: `0x${"cd".repeat(32)}`, ok: false },
      ],
    },
  ],
};

/** Throws an Error where tags do not nest. Every element is closed, empty ones by themselves. */
function expectWellFormed(page: string): void {
  const open: string[] = [];
  const body = page.replace(/^<!doctype html>\n/, "").replace(/<style>[^<]*<\/style>/, "");
  for (const [tag, slash, name, attributes] of body.matchAll(/<(\/?)([a-z0-9]*)((?:\s+[\w-]+="[^"<]*")*)\s*\/?>/gi)) {
    if (slash === "/") expect(open.pop(), tag).to.equal(name);
    else if (!tag.endsWith("/>")) open.push(name);
    const names = [...attributes.matchAll(/([\w-]+)=/g)].map(([, attribute]) => attribute);
    expect(new Set(names).size, tag).to.equal(names.length);
  }
  expect(open).to.deep.equal([]);
  // What is left without tags and references is text, and has no sign of either.
  const text = body.replace(/<\/?[a-z0-9]*(?:\s+[\w-]+="[^"<]*")*\s*\/?>/gi, "").replace(/&#\d+;/g, "");
  expect(text).to.not.match(/[<>&]/);
}

describe("the page of figures", () => {
  let figures: ReportFigures;
  let page: string;

  before(async () => {
    const models = [await digitsFigures()];
    figures = { commit: "0".repeat(40), day: "2026-01-31", models, gas: GAS, audit: AUDIT, lives: lives() };
    page = reportPage(figures);
  });

  it("holds what was measured: models, gas, every row of the audit", () => {
    const [{ constraints, commitment, seconds, heldOut }] = figures.models;
    expect(constraints.total).to.be.greaterThan(commitment);
    for (const value of [constraints.total, constraints.nonlinear, commitment, heldOut.samples]) {
      expect(page).to.include(`<dd>${value.toLocaleString("en-US")}</dd>`);
    }
    expect(page).to.include(`<dd>${seconds.prove.toFixed(2)} s</dd>`);
    expect(heldOut.kind === "labels" && heldOut.agreement).to.equal(1);
    expect(page).to.include("<dd>100.00 %</dd>");
    for (const [key, { gas, floor }] of Object.entries(GAS)) {
      expect(page).to.include(`<code>${key}</code></td><td class="number">${gas.toLocaleString("en-US")}</td>`);
      if (floor !== null) expect(page).to.include(`<td class="number">${(gas / floor).toFixed(3)}</td>`);
    }
    expect(page).to.include("<td>circom</td><td>it wrote the r1cs</td>").and.to.include("Run with circom2 0.2.23.");
    expect(page.match(/✓ equal/g)).to.have.lengthOf(1);
    // The row and its model.
    expect(page.match(/✗ differs/g)).to.have.lengthOf(2);
    expect(page)
      .to.include(`claimed <code>0x${"cd".repeat(32)}</code>`)
      .and.to.include("<td>&#60;b&#62;</td>");
  });

  it("says that there was no audit, or why it did not end", () => {
    expect(reportPage({ ...figures, audit: null })).to.include("Left out of this report.");
    expect(reportPage({ ...figures, audit: "exit code 1" })).to.include("The audit did not end: exit code 1");
  });

  it("is well formed, which the check of it can deny", () => {
    expectWellFormed(page);
    expect(() => expectWellFormed(page.replace("</table>", ""))).to.throw();
    expect(() => expectWellFormed(page.replace("✓ equal", "a < b"))).to.throw();
  });

  it("loads nothing and runs nothing", () => {
    expect(page).to.include("content=\"default-src 'none'; style-src 'unsafe-inline'\"");
    expect(page).to.not.match(
      /<(script|link|img|iframe|object|embed|base|form)\b|\b(src|srcset|on\w+)=|url\(|@import/i,
    );
    const targets = [...page.matchAll(/href="([^"]*)"/g)].map(([, target]) => target);
    expect(targets).to.deep.equal(["#models", "#gas", "#audit", "#job"]);
    expect(page.replaceAll(/<!--.*?-->/g, "")).to.not.match(/\w+:\/\//);
  });

  it("draws every state of the contract, and the moves of ADR-0001 by kind of job", () => {
    const [plain, bonded] = figures.lives.map(({ life }) => life);
    expect(STATES).to.deep.equal(["None", "Funded", "Accepted", "Settled", "Refunded", "Revoked"]);
    expect(bonded.states).to.deep.equal(STATES);
    expect(plain.states).to.deep.equal(STATES.filter((state) => state !== "Accepted"));
    const moves = ({ transitions }: typeof plain) => transitions.map(({ from, call, to }) => `${from} ${call} ${to}`);
    const opening = ["None open Funded", "None revoke Revoked"];
    const closing = (from: string) => [`${from} settle Settled`, `${from} refund Refunded`, `${from} cancel Refunded`];
    expect(moves(plain)).to.have.members([...opening, ...closing("Funded")]);
    const accepting = ["Funded accept Accepted", "Funded refund Refunded", "Funded cancel Refunded"];
    expect(moves(bonded)).to.have.members([...opening, ...accepting, ...closing("Accepted")]);
    for (const state of STATES) expect(page).to.include(`class="name">${state}</text>`);
  });

  it("cannot be drawn of states that contract and ADR-0001 do not share", () => {
    expect(() => lives([...STATES, "Disputed"])).to.throw("no row leads to Disputed");
    expect(() => lives(STATES.filter((state) => state !== "Revoked"))).to.throw("Revoked is no state of");
    expect(() => lives(STATES, "# none")).to.throw("no table begins with");
  });

  it("is asked for without what is a model's, and a model without what is the page's", async () => {
    const cases: [args: string[], message: RegExp][] = [
      [["--weight-bits", "8"], /^error: report: --weight-bits needs a model\n$/],
      [["digits-mlp", "--out", "a.html"], /^error: report digits-mlp: --out and --audit are for the page .*\n$/],
      [["--audit", projectPath("package.json")], /^error: .*package\.json: ok: Invalid input.*\n$/],
    ];
    const table = await runTollgate(tmpdir(), "report", "digits-mlp");
    expect(table.stdout).to.match(/Linear/);
    expect(table.code).to.equal(0);
    const results = await Promise.all(cases.map(([args]) => runTollgate(tmpdir(), "report", ...args)));
    for (const [index, [args, message]] of cases.entries()) {
      expect(results[index].stderr, args.join(" ")).to.match(message);
      expect(results[index].code).to.equal(2);
    }
  });
});
