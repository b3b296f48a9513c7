import type { GasReport } from "../gas/gasReport.ts";
import type { AuditTables } from "./auditTable.ts";
import { escaped } from "./escaped.ts";
import type { JobLife } from "./jobLife.ts";
import { jobLifeSvg } from "./jobLifeSvg.ts";
import type { ModelFigures } from "./modelFigures.ts";
import { STYLE } from "./style.ts";

export interface ReportFigures {
  /** Commit of the sources, null outside a checkout. */
  readonly commit: string | null;
  /** Day of the measurements, as 2026-01-31. */
  readonly day: string;
  readonly models: readonly ModelFigures[];
  readonly gas: GasReport;
  /** Null where no audit was asked for; a text where it did not come to its end. */
  readonly audit: AuditTables | string | null;
  readonly lives: readonly { readonly title: string; readonly life: JobLife }[];
}

/** A cell: text, or markup that is marked as such. */
type Cell = string | { readonly html: string } | { readonly number: string };

/** One page with everything in it: no script, and nothing is loaded. */
export const reportPage = (figures: ReportFigures): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<title>Tollgate: figures</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>Tollgate</h1>
<p>Paying for machine inference only against a proof: what was measured.</p>
<p class="dim">Measured on ${escaped(figures.day)}${figures.commit === null ? "" : ` at commit <code>${escaped(figures.commit)}</code>`}. Times are this machine’s; everything else is counted.</p>
<nav><a href="#models">Models</a><a href="#gas">Gas</a><a href="#audit">Audit</a><a href="#job">Life of a job</a></nav>
</header>
<main>
${modelSection(figures.models)}
${gasSection(figures.gas)}
${auditSection(figures.audit)}
${lifeSection(figures.lives)}
</main>
<footer><p>Written by <code>npm run tollgate -- report</code>.</p></footer>
</body>
</html>
`;

const modelSection = (models: readonly ModelFigures[]): string =>
  section(
    "models",
    "Models",
    "The shipped models, with the commitment to their inputs. Witness and proof are medians of warm runs with snarkjs.",
    `<div class="cards">\n${models.map(modelCard).join("\n")}\n</div>`,
  );

function modelCard({
  name,
  title,
  constraints,
  commitment,
  outputWords,
  zkeyBytes,
  seconds,
  heldOut,
}: ModelFigures): string {
  const figures: readonly [string, string][] = [
    ["constraints", integer(constraints.total)],
    ["of them non-linear", integer(constraints.nonlinear)],
    ["for the input’s commitment", integer(commitment)],
    ["domain", `2^${constraints.domainPower}`],
    ["output words", integer(outputWords)],
    ["proving key", `${(zkeyBytes / 1e6).toFixed(1)} MB`],
    ["witness", `${seconds.witness.toFixed(2)} s`],
    ["proof", `${seconds.prove.toFixed(2)} s`],
    ...heldOutFigures(heldOut),
  ];
  const list = figures.map(([what, value]) => `<dt>${escaped(what)}</dt><dd>${escaped(value)}</dd>`).join("\n");
  return `<article>\n<h3>${escaped(name)}</h3>\n<p class="dim">${escaped(title)}</p>\n<dl>\n${list}\n</dl>\n</article>`;
}

/** What integer program and float model say of samples that no training saw. */
function heldOutFigures(figures: ModelFigures["heldOut"]): [string, string][] {
  const samples: [string, string] = ["held-out samples", integer(figures.samples)];
  if (figures.kind === "labels") {
    const { integer: own, float, agreement } = figures;
    return [
      samples,
      ["labels equal to the float model’s", percent(agreement)],
      ["labels right", percent(own)],
      ["float model’s labels right", percent(float)],
    ];
  }
  const { integerRmse, floatRmse, maxDifference } = figures;
  return [
    samples,
    ["root mean squared error", decimal(integerRmse)],
    ["float model’s", decimal(floatRmse)],
    ["greatest distance from the float model", decimal(maxDifference)],
  ];
}

function gasSection(gas: GasReport): string {
  const most = Math.max(...Object.values(gas).map((entry) => entry.gas));
  const rows = Object.entries(gas).map(([key, { gas: used, floor }]): Cell[] => [
    { html: `<code>${escaped(key)}</code>` },
    { number: integer(used) },
    { number: floor === null ? "–" : integer(floor) },
    { number: floor === null ? "–" : (used / floor).toFixed(3) },
    { html: bar(used / most, (floor ?? 0) / most) },
  ]);
  return section(
    "gas",
    "Gas",
    "Of an item, in whole transactions but for verify, which is the registry’s own frame; on EDR with osaka’s rules. The floor is what the EVM’s precompiles alone charge for the proof: the dark part of each bar.",
    table(["operation", "gas", "floor", "gas / floor", ""], rows),
  );
}

/** Shares of the greatest width. */
const bar = (all: number, part: number): string =>
  `<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="all" width="${(100 * all).toFixed(1)}" height="8"/><rect class="part" width="${(100 * part).toFixed(1)}" height="8"/></svg>`;

function auditSection(audit: ReportFigures["audit"]): string {
  const intro =
    "From the ONNX file to the key: what was rebuilt, what it was compared with, and whether both are equal.";
  if (audit === null) return section("audit", "Audit", "Left out of this report.", "");
  if (typeof audit === "string") {
    return section("audit", "Audit", intro, `<p class="broken">The audit did not end: ${escaped(audit)}</p>`);
  }
  const tables = audit.models.map(({ model, setup, network, rows, ok }) => {
    const chain = network === null ? "no chain compared" : `compared with ${network}`;
    const title = `<h3>${escaped(model)} <span class="dim">setup ${escaped(setup)}, ${escaped(chain)}</span> ${mark(ok)}</h3>`;
    const cells = rows.map((row): Cell[] => [
      row.link,
      { html: row.ok ? code(row.recomputed) : `${code(row.recomputed)}<br/>claimed ${code(row.claimed)}` },
      row.compared,
      { html: mark(row.ok) },
    ]);
    return `${title}\n${table(["link", "recomputed", "compared with", "result"], cells)}`;
  });
  return section("audit", "Audit", intro, [...tables, trustOf(audit)].join("\n"));
}

function trustOf({ tools, trusted }: AuditTables): string {
  const versions = Object.entries(tools).map(([name, version]) => `${name} ${version}`);
  const rows = trusted.map(({ what, why }): Cell[] => [what, why]);
  return `<h3>What it takes on trust</h3>\n${table(["what", "why"], rows)}\n<p class="dim">Run with ${escaped(versions.join(", "))}.</p>`;
}

const code = (text: string): string => `<code>${escaped(text)}</code>`;

/** Told without colour too. */
const mark = (ok: boolean): string =>
  ok ? '<span class="ok">✓ equal</span>' : '<span class="broken">✗ differs</span>';

function lifeSection(lives: ReportFigures["lives"]): string {
  const pictures = lives.map(({ title, life }) => {
    const rows = life.transitions.map(({ from, call, by, when, to }): Cell[] => [
      from,
      { html: `<code>${escaped(call)}</code> ${escaped(by)}` },
      when,
      to,
    ]);
    return `<div><h3>${escaped(title)}</h3>\n${jobLifeSvg(life, title)}\n${table(["state", "call", "when", "then"], rows)}</div>`;
  });
  return section(
    "job",
    "Life of a job",
    "States of the contract’s JobState, moves of ADR-0001. A state with a bold frame never changes again.",
    `<div class="lives">\n${pictures.join("\n")}\n</div>`,
  );
}

const section = (id: string, title: string, intro: string, content: string): string =>
  `<section id="${id}">\n<h2>${title}</h2>\n<p class="dim">${escaped(intro)}</p>\n${content}\n</section>`;

function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  // A column of numbers has its title above them.
  const isNumber = head.map((_, column) =>
    rows.some((row) => typeof row[column] === "object" && "number" in row[column]),
  );
  const titles = head.map((title, column) => `<th${isNumber[column] ? ' class="number"' : ""}>${escaped(title)}</th>`);
  const lines = rows.map((row) => `<tr>${row.map(cellHtml).join("")}</tr>`);
  return `<div class="wide"><table>\n<thead><tr>${titles.join("")}</tr></thead>\n<tbody>\n${lines.join("\n")}\n</tbody>\n</table></div>`;
}

function cellHtml(cell: Cell): string {
  if (typeof cell === "string") return `<td>${escaped(cell)}</td>`;
  return "html" in cell ? `<td>${cell.html}</td>` : `<td class="number">${escaped(cell.number)}</td>`;
}

const integer = (value: number): string => value.toLocaleString("en-US");
const percent = (share: number | null): string => (share === null ? "–" : `${(100 * share).toFixed(2)} %`);
const decimal = (value: number | null): string => (value === null ? "–" : value.toPrecision(3));
