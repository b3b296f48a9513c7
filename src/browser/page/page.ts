import { z } from "zod";
import { checkClaim, type Check, type ClaimFiles, type ClaimReport, type FileRole } from "../checkClaim.ts";
import { roleOf } from "./fileRole.ts";

// Its schemas would compile themselves, which the page's policy forbids.
z.config({ jitless: true });

/** Results in words and signs, so that nothing depends on colour. */
const RESULT: Readonly<Record<Check["state"], string>> = {
  passed: "✔ passed",
  failed: "✘ failed",
  notDone: "– not checked",
};

const DEALER_WARNING =
  "This is a development key: its secrets are public and everybody can prove anything under it. " +
  "It is for chain 31337 only.";

/** Outputs and inputs of more numbers are cut. */
const MAX_NUMBERS = 100;

const given = new Map<FileRole, { readonly name: string; readonly text: string }>();

const element = <Kind extends HTMLElement = HTMLElement>(id: string): Kind => document.getElementById(id) as Kind;

/** An element with text of files, which is never taken for HTML. */
function textElement(tag: string, text: string, className = ""): HTMLElement {
  const node = document.createElement(tag);
  node.textContent = text;
  node.className = className;
  return node;
}

async function take(files: Iterable<File>): Promise<void> {
  for (const file of files) {
    const text = await file.text();
    given.set(roleOf(file.name, text), { name: file.name, text });
  }
  element("given").replaceChildren(...[...given].map(([role, { name }]) => textElement("li", `${role}: ${name}`)));
  if (given.size > 0) show();
}

function show(): void {
  const texts = Object.fromEntries([...given].map(([role, { text }]) => [role, text])) as ClaimFiles;
  const start = performance.now();
  const report = checkClaim(texts);
  const milliseconds = performance.now() - start;
  element("verdict").textContent = report.proven ? "✔ Proven" : "✘ Not proven";
  element("verdict").className = report.proven ? "passed" : "failed";
  element("warning").hidden = !report.isDealerKey;
  element("warning").textContent = report.isDealerKey ? `⚠ ${DEALER_WARNING}` : "";
  element("facts").replaceChildren(
    ...factsOf(report).flatMap(([name, value]) => [textElement("dt", name), textElement("dd", value)]),
  );
  element("checks").replaceChildren(...report.checks.map(rowOf));
  element("time").textContent = `Checked in ${milliseconds.toFixed(0)} ms.`;
  element("report").dataset.milliseconds = String(milliseconds);
  element("report").hidden = false;
}

function rowOf({ id, title, state, detail }: Check): HTMLElement {
  const row = document.createElement("tr");
  row.id = `check-${id}`;
  row.append(textElement("td", RESULT[state], state), textElement("td", title), textElement("td", detail));
  return row;
}

function factsOf(report: ClaimReport): [name: string, value: string][] {
  const { model, keyId, inputCommitment, subject, outputs, inputs, proven } = report;
  const facts: [string, string | undefined][] = [
    ["Model", model && `${model.name}, ONNX file with SHA-256 ${model.onnxSha256}`],
    ["Model hash", model?.modelHash],
    ["Key", keyId],
    ["Input commitment", inputCommitment?.toString()],
    ["Subject", subject],
    ...(outputs ?? []).map(({ name, values }): [string, string] => [
      `Output ${name}${proven ? "" : " (claimed, not proven)"}`,
      listed(values.map((value) => String(Number(value.toPrecision(6))))),
    ]),
    ...(inputs ?? []).map((tensor, index): [string, string] => [
      `Input ${model!.inputs[index].name}, as integers`,
      listed(tensor.map(String)),
    ]),
  ];
  return facts.filter((fact): fact is [string, string] => fact[1] !== undefined);
}

const listed = (numbers: readonly string[]): string =>
  numbers.slice(0, MAX_NUMBERS).join(", ") + (numbers.length > MAX_NUMBERS ? `, … (${numbers.length} in all)` : "");

const input = element<HTMLInputElement>("files");
input.addEventListener("change", () => void take(input.files ?? []));
const drop = element("drop");
addEventListener("dragover", (event) => {
  event.preventDefault();
  drop.classList.add("over");
});
addEventListener("dragleave", () => drop.classList.remove("over"));
addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  void take(event.dataTransfer?.files ?? []);
});
