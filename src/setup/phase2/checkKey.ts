import type { Hex } from "../../codec/statement.ts";
import type { Vkey } from "../../groth16/verifyingKey.ts";
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
}

/**
 * Checks a finished key on two code paths, snarkjs's and ours, and against the policy of its kind. Throws InputError,
 * one line naming the file, where a file is damaged, of another curve or too small for the circuit; a whole key that
 * must not be used is a report that is not ok.
 */
export async function checkKey(options: KeyCheckOptions): Promise<KeyReport> {
  throw new Error(`not written yet: ${options.zkeyPath}`);
}
