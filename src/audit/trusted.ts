import { readFileSync } from "node:fs";
import type { Lock } from "../model/lock.ts";
import { projectPath } from "../paths.ts";
import type { AuditReport } from "./auditReport.ts";

/** Packages whose answers an audit takes as they are. */
const PACKAGES = ["circom2", "snarkjs", "ffjavascript", "@noble/curves", "ethers", "protobufjs", "hardhat"];

/** Versions of what an audit runs: packages as they are pinned, solc as it names itself, Node. */
export async function toolVersions(): Promise<Record<string, string>> {
  // Loaded late: it is the whole compiler.
  const { default: solc } = await import("solc");
  const { dependencies } = JSON.parse(readFileSync(projectPath("package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  const pinned = PACKAGES.map((name): [string, string] => [name, dependencies[name]]);
  return { ...Object.fromEntries(pinned), solc: String(solc.version()), node: process.version };
}

type Trusted = AuditReport["trusted"];

/** What remains on trust after an audit of keys of these setups, with a network's name where a chain was asked. */
export function trustedBy(locks: readonly Lock[], network: string | undefined): Trusted {
  const kinds = new Set(locks.map(({ setup }) => setup));
  return [
    ...TOOLS,
    ...(kinds.has("dealer") ? [DEALER] : []),
    ...locks.flatMap((lock) => (lock.setup === "dealer" ? [] : phase2Trust(lock))),
    network === undefined ? IN_PROCESS : { what: `the node behind ${network}`, why: RPC_REASON },
  ];
}

const TOOLS: Trusted = [
  {
    what: "this checkout's src/ and circuits/lib",
    why: "they are what rebuilds and compares; read them at the commit you audit, the tests attack them",
  },
  { what: "circom", why: "its r1cs is taken for the meaning of the circuit's text" },
  { what: "solc", why: "its code is taken for the meaning of the contracts' text" },
  {
    what: "ffjavascript, @noble/curves, snarkjs",
    why: "they compute on the curve: one makes keys and proofs, the other one verifies them",
  },
];

const DEALER: Trusted[number] = {
  what: "nobody with a dealer's key",
  why: "its secrets are public, whoever wants to forges proofs under it: for chain 31337 only",
};

const IN_PROCESS: Trusted[number] = {
  what: "the EVM of Hardhat",
  why: "the contracts verified the proof in this process; with --network a chain is compared as well",
};

const RPC_REASON = "it answers what the chain holds; ask a node of your own";

function phase2Trust(lock: Exclude<Lock, { setup: "dealer" }>): Trusted {
  const makers = lock.contributions.filter(({ type }) => type === "contribution").length;
  const { pinned, sha256 } = lock.ptau;
  const announced = lock.setup === "ceremony" ? [announcement(lock.model)] : [];
  return [
    ...announced,
    {
      what: `one of the ${makers} who contributed to the key of ${lock.model}`,
      why: "the key is sound if one of them forgot its secret; the names in it vouch for nothing",
    },
    {
      what: `the powers of tau ${pinned ?? sha256}`,
      why: pinned === null ? "UNTRUSTED: no published file, and whoever made it may know τ" : "a published ceremony",
    },
  ];
}

/** A folder's maker writes its ceremony.json: the key is compared with it, and with nothing else. */
const announcement = (model: string): Trusted[number] => ({
  what: `the ceremony.json of ${model}`,
  why: "it lies beside the key: look whether it was announced beforehand and its beacon's value is its source's",
});
