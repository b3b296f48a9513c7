import type { FileRole } from "../checkClaim.ts";

/** Fields by which a file's content tells what it is. */
const MARKS: readonly (readonly [role: FileRole, field: string])[] = [
  ["vkey", "vk_alpha_1"],
  ["graph", "kernels"],
  ["lock", "setup"],
  ["opening", "salt"],
  ["claim", "proof"],
];

/** Names that the commands give their files. */
const NAMES: Readonly<Record<string, FileRole>> = {
  "vkey.json": "vkey",
  "graph.json": "graph",
  "lock.json": "lock",
  "claim.json": "claim",
};

/** What a file is for: by its content, else by its name; else it is taken for the claim, whose name is the user's. */
export function roleOf(name: string, text: string): FileRole {
  const json = parse(text);
  const byContent = MARKS.find(([, field]) => typeof json === "object" && json !== null && Object.hasOwn(json, field));
  if (byContent !== undefined) return byContent[0];
  if (name.endsWith(".opening")) return "opening";
  return Object.hasOwn(NAMES, name) ? NAMES[name] : "claim";
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The check of the file says what is wrong with it.
    return undefined;
  }
}
