import type { Lock } from "../model/lock.ts";
import { type AuditRow, compare } from "./auditReport.ts";
import { flattenJson } from "./flattenJson.ts";
import { type Links, linksOf } from "./links.ts";

/** What stands for an entry that is not there. */
const NOTHING = "nothing";

/** Compares every entry of a lock.json with what it should say; an entry that only one of both has is a difference. */
export function compareLock(wanted: Lock, claimed: Lock, template: string): AuditRow[] {
  const [ours, theirs] = [flattenJson(wanted), flattenJson(claimed)];
  const links = linksOf(template);
  return [...new Set([...ours.keys(), ...theirs.keys()])].map((entry) =>
    compare(links[linkOf(entry, template)], "lock", `lock.json: ${entry}`, {
      recomputed: ours.get(entry) ?? NOTHING,
      claimed: theirs.get(entry) ?? NOTHING,
    }),
  );
}

/** The step that an entry of lock.json is about. */
function linkOf(entry: string, template: string): keyof Links {
  const links: Readonly<Record<string, keyof Links>> = {
    "sha256.model.onnx": "onnx",
    modelHash: "graph",
    [`sha256.${template}.circom`]: "circuit",
    "sha256.circuit.r1cs": "r1cs",
    circuitHash: "r1cs",
    circom2: "r1cs",
    "sha256.circuit.wasm": "wasm",
    "sha256.circuit.zkey": "zkey",
    setup: "zkey",
    "sha256.ceremony.json": "zkey",
    "sha256.vkey.json": "vkey",
    keyId: "keyId",
    wordCount: "keyId",
    [`sha256.${template}Verifier.sol`]: "verifier",
  };
  const isOfSetup = /^(ptau|contributions|beacon)\b/.test(entry);
  return links[entry] ?? (isOfSetup ? "zkey" : "lock");
}
