import { keccak256 } from "ethers";
import { type R1cs, readR1cs } from "../../circom/readR1cs.ts";
import { type Hex, keyIdOf } from "../../codec/statement.ts";
import { inFile } from "../../errors.ts";
import { exportVerifyingKey } from "../../groth16/exportVerifyingKey.ts";
import { type Vkey, toContractKey } from "../../groth16/verifyingKey.ts";
import { checkCircuit, checkRelations } from "./checkRelations.ts";
import { checkTranscript } from "./checkTranscript.ts";
import { type Phase2Key, readPhase2Key } from "./phase2Key.ts";
import { checkPolicy } from "./policy.ts";
import { type Ptau, identifyPtau, openPtau, requirePinned } from "./ptau.ts";
import { snarkjsVerdict } from "./snarkjsVerdict.ts";
import type { CeremonyTerms } from "./terms.ts";

/** One thing that was looked at. */
export interface KeyCheck {
  /** Short and unique within a report. */
  readonly name: string;
  readonly ok: boolean;
  /** What was found, and what would be right where it is not. */
  readonly detail: string;
}

export interface KeyContribution {
  readonly type: "contribution" | "beacon";
  /** As its maker gave it, empty if not at all; nothing vouches for it. */
  readonly name: string;
  /** blake2b-512 of the contribution's public key in hex, which its maker was shown. */
  readonly hash: string;
}

/** What a finished phase-2 key is. */
export interface KeyReport {
  /** Ceremony where terms were given. */
  readonly kind: "self" | "ceremony";
  readonly keyId: Hex;
  readonly vkey: Vkey;
  readonly ptau: {
    readonly sha256: string;
    readonly power: number;
    /** Name of the published file that this is, null for a file that nobody vouches for. */
    readonly pinned: string | null;
  };
  readonly contributions: readonly KeyContribution[];
  /** The beacon's value in hex and the exponent of its iterations, null for a key without one. */
  readonly beacon: { readonly hash: string; readonly iterationsExp: number } | null;
  readonly checks: readonly KeyCheck[];
  /** Whether every check is. An unpinned powers-of-tau file is no failed check: look at `ptau.pinned`. */
  readonly ok: boolean;
}

export interface KeyCheckOptions {
  readonly r1csPath: string;
  readonly zkeyPath: string;
  readonly ptauPath: string;
  /** Output words of the model, which the key id covers. */
  readonly wordCount: number;
  /** What the ceremony announced; without them the key is one party's own. */
  readonly terms?: CeremonyTerms;
  /** Whether to refuse powers of tau that nobody vouches for; else `ptau.pinned` of the report is null. */
  readonly requirePinned?: boolean;
}

/**
 * Checks a finished key on two code paths, snarkjs's and ours, and against the policy of its kind. Throws InputError,
 * one line naming the file, where a file is damaged, of another curve or too small for the circuit; a whole key that
 * must not be used is a report that is not ok. The curve's workers run on, as with a prover.
 */
export async function checkKey(options: KeyCheckOptions): Promise<KeyReport> {
  const { terms, wordCount } = options;
  const r1cs = await readR1cs(options.r1csPath);
  const key = await readPhase2Key(options.zkeyPath);
  const ptau = await openPtau(options.ptauPath, r1cs.domainPower);
  try {
    const identity = await identifyPtau(options.ptauPath);
    requirePinned(options.ptauPath, identity, options.requirePinned !== true);
    const vkey = exportVerifyingKey(key.sections);
    const keyId = keyIdOf(
      inFile(options.zkeyPath, () => toContractKey(vkey)),
      wordCount,
    );
    const files = { ptauSha256: identity.sha256, circuitHash: keccak256(r1cs.bytes) };
    const checks = [...(await checkBothWays(key, r1cs, ptau, options)), ...checkPolicy(key, files, terms)];
    return {
      kind: terms === undefined ? "self" : "ceremony",
      keyId,
      vkey,
      ptau: { sha256: identity.sha256, power: ptau.power, pinned: identity.pinned },
      contributions: key.contributions.map(({ name, beacon, hash }) => ({
        type: beacon === undefined ? "contribution" : "beacon",
        name,
        hash,
      })),
      beacon: beaconOf(key),
      checks,
      ok: checks.every(({ ok }) => ok),
    };
  } finally {
    await ptau.file.close();
  }
}

/** Our checks, snarkjs's verdict, and whether they agree. */
async function checkBothWays(key: Phase2Key, r1cs: R1cs, ptau: Ptau, options: KeyCheckOptions): Promise<KeyCheck[]> {
  const { ok, detail, initialC } = await snarkjsVerdict(options, ptau, 2 ** r1cs.domainPower);
  const { sameSizes, ...circuit } = checkCircuit(key, r1cs);
  const relations = sameSizes ? await checkRelations(key, r1cs, ptau, initialC) : [];
  const ours = [circuit, ...(await checkTranscript(key)), ...relations];
  const oursOk = ours.every((check) => check.ok);
  const verdict = (accepts: boolean) => (accepts ? "accepts" : "refuses");
  return [
    ...ours,
    { name: "snarkjs", ok, detail },
    {
      name: "agreement",
      ok: ok === oursOk,
      detail: `snarkjs ${verdict(ok)} what this check ${verdict(oursOk)}`,
    },
  ];
}

function beaconOf({ contributions }: Phase2Key): KeyReport["beacon"] {
  const beacon = contributions.at(-1)?.beacon;
  if (beacon === undefined) return null;
  return { hash: Buffer.from(beacon.value).toString("hex"), iterationsExp: beacon.iterationsExp };
}
