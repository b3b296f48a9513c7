import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { onFile } from "../errors.ts";
import { projectPath } from "../paths.ts";
import { type AuditRow, compare } from "./auditReport.ts";
import { flattenJson } from "./flattenJson.ts";
import type { Links } from "./links.ts";
import { linksOf } from "./links.ts";

/** Texts of generated files by name. */
export type Texts = ReadonlyMap<string, string>;

/**
 * The generated files of a model as they lie in its key folder or the folder above, where a shipped model has them.
 * Throws InputError where one is missing, but for the Solidity verifier: not every key has one.
 */
export async function readTexts(keyFolder: string, template: string): Promise<Texts> {
  const beside = (name: string) => join(existsSync(join(keyFolder, name)) ? keyFolder : dirname(keyFolder), name);
  const names = ["graph.json", `${template}.circom`, "vkey.json"];
  const texts = new Map<string, string>();
  for (const name of names) texts.set(name, await onFile(beside(name), "read", () => readFile(beside(name), "utf8")));
  const verifier = [keyFolder, projectPath("contracts/generated")].map((folder) =>
    join(folder, `${template}Verifier.sol`),
  );
  const path = verifier.find((candidate) => existsSync(candidate));
  if (path !== undefined) texts.set(basename(path), await onFile(path, "read", () => readFile(path, "utf8")));
  return texts;
}

/** Compares generated files, byte for byte, with what they should hold; names the first entry or line that differs. */
export function compareFiles(wanted: Texts, claimed: Texts, template: string): AuditRow[] {
  const links = linksOf(template);
  return [...claimed].map(([name, text]) => {
    const ours = wanted.get(name)!;
    const where = ours === text ? "" : `, ${firstDifference(name, ours, text)}`;
    const values = { recomputed: sha256(ours), claimed: sha256(text) };
    return compare(links[linkOf(name)], "file", `${name}${where}`, values);
  });
}

function linkOf(name: string): keyof Links {
  if (name === "graph.json") return "graph";
  if (name === "vkey.json") return "vkey";
  return name.endsWith(".circom") ? "circuit" : "verifier";
}

function firstDifference(name: string, ours: string, theirs: string): string {
  return (name.endsWith(".json") && firstEntry(ours, theirs)) || `line ${firstLine(ours, theirs)}`;
}

/** The first entry that differs, undefined where the text is not JSON or says the same in another form. */
function firstEntry(ours: string, theirs: string): string | undefined {
  try {
    const [wanted, got] = [ours, theirs].map((text) => flattenJson(JSON.parse(text)));
    const entry = [...wanted.keys(), ...got.keys()].find((key) => wanted.get(key) !== got.get(key));
    return entry && `entry ${entry}`;
  } catch {
    return undefined;
  }
}

function firstLine(ours: string, theirs: string): number {
  const lines = ours.split("\n");
  return 1 + theirs.split("\n").findIndex((line, index) => line !== lines[index]) || lines.length;
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
